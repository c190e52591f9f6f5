-- name: alone
-- Whether this transaction may tidy up: one at a time does, whichever program it is of.
SELECT pg_try_advisory_xact_lock(hashtext('armful_retention'));

-- name: clock
SELECT clock_timestamp();

-- name: partitions
-- A table's partitions by day or week, the oldest first.
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = ('armful.' || $1)::regclass AND c.relname ~ '_\d{8}$' ORDER BY c.relname;

-- name: drop
-- The lock lasts for a look into the catalogue: files are deleted after it is released.
SET LOCAL lock_timeout = '100ms';
DROP TABLE armful.:partition;

-- name: strays
-- Events of days that had no partition; some at a time, and none that somebody has locked.
DELETE FROM armful.performance_event_other WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM armful.performance_event_other WHERE recorded_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: stray_ids
DELETE FROM armful.performance_event_key_other WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM armful.performance_event_key_other
    WHERE week < ($1 AT TIME ZONE 'UTC')::date - 7 LIMIT $2 FOR UPDATE SKIP LOCKED
));

-- name: outcomes
-- Selections whose success comes no more: older than $1, and than any attribution window of an experiment they count in.
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
-- How often variants were selected on days that nobody looks at any more.
DELETE FROM armful.selection_day WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM armful.selection_day WHERE day < ($1 AT TIME ZONE 'UTC')::date LIMIT $2 FOR UPDATE SKIP LOCKED
));
