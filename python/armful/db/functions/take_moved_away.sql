-- Takes what moved selections had counted for nobody away from where it was counted: the same numbers, negative. Not so in an
-- experiment that would not count them anew only because it is paused or has ended, or the variant is archived. Part of
-- record_outcomes; returns `p_attributed` with these in addition.
CREATE OR REPLACE FUNCTION armful.take_moved_away(
    p_outcomes armful.resolved_outcome[], p_attributed armful.attributed_outcome[]
) RETURNS armful.attributed_outcome[] LANGUAGE sql AS $$
    SELECT coalesce(p_attributed, '{}') || coalesce(array_agg(ROW(
        o.item, e.id, s.epoch, o.variant, -(o.selection).impressions,
        CASE WHEN first.is_number THEN -(o.selection).successes ELSE -coalesce((y.by_metric ->> e.success_metrics[1])::bigint, 0) END,
        -(o.selection).successes, '{}',
        armful.subtract_counts('{}', CASE WHEN first.is_number THEN y.by_metric ELSE y.by_metric - e.success_metrics[1] END),
        (o.selection).at, (o.selection).persona_id, NULL, (o.selection).metadata, NULL, NULL, false, true, '{}',
        armful.subtract_counts('{}', armful.square_differences(y.by_metric, '{}', e.metrics))
    )::armful.attributed_outcome), '{}')
    FROM unnest(p_outcomes) AS o
    CROSS JOIN LATERAL unnest((o.selection).experiments, (o.selection).allocation_epochs) AS s (experiment, epoch)
    JOIN armful.experiment e ON e.id = s.experiment
    CROSS JOIN LATERAL (
        SELECT armful.cap_metrics(coalesce((o.selection).metrics -> e.id::text, '{}'), e.success_metrics || e.guardrail_metrics, e.metrics,
                                  (o.selection).impressions) AS by_metric
    ) AS y
    CROSS JOIN LATERAL (SELECT coalesce(e.metrics -> e.success_metrics[1] ->> 'type' = 'number', false) AS is_number) AS first
    WHERE o.moved AND EXISTS (
        SELECT FROM unnest(p_attributed) AS a
        WHERE a.item = o.item AND a.moved AND a.experiment = e.id
          AND (a.reason IS NULL OR a.reason NOT IN ('paused', 'ended', 'archived'))
    )
$$;
