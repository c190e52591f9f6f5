-- name: prepare
-- The server's time; and a commit is answered once it is on disk, also where the server's own default is not to wait.
-- Statements are planned once: a plan for one variant looks so much cheaper than one for arrays of unknown size that the
-- server would plan anew for every small commit, and take longer for that than for the commit. And they go by index, even
-- if the tables were small when they were planned: so count_updates locks variants in the order of their numbers.
SELECT clock_timestamp()
FROM set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false) AS durable,
     set_config('plan_cache_mode', 'force_generic_plan', false) AS plans,
     set_config('enable_seqscan', 'off', false) AS no_whole_tables,
     set_config('enable_bitmapscan', 'off', false) AS no_order_but_the_index;

-- name: record
SELECT outcomes, ids, impressions, successes, versions
FROM record_performance($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: count_updates
SELECT id, impressions, successes, version FROM count_updates($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: totals
SELECT id, impressions, successes, version FROM variant_performance WHERE id = ANY ($1::bigint[]);

-- name: partitions
-- The event log's partitions from today on.
SELECT armful_event_partitions($1);

-- name: brief_locks
SET LOCAL lock_timeout = '200ms';

-- name: begin
BEGIN;

-- name: begin_large
-- Planning anew for the arrays at hand, and freely.
BEGIN; SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on;

-- name: commit_by
-- In one message, so that a commit which reaches the server too late is none.
DO $$ BEGIN
    IF clock_timestamp() > :deadline::timestamptz THEN
        RAISE EXCEPTION 'the caller no longer waits for this commit' USING ERRCODE = 'query_canceled';
    END IF;
END $$; COMMIT;

-- name: rollback
ROLLBACK;
