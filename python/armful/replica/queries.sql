-- name: announce
-- Announce a change to the other processes, in the transaction that makes the change.
INSERT INTO armful.change (batch, process_id, kind, variants) VALUES (gen_random_uuid(), $1, $2, $3::bigint[]);

-- name: since
-- The changes that were committed since the snapshot $1, and the columns of `position`, whose snapshot is for the next read.
-- A snapshot does not show transactions that began after it, nor those that were in progress. Reading exactly these returns
-- each change once, even if transactions commit out of order, or one stays open for long in any database of the server.
SELECT pg_current_snapshot()::text AS next, pg_postmaster_start_time() AS running_since, clock_timestamp() AS now,
    (SELECT oid FROM pg_database WHERE datname = current_database())::bigint AS database,
    to_regclass('armful.change')::oid::bigint AS tables, c.kind, c.variants
FROM (SELECT $1::text::pg_snapshot AS seen) AS once
LEFT JOIN armful.change c ON c.process_id <> $2
    AND (c.xid >= pg_snapshot_xmax(seen) OR c.xid = ANY (ARRAY(SELECT pg_snapshot_xip(seen))));

-- name: position
-- The current snapshot, the server's start and time, and the identity of the database and of its tables.
SELECT pg_current_snapshot()::text AS next, pg_postmaster_start_time() AS running_since, clock_timestamp() AS now,
    (SELECT oid FROM pg_database WHERE datname = current_database())::bigint AS database,
    to_regclass('armful.change')::oid::bigint AS tables;

-- name: forget
-- Delete the changes that the snapshot $1 included.
DELETE FROM armful.change
WHERE xid < pg_snapshot_xmax($1::text::pg_snapshot) AND pg_visible_in_snapshot(xid, $1::text::pg_snapshot);

-- name: forget_foreign
-- Delete changes that a dump brought from another server: their transaction ids are higher than any of this server.
DELETE FROM armful.change WHERE xid >= pg_snapshot_xmax(pg_current_snapshot());

-- name: variants_by_key
-- Ordered, so that processes that read the same variants give them the same slots: then a seed gives the same draws in each.
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at, pool, cost, features, embedding
FROM armful.variant_performance WHERE id = ANY ($1::bigint[]) ORDER BY id;

-- name: variants_of_pool
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at, pool, cost, features, embedding
FROM armful.variant_performance WHERE pool = $1 ORDER BY id;

-- name: every_variant
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at, pool, cost, features, embedding
FROM armful.variant_performance ORDER BY id;

-- name: variant_checksums
-- Checksums of ranges of $1 keys, to compare the database with a process's memory. Versions alone are not enough: if the
-- database was restored and then changed, versions can be equal while counters or creation times differ.
SELECT id / $1::bigint AS number, count(*), sum(version), sum(id % $1 * version), sum(impressions) + sum(successes),
    sum(extract(microseconds FROM created_at))
FROM armful.variant_performance GROUP BY 1;

-- name: variant_states
-- The states of the variants with keys from $1 to below $2.
SELECT id, version, impressions, successes, created_at FROM armful.variant_performance WHERE id >= $1 AND id < $2;

-- name: touch_variants
-- Write when variants were last selected, and how often. Rows are locked in order of id, as by every statement that writes
-- several rows, so that there is no deadlock. Ids are compared too: a restored database may have other variants with these keys.
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
-- Write when keys were last used. Rows are locked in order of id, as by every statement that writes several rows.
WITH used AS (
    SELECT k.key_id, u.at FROM armful.api_key k JOIN unnest($1::text[], $2::timestamptz[]) AS u (key_id, at) USING (key_id)
    ORDER BY k.key_id FOR NO KEY UPDATE OF k
)
UPDATE armful.api_key k SET last_used = greatest(k.last_used, used.at) FROM used WHERE k.key_id = used.key_id;

-- name: forget_selections
-- Delete selection counts that are more than $1 days old.
DELETE FROM armful.selection_day WHERE day < (now() AT TIME ZONE 'UTC')::date - $1::integer;

-- name: holdout
SELECT share, salt, baseline, started_at FROM armful.holdout;

-- name: every_pool
SELECT name, settings, salt, created_at, changed_at, personas_since, personas_strength, personas_gain
FROM armful.pool ORDER BY name;

-- name: persona_counts
-- The rows of variant_persona of the variants $1 that are newer than the versions $2.
SELECT c.variant, c.persona_id, c.impressions, c.successes, c.version
FROM unnest($1::bigint[], $2::bigint[]) AS known (variant, version)
JOIN armful.variant_persona c ON c.variant = known.variant AND c.version > known.version
ORDER BY c.variant, c.persona_id;
