-- name: prepare
-- The server's time; and a commit is answered once it is on disk, also where the server's own default is not to wait.
-- Statements are planned once: a plan for one variant looks so much cheaper than one for arrays of unknown size that the
-- server would plan anew for every small commit, and take longer for that than for the commit. And they go by index, even
-- if the tables were small when they were planned: count_updates locks variants in the order in which it finds them.
SELECT clock_timestamp()
FROM set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false) AS durable,
     set_config('plan_cache_mode', 'force_generic_plan', false) AS plans,
     set_config('enable_seqscan', 'off', false) AS no_whole_tables,
     set_config('enable_bitmapscan', 'off', false) AS no_order_but_the_index;

-- name: record
SELECT outcomes, ids, impressions, successes, versions
FROM record_performance($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: count_updates
-- What record_performance does, for updates that name a variant only: counters, log, hours, experiments and change. None of
-- them can be refused, so there are no outcomes. A row for each variant: its totals.
--
-- $1 the batch, $2 its source, $3 the deadline. $4 to $6 have an element per update, as the log wants them; $7 to $9 an
-- element per variant in the order of their numbers, which is what the updates of it add up to.
--
-- Variants are locked in that order, as everywhere, by the UPDATE itself: BETWEEN can be neither hashed nor merged, so that
-- what is added is looked up row by row, and with the settings above by index only. What else belongs to a variant is guarded
-- by its row's lock: of the statements in a WITH that nobody reads from, the server runs the main one first.
WITH logged AS (
    INSERT INTO performance_event (variant, impressions, successes)
    SELECT unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::bigint[])
), rolled_up AS (
    INSERT INTO variant_hour AS h (variant, hour, impressions, successes)
    SELECT unnest($7::bigint[]), date_trunc('hour', now(), 'UTC'), unnest($8::bigint[]), unnest($9::bigint[])
    ON CONFLICT (variant, hour, persona_id) DO UPDATE SET
        impressions = h.impressions + excluded.impressions, successes = h.successes + excluded.successes
), announced AS (
    -- Its unique key refuses a second run of a batch whose first run has committed.
    INSERT INTO change (batch, source, kind, variants)
    SELECT $1::uuid, $2::uuid, 'variants', $7 WHERE count_in_experiments($3, $7, $8, $9)
)
UPDATE variant_performance v
SET impressions = v.impressions + added.impressions, successes = v.successes + added.successes, version = v.version + 1
FROM unnest($7, $8, $9) AS added (variant, impressions, successes)
WHERE v.id BETWEEN added.variant AND added.variant
RETURNING v.id, v.impressions, v.successes, v.version;

-- name: totals
SELECT id, impressions, successes, version FROM variant_performance WHERE id = ANY ($1::bigint[]);

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

-- name: written
-- Whether a batch was committed, and what became of its items (null: all counted).
SELECT variants, outcomes FROM change WHERE batch = $1;

-- name: mark
-- A batch without outcomes leaves its row too, so that a writer that lost its connection can ask for it.
INSERT INTO change (batch, source, kind) VALUES ($1, $2, 'variants');
