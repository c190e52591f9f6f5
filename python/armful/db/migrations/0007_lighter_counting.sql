-- Counting costs less: what every count paid for and none used is gone, and experiments are counted along with counts alone.

-- The server reads the text of every CHECK and of every stored generated column of a table anew in every statement that writes
-- to it, which was a twelfth of the time that a commit of 16 updates takes it.

-- The service works the rate out of the counters. For who asks the database there is a function instead, which reads like
-- a column: SELECT v.success_rate FROM variant_performance v.
ALTER TABLE variant_performance DROP COLUMN success_rate;

CREATE FUNCTION success_rate(v variant_performance) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN v.impressions = 0 THEN 0 ELSE v.successes::double precision / v.impressions END
$$;

-- Counting changes none of these columns, and a trigger is not asked where none of its columns is written.
ALTER TABLE variant_performance
    DROP CONSTRAINT variant_performance_prior_alpha_check,
    DROP CONSTRAINT variant_performance_prior_beta_check,
    DROP CONSTRAINT variant_performance_status_check;

CREATE FUNCTION armful_refuse_variant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'variant %: a prior must be positive and a status active or archived', NEW.variant_id
        USING ERRCODE = 'check_violation', TABLE = 'variant_performance';
END $$;

CREATE TRIGGER variant_fits AFTER INSERT OR UPDATE OF prior_alpha, prior_beta, status ON variant_performance FOR EACH ROW
WHEN (NOT (NEW.prior_alpha > 0 AND NEW.prior_beta > 0 AND NEW.status IN ('active', 'archived')))
EXECUTE FUNCTION armful_refuse_variant();

-- Whether any experiment is active is asked in every commit.
CREATE INDEX experiment_active ON experiment (id) WHERE status = 'active';

-- Counts alone are written by one statement of the program's (`count_updates` in sql/performance.sql), which the server keeps
-- planned; this is what such a statement cannot say. (record_counts remains for processes of the version before, while they
-- are being replaced.)
--
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
