-- name: partitions
-- The event log's partitions from today on.
SELECT armful.make_partitions($1);

-- name: brief_locks
SET LOCAL lock_timeout = '200ms';
