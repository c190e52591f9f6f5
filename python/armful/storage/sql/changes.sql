-- name: announce
-- Tell the other processes of a commit; in the same transaction as what it announces.
INSERT INTO change (batch, source, kind, variants) VALUES (gen_random_uuid(), $1, $2, $3::bigint[]);

-- name: since
-- What transactions at or after $1 have announced, and from where to ask next: every transaction before this
-- snapshot's xmin has ended, so whatever it committed is in this answer. And since when the server has been running.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS next, pg_postmaster_start_time() AS running_since, c.kind, c.variants
FROM (SELECT) AS once
LEFT JOIN change c ON c.xid >= $1::text::xid8 AND c.source <> $2;

-- name: begin
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS next, pg_postmaster_start_time() AS running_since;

-- name: forget
DELETE FROM change WHERE xid < $1::text::xid8;

-- name: forget_foreign
-- What came with a dump of another server, and bears transactions that have not been here.
DELETE FROM change WHERE xid >= pg_snapshot_xmax(pg_current_snapshot());

-- name: written
-- Whether a batch was committed, and what became of its items (null: all counted).
SELECT variants, outcomes FROM change WHERE batch = $1;
