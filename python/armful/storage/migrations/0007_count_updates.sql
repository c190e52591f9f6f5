-- Performance updates that are counts and nothing else: fewer and lighter statements, and experiments counted along.

-- Whether any experiment is active is asked in every commit.
CREATE INDEX experiment_active ON experiment (id) WHERE status = 'active';

-- What record_performance does, for updates that name a variant only: counters, log, hours, experiments and change. None of
-- them can be refused, so there are no outcomes. One row a variant: its totals.
--
-- The first three arrays have an element per update, as the log wants them; the second three an element per variant in the
-- order of their numbers, which is what the updates of it add up to.
--
-- Variants are locked in that order, as everywhere, by the UPDATE itself: BETWEEN can be neither hashed nor merged, so that
-- what is added is looked up row by row, and on a recorder's connection (`prepare` in sql/performance.sql) by index only.
-- What else belongs to a variant is guarded by its row's lock: of the statements in a WITH that nobody reads from, the
-- server runs the main one first.
--
-- (record_counts remains for processes of the version before, while they are being replaced.)
CREATE FUNCTION count_updates(
    p_batch uuid, p_source uuid, p_deadline timestamptz,
    p_variant bigint[], p_impressions bigint[], p_successes bigint[],
    p_added_variant bigint[], p_added_impressions bigint[], p_added_successes bigint[],
    OUT id bigint, OUT impressions bigint, OUT successes bigint, OUT version bigint
) RETURNS SETOF record LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH logged AS (
        INSERT INTO performance_event (variant, impressions, successes)
        SELECT unnest(p_variant), unnest(p_impressions), unnest(p_successes)
    ), rolled_up AS (
        INSERT INTO variant_hour AS h (variant, hour, impressions, successes)
        SELECT unnest(p_added_variant), date_trunc('hour', now(), 'UTC'), unnest(p_added_impressions), unnest(p_added_successes)
        ON CONFLICT (variant, hour, persona_id) DO UPDATE SET
            impressions = h.impressions + excluded.impressions, successes = h.successes + excluded.successes
    ), announced AS (
        -- Its unique key refuses a second run of a batch whose first run has committed.
        INSERT INTO change (batch, source, kind, variants) VALUES (p_batch, p_source, 'variants', p_added_variant)
    )
    UPDATE variant_performance v
    SET impressions = v.impressions + added.impressions, successes = v.successes + added.successes, version = v.version + 1
    FROM unnest(p_added_variant, p_added_impressions, p_added_successes) AS added (variant, impressions, successes)
    WHERE v.id BETWEEN added.variant AND added.variant
    RETURNING v.id, v.impressions, v.successes, v.version;

    -- Every active experiment with one of the variants; read when the variants are locked, as record_performance does.
    IF EXISTS (SELECT FROM experiment WHERE status = 'active') THEN
        INSERT INTO experiment_day AS d (experiment, regime, variant, day, impressions, successes, anonymous)
        SELECT e.id, e.regime, a.variant, (now() AT TIME ZONE 'UTC')::date, added.impressions, added.successes, added.impressions
        FROM unnest(p_added_variant, p_added_impressions, p_added_successes) AS added (variant, impressions, successes)
        JOIN experiment_arm a ON a.variant = added.variant
        JOIN experiment e ON e.id = a.experiment
        WHERE e.status = 'active' AND now() < e.expected_end_time
        ON CONFLICT (experiment, regime, variant, day, persona_id) DO UPDATE SET
            impressions = d.impressions + excluded.impressions, successes = d.successes + excluded.successes,
            anonymous = d.anonymous + excluded.anonymous;
    END IF;

    IF clock_timestamp() > p_deadline THEN
        RAISE EXCEPTION 'the caller no longer waits for this commit' USING ERRCODE = 'query_canceled';
    END IF;
END $$;
