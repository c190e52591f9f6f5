-- Finds the experiments that each outcome of a commit counts in, and what it adds there. The second part of counting, for
-- every outcome, whether it comes by record_outcomes or by count_in_experiments; the variants are locked.
--
-- An outcome counts in the experiment it names, else in every one with its variant, as long as that is active; only in those
-- for its persona where it names one. A late success counts in the experiments its impression counted in, under the same
-- allocation epoch; within an attribution window also after the planned end.
CREATE OR REPLACE FUNCTION armful.attribute_to_experiments(p_outcomes armful.resolved_outcome[])
RETURNS armful.attributed_outcome[] LANGUAGE plpgsql AS $$
BEGIN
    RETURN ARRAY(
        SELECT ROW(
            o.item, e.id, impression.allocation_epoch, o.variant, o.impressions,
            coalesce((m.by_metric ->> e.success_metrics[1])::bigint, 0), o.successes, m.by_metric,
            m.by_metric - e.success_metrics[1], o.at, o.persona_id, o.participant_id,
            o.participant_id IS NOT NULL AND NOT o.late AND coalesce(p.impressions, 0) = 0,
            CASE WHEN NOT o.late THEN o.metadata WHEN o.selection_id IS NULL THEN p.metadata ELSE s.metadata END
        )::armful.attributed_outcome
        FROM unnest(p_outcomes) AS o
        JOIN armful.experiment_arm a ON a.variant = o.variant
        JOIN armful.experiment e ON e.id = a.experiment
        -- LIMIT has these looked up one by one, by index: the tables are large, and a plan made when they were small would
        -- stay in use.
        LEFT JOIN LATERAL (
            SELECT * FROM armful.selection_outcome s
            WHERE o.late AND s.selection_id = o.selection_id AND s.variant = o.variant LIMIT 1
        ) AS s ON true
        LEFT JOIN LATERAL (
            SELECT * FROM armful.experiment_participant p
            WHERE p.experiment = e.id AND p.participant_id = o.participant_id LIMIT 1
        ) AS p ON true
        -- Where the impression was counted, and what has come of it so far.
        CROSS JOIN LATERAL (
            SELECT CASE WHEN s.selection_id IS NOT NULL THEN s.allocation_epochs[array_position(s.experiments, e.id)]
                        ELSE coalesce(p.allocation_epoch, e.allocation_epoch) END AS allocation_epoch,
                   CASE WHEN s.selection_id IS NOT NULL THEN s.impressions ELSE p.impressions END AS impressions,
                   coalesce(s.metrics, p.metrics) AS metrics
        ) AS impression
        CROSS JOIN LATERAL (
            SELECT armful.count_metrics(
                e.success_metrics || e.guardrail_metrics, o.metrics, o.succeeded, o.times,
                o.late, impression.impressions, impression.metrics
            ) AS by_metric
            OFFSET 0  -- worked out once
        ) AS m
        WHERE o.status = 0
          AND (o.experiment_id IS NULL OR o.experiment_id = e.experiment_id)
          AND CASE WHEN o.late
                   THEN CASE WHEN s.selection_id IS NOT NULL THEN e.id = ANY (s.experiments)
                             ELSE p.variant = o.variant AND p.impressions > 0 END
                        AND CASE WHEN e.attribution_days IS NULL THEN e.status = 'active' AND now() < e.expected_end_time
                                 ELSE e.status IN ('active', 'completed')
                                      AND coalesce(o.occurred_at, now())
                                          <= o.at + make_interval(days => e.attribution_days) END
                   ELSE e.status = 'active' AND now() < e.expected_end_time
                        AND (o.persona_id IS NULL OR e.target_persona IN (o.persona_id, '*')) END
          -- What adds nothing is left out.
          AND NOT (o.late AND o.successes = 0 AND m.by_metric = '{}')
    );
END $$;
