-- Writes down which impressions were counted under a selection, and where, so that a later success finds them.
--
-- Several outcomes of a commit may have the same selection and variant: their counts are added, and the first one says who
-- saw it, when, and in which experiments it counts. Adding takes twice as long, so it is done only if there are such.
CREATE OR REPLACE FUNCTION armful.remember_selections(
    p_outcomes armful.resolved_outcome[], p_attributed armful.attributed_outcome[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    repeated boolean;
BEGIN
    repeated := EXISTS (
        SELECT FROM unnest(p_outcomes) AS o WHERE o.selection_id IS NOT NULL AND o.status = 0
        GROUP BY o.selection_id, o.variant HAVING count(*) > 1
    );

    INSERT INTO armful.selection_outcome AS s
        (selection_id, variant, impressions, successes, metrics, at, persona_id, participant_id, experiments,
         allocation_epochs, metadata)
    WITH counted AS (
        SELECT o.item, o.selection_id, o.variant, o.impressions, o.successes, coalesce(a.by_metric, '{}') AS metrics, o.at,
               o.persona_id, o.participant_id, coalesce(a.experiments, '{}') AS experiments,
               coalesce(a.epochs, '{}') AS epochs, CASE WHEN a.experiments IS NOT NULL THEN o.metadata END AS metadata
        FROM unnest(p_outcomes) AS o
        LEFT JOIN (
            SELECT item, array_agg(experiment) AS experiments, array_agg(allocation_epoch) AS epochs,
                   armful.merge_counts(by_metric) AS by_metric
            FROM unnest(p_attributed)
            GROUP BY item
        ) AS a ON a.item = o.item
        WHERE o.selection_id IS NOT NULL AND o.status = 0
    )
    SELECT selection_id, variant, impressions, successes, metrics, at, persona_id, participant_id, experiments, epochs,
           metadata
    FROM counted WHERE NOT repeated
    UNION ALL
    SELECT first.selection_id, first.variant, total.impressions, total.successes, total.metrics, first.at, first.persona_id,
           first.participant_id, first.experiments, first.epochs, first.metadata
    FROM (
        SELECT selection_id, variant, min(item) AS item, sum(impressions) AS impressions, sum(successes) AS successes,
               armful.sum_counts(metrics) AS metrics
        FROM counted WHERE repeated
        GROUP BY selection_id, variant
    ) AS total
    JOIN counted AS first USING (item)
    ORDER BY selection_id, variant
    ON CONFLICT (selection_id, variant) DO UPDATE SET
        impressions = s.impressions + excluded.impressions,
        successes = s.successes + excluded.successes,
        metrics = armful.add_counts(s.metrics, excluded.metrics);
END $$;
