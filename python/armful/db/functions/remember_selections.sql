-- Writes down which impressions were counted under a selection, and where, so that a later success finds them.
CREATE OR REPLACE FUNCTION armful.remember_selections(
    p_outcomes armful.resolved_outcome[], p_attributed armful.attributed_outcome[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO armful.selection_outcome AS s
        (selection_id, variant, impressions, successes, metrics, at, persona_id, participant_id, experiments,
         allocation_epochs, metadata)
    SELECT o.selection_id, o.variant, o.impressions, o.successes, coalesce(a.by_metric, '{}'), o.at, o.persona_id,
           o.participant_id, coalesce(a.experiments, '{}'), coalesce(a.epochs, '{}'),
           CASE WHEN a.experiments IS NOT NULL THEN o.metadata END
    FROM unnest(p_outcomes) AS o
    LEFT JOIN (
        SELECT item, array_agg(experiment) AS experiments, array_agg(allocation_epoch) AS epochs,
               armful.merge_counts(by_metric) AS by_metric
        FROM unnest(p_attributed)
        GROUP BY item
    ) AS a ON a.item = o.item
    WHERE o.selection_id IS NOT NULL AND o.status = 0
    ORDER BY o.selection_id, o.variant
    ON CONFLICT (selection_id, variant) DO UPDATE SET
        impressions = s.impressions + excluded.impressions,
        successes = s.successes + excluded.successes,
        metrics = armful.add_counts(s.metrics, excluded.metrics);
END $$;
