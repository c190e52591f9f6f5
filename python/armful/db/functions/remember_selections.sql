-- Writes down which impressions were counted under a selection, and where, so that a later success finds them.
--
-- Several outcomes of a commit may have the same selection and variant: their counts are added, and the first one says who
-- saw it, when, and in which experiments it counts.
CREATE OR REPLACE FUNCTION armful.remember_selections(
    p_outcomes armful.resolved_outcome[], p_attributed armful.attributed_outcome[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO armful.selection_outcome AS s
        (selection_id, variant, impressions, successes, metrics, at, persona_id, participant_id, experiments,
         allocation_epochs, metadata)
    SELECT o.selection_id, o.variant, sum(o.impressions), sum(o.successes), armful.sum_counts(coalesce(a.by_metric, '{}')),
           (array_agg(o.at ORDER BY o.item))[1], (array_agg(o.persona_id ORDER BY o.item))[1],
           (array_agg(o.participant_id ORDER BY o.item))[1],
           -- As text, because arrays of different lengths make no array.
           coalesce((array_agg(a.experiments::text ORDER BY o.item))[1]::bigint[], '{}'),
           coalesce((array_agg(a.epochs::text ORDER BY o.item))[1]::bigint[], '{}'),
           (array_agg(CASE WHEN a.experiments IS NOT NULL THEN o.metadata END ORDER BY o.item))[1]
    FROM unnest(p_outcomes) AS o
    LEFT JOIN (
        SELECT item, array_agg(experiment) AS experiments, array_agg(allocation_epoch) AS epochs,
               armful.merge_counts(by_metric) AS by_metric
        FROM unnest(p_attributed)
        GROUP BY item
    ) AS a ON a.item = o.item
    WHERE o.selection_id IS NOT NULL AND o.status = 0
    GROUP BY o.selection_id, o.variant
    ORDER BY o.selection_id, o.variant
    ON CONFLICT (selection_id, variant) DO UPDATE SET
        impressions = s.impressions + excluded.impressions,
        successes = s.successes + excluded.successes,
        metrics = armful.add_counts(s.metrics, excluded.metrics);
END $$;
