-- name: alone
-- Take the lock for deleting old data, if it is free. One transaction of all processes holds it at a time.
SELECT pg_try_advisory_xact_lock(hashtext('armful_retention'));

-- name: clock
SELECT clock_timestamp();

-- name: partitions
-- A table's partitions by day or week, oldest first.
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = ('armful.' || $1)::regclass AND c.relname ~ '_\d{8}$' ORDER BY c.relname;

-- name: drop
-- Drop a partition. The lock is short: PostgreSQL deletes the files after releasing it.
SET LOCAL lock_timeout = '100ms';
DROP TABLE armful.:partition;

-- name: strays
-- Delete at most $2 events of days without a partition. Locked rows are left for the next run.
DELETE FROM armful.performance_event_other WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM armful.performance_event_other WHERE recorded_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: stray_ids
DELETE FROM armful.performance_event_key_other WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM armful.performance_event_key_other
    WHERE week < ($1 AT TIME ZONE 'UTC')::date - 7 LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: outcomes
-- Delete at most $2 selections for which no more successes can arrive: they are older than $1, and older than the attribution
-- windows of all experiments in which they count.
DELETE FROM armful.selection_outcome WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM armful.selection_outcome s
    WHERE at < $1 AND NOT EXISTS (
        SELECT FROM armful.experiment e WHERE e.id = ANY (s.experiments)
        AND CASE WHEN e.attribution_days IS NULL THEN e.status = 'active' AND now() < e.expected_end_time
                 ELSE s.at + make_interval(days => e.attribution_days) > now() END
    )
    LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: selections
-- Delete at most $2 daily selection counts from before $1.
DELETE FROM armful.selection_day WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM armful.selection_day WHERE day < ($1 AT TIME ZONE 'UTC')::date LIMIT $2 FOR UPDATE SKIP LOCKED
));
