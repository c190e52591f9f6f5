-- name: announce
-- Tell the other processes of a commit; in the same transaction as what it announces.
INSERT INTO armful.change (batch, process_id, kind, variants) VALUES (gen_random_uuid(), $1, $2, $3::bigint[]);

-- name: since
-- What has been committed that the snapshot $1 did not show, and this snapshot, to ask with next. What a snapshot does not
-- show are transactions that began after it, and those that were under way in it: however long one of these takes, in
-- whatever database of the server, what others have committed meanwhile is read once. And what `position` gives.
SELECT pg_current_snapshot()::text AS next, pg_postmaster_start_time() AS running_since, clock_timestamp() AS now,
    (SELECT oid FROM pg_database WHERE datname = current_database())::bigint AS database,
    to_regclass('armful.change')::oid::bigint AS tables, c.kind, c.variants
FROM (SELECT $1::text::pg_snapshot AS seen) AS once
LEFT JOIN armful.change c ON c.process_id <> $2
    AND (c.xid >= pg_snapshot_xmax(seen) OR c.xid = ANY (ARRAY(SELECT pg_snapshot_xip(seen))));

-- name: position
-- This snapshot, since when the server has been running, its time, and which database and tables it reads.
SELECT pg_current_snapshot()::text AS next, pg_postmaster_start_time() AS running_since, clock_timestamp() AS now,
    (SELECT oid FROM pg_database WHERE datname = current_database())::bigint AS database,
    to_regclass('armful.change')::oid::bigint AS tables;

-- name: forget
-- What the snapshot $1 showed already.
DELETE FROM armful.change
WHERE xid < pg_snapshot_xmax($1::text::pg_snapshot) AND pg_visible_in_snapshot(xid, $1::text::pg_snapshot);

-- name: forget_foreign
-- What came with a dump of another server, and bears transactions that have not been here.
DELETE FROM armful.change WHERE xid >= pg_snapshot_xmax(pg_current_snapshot());

-- name: variants_by_key
-- In order, so that processes that hear of variants together give them the same slots: a seed then gives the same draws.
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at
FROM armful.variant_performance WHERE id = ANY ($1::bigint[]) ORDER BY id;

-- name: every_variant
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at
FROM armful.variant_performance ORDER BY id;

-- name: variant_checksums
-- For the periodic comparison: what a range of $1 keys adds up to, here and in a process's memory.
-- With equal versions counters or birthdays differ where the database was put back and went on from there.
SELECT id / $1::bigint AS number, count(*), sum(version), sum(id % $1 * version), sum(impressions) + sum(successes),
    sum(extract(microseconds FROM created_at))
FROM armful.variant_performance GROUP BY 1;

-- name: variant_states
-- What tells the states of the variants from the key $1 up to $2.
SELECT id, version, impressions, successes, created_at FROM armful.variant_performance WHERE id >= $1 AND id < $2;

-- name: touch_variants
-- When variants were last selected, and how often. Locked in order of id, like every other writer of several rows. Ids are
-- compared too: a database that was put in this one's place may have other variants under the same keys.
WITH used AS (
    SELECT p.id, u.at, u.times
    FROM armful.variant_performance p
    JOIN unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::bigint[]) AS u (id, variant_id, at, times)
        ON u.id = p.id AND u.variant_id = p.variant_id
    ORDER BY p.id FOR NO KEY UPDATE OF p
), counted AS (
    INSERT INTO armful.selection_day AS d (variant, day, selections)
    SELECT id, (at AT TIME ZONE 'UTC')::date, times FROM used ORDER BY id
    ON CONFLICT (day, variant) DO UPDATE SET selections = d.selections + excluded.selections
)
UPDATE armful.variant_performance v SET last_used = greatest(v.last_used, used.at) FROM used WHERE v.id = used.id;

-- name: every_key
SELECT key_id, name, digest, scopes, rate_limit, created_at, revoked_at, expires_at, last_used, replaces
FROM armful.api_key ORDER BY created_at;

-- name: touch_keys
-- When keys were last used. Locked in order of id, like every writer of several rows.
WITH used AS (
    SELECT k.key_id, u.at FROM armful.api_key k JOIN unnest($1::text[], $2::timestamptz[]) AS u (key_id, at) USING (key_id)
    ORDER BY k.key_id FOR NO KEY UPDATE OF k
)
UPDATE armful.api_key k SET last_used = greatest(k.last_used, used.at) FROM used WHERE k.key_id = used.key_id;

-- name: forget_selections
-- Drop the counts of selections that are more than $1 days old.
DELETE FROM armful.selection_day WHERE day < (now() AT TIME ZONE 'UTC')::date - $1::integer;
