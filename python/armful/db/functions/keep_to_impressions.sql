-- Has successes without an impression count only in the experiments that have counted an impression of their participant before,
-- where there are such. Part of attribute_to_experiments.
CREATE OR REPLACE FUNCTION armful.keep_to_impressions(p_attributed armful.attributed_outcome[])
RETURNS armful.attributed_outcome[] LANGUAGE sql AS $$
    SELECT ARRAY(SELECT ROW(
        a.item, a.experiment, a.allocation_epoch, a.variant, a.impressions, a.successes, a.variant_successes, a.by_metric,
        a.by_other_metric, a.at, a.persona_id, a.participant_id, a.metadata,
        CASE WHEN a.reason IS NULL AND NOT a.late AND NOT a.moved
                  AND bool_or(a.late AND (a.reason IS NULL OR a.reason = 'window_closed')) OVER (PARTITION BY a.item)
             THEN 'not_assigned' ELSE a.reason END,
        a.before, a.late, a.moved, a.reported_by_metric, a.squared
    )::armful.attributed_outcome
    FROM unnest(p_attributed) AS a)
$$;
