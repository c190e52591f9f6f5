-- name: announce
-- Tell the other processes of a commit; in the same transaction as what it announces.
INSERT INTO change (batch, source, kind, variants) VALUES (gen_random_uuid(), $1, $2, $3::bigint[]);

-- name: since
-- What has been committed that the snapshot $1 did not show, and this snapshot, to ask with next. What a snapshot does not
-- show are transactions that began after it, and those that were under way in it: however long one of these takes, in
-- whatever database of the server, what others have committed meanwhile is read once. And since when the server has been running.
SELECT pg_current_snapshot()::text AS next, pg_postmaster_start_time() AS running_since, c.kind, c.variants
FROM (SELECT $1::text::pg_snapshot AS seen) AS once
LEFT JOIN change c ON c.source <> $2
    AND (c.xid >= pg_snapshot_xmax(seen) OR c.xid = ANY (ARRAY(SELECT pg_snapshot_xip(seen))));

-- name: begin
SELECT pg_current_snapshot()::text AS next, pg_postmaster_start_time() AS running_since;

-- name: forget
-- What the snapshot $1 showed already.
DELETE FROM change
WHERE xid < pg_snapshot_xmax($1::text::pg_snapshot) AND pg_visible_in_snapshot(xid, $1::text::pg_snapshot);

-- name: forget_foreign
-- What came with a dump of another server, and bears transactions that have not been here.
DELETE FROM change WHERE xid >= pg_snapshot_xmax(pg_current_snapshot());

-- name: written
-- Whether a batch was committed, and what became of its items (null: all counted).
SELECT variants, outcomes FROM change WHERE batch = $1;
