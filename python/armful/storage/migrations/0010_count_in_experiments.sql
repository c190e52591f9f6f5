-- Counts alone are written by one statement of the program's (`count_updates` in sql/performance.sql), which the server keeps
-- planned, and not by a function around it: what the function adds is only what such a statement cannot say.

DROP FUNCTION count_updates(uuid, uuid, timestamptz, bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]);

-- Count updates without particulars, added up by variant, in every active experiment of their variants, and see that the
-- caller still waits. True. Called when the variants are locked: what it reads of the experiments is as of then.
CREATE FUNCTION count_in_experiments(
    p_deadline timestamptz, p_added_variant bigint[], p_added_impressions bigint[], p_added_successes bigint[]
) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
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
    RETURN true;
END $$;
