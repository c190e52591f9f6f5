-- Counts outcomes that are counts alone, summed up by variant, in the experiments they belong to: record_outcomes in short,
-- by the same attribution. True. Called once the variants are locked, so that it sees the experiments as of then.
CREATE OR REPLACE FUNCTION armful.count_in_experiments(p_variant bigint[], p_impressions bigint[], p_successes bigint[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    outcomes armful.resolved_outcome[];
    attributed armful.attributed_outcome[];
BEGIN
    IF EXISTS (SELECT FROM armful.experiment WHERE status = 'active') THEN
        SELECT array_agg(ROW(
            NULL, 0, u.variant, u.impressions, u.successes, false, u.successes > 0, u.successes, now(),
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, NULL, false
        )::armful.resolved_outcome)
        INTO outcomes
        FROM unnest(p_variant, p_impressions, p_successes) AS u (variant, impressions, successes)
        WHERE EXISTS (SELECT FROM armful.experiment_arm a WHERE a.variant = u.variant);
        IF outcomes IS NOT NULL THEN
            attributed := ARRAY(
                SELECT a FROM unnest(armful.attribute_to_experiments(outcomes)) AS a WHERE a.reason IS NULL
            );
            IF attributed <> '{}' THEN
                PERFORM armful.apply_to_experiments(attributed, NULL);
            END IF;
        END IF;
    END IF;
    RETURN true;
END $$;
