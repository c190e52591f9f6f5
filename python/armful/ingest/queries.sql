-- name: clock
SELECT clock_timestamp();

-- name: record_outcomes
-- Count any outcomes. What the arrays are: armful/db/functions/record_outcomes_v2.sql. $18 are the variants' keys, $19 their ids.
SELECT statuses, experiments, ids, impressions, successes, versions
FROM armful.record_outcomes_v2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
WHERE armful.check_variant_ids($18, $19);

-- name: count_outcomes
-- Count outcomes that say nothing beyond what happened how often: by the functions that record_outcomes calls, without the
-- steps that have nothing to do for them. None of them can be refused, so there are no statuses. A row for each variant: its
-- totals, and the experiments that have it.
--
-- $1 the batch, $2 this process, $3 the deadline. $4 to $6 have an element per outcome, as the log wants them; $7 to $9 an
-- element per variant in the order of their keys, which is what its outcomes add up to, and $10 their ids.
--
-- The order matters: of the statements in a WITH that nobody reads from, the server runs the main one first. So the variants
-- are locked before anything else is read or written.
WITH logged AS (
    INSERT INTO armful.performance_event (variant, impressions, successes)
    SELECT unnest($4::bigint[]), unnest($5::bigint[]), unnest($6::bigint[])
), announced AS (
    -- Its unique key refuses a second run of a batch whose first run has committed.
    INSERT INTO armful.change (batch, process_id, kind, variants)
    SELECT $1::uuid, $2::uuid, 'variants', $7
    WHERE armful.check_variant_ids($7, $10) AND armful.count_in_experiments($7, $8, $9)
      AND armful.count_delays($7, $8, $9, NULL, NULL)
      AND (clock_timestamp() <= $3::timestamptz OR armful.refuse_late_commit())
)
SELECT id, impressions, successes, version,
       CASE WHEN EXISTS (SELECT FROM armful.experiment_arm WHERE variant = ANY ($7::bigint[]))
            THEN armful.experiments_with(id) END AS experiments
FROM armful.apply_to_variants($7::bigint[], $8::bigint[], $9::bigint[], $7, NULL, NULL, $8, $9);

-- name: unlocked
SELECT id FROM armful.variant_performance WHERE id = ANY ($1::bigint[]) FOR NO KEY UPDATE SKIP LOCKED;

-- name: totals
SELECT id, impressions, successes, version FROM armful.variant_performance WHERE id = ANY ($1::bigint[]);

-- name: begin
BEGIN;

-- name: begin_large
-- Planning anew for the arrays at hand, and freely.
BEGIN; SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on;

-- name: commit_by
-- In one message, so that a commit which reaches the server too late is none.
DO $$ BEGIN
    IF clock_timestamp() > :deadline::timestamptz THEN
        PERFORM armful.refuse_late_commit();
    END IF;
END $$; COMMIT;

-- name: rollback
ROLLBACK;

-- name: written
-- Whether a batch was committed, and what became of its outcomes (null: all counted).
SELECT variants, statuses FROM armful.change WHERE batch = $1;

-- name: mark
-- A batch without outcomes leaves its row too, so that a writer that lost its connection can ask for it.
INSERT INTO armful.change (batch, process_id, kind) VALUES ($1, $2, 'variants');
