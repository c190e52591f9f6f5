-- The experiments with a variant, as [[experiment_id, reason]]: the reason why the experiment does not count an outcome that is
-- counts alone, or null if it does. Null if there are none. The same rules as in attribute_to_experiments.
CREATE OR REPLACE FUNCTION armful.experiments_with(p_variant bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN (
        SELECT jsonb_agg(jsonb_build_array(e.experiment_id, coalesce(
            armful.why_closed(e, NULL),
            CASE WHEN a.retired THEN 'archived' WHEN e.allocation <> 'fixed' THEN 'not_assigned' END
        )) ORDER BY e.id)
        FROM armful.experiment_arm a JOIN armful.experiment e ON e.id = a.experiment
        WHERE a.variant = p_variant AND e.status <> 'draft'
          AND (e.status = 'paused' OR coalesce(e.end_time, e.expected_end_time) > now() - interval '30 days')
    );
END $$;
