-- Finds the experiments with the variant of each outcome of a commit. For each of them it says what the outcome adds there, or
-- the reason why it adds nothing. The second part of counting, for every outcome, whether it comes by record_outcomes or by
-- count_in_experiments; the variants are locked.
--
-- An outcome counts in the experiment it names, else in every one with its variant, if that is active, if the outcome names no
-- other persona, and if its participant takes part with that variant:
--   - A participant whom armful has assigned counts under the variant assigned only.
--   - Somebody who was not assigned counts in an experiment with a fixed split, under the variant named first. Not so somebody
--     whose id lies outside the experiment's range of its namespace, or who asked for a variant and was told that they take no
--     part.
--   - An adaptive experiment counts only participants whom it has assigned. The probabilities of others are not known.
--
-- A late success counts in the experiments its impression counted in, under the same allocation epoch; within an attribution
-- window also after a pause, a stop or the planned end.
--
-- Outcomes that are counts alone (without `item`) get no reasons of experiments that have ended.
CREATE OR REPLACE FUNCTION armful.attribute_to_experiments(p_outcomes armful.resolved_outcome[])
RETURNS armful.attributed_outcome[] LANGUAGE plpgsql AS $$
DECLARE
    attributed armful.attributed_outcome[];
BEGIN
    attributed := ARRAY(
        SELECT ROW(
            o.item, e.id, impression.allocation_epoch, o.variant, o.impressions,
            coalesce((m.by_metric ->> e.success_metrics[1])::bigint, 0), o.successes, m.by_metric,
            m.by_metric - e.success_metrics[1], o.at, o.persona_id, o.participant_id,
            CASE WHEN NOT o.late THEN o.metadata WHEN o.selection_id IS NULL THEN p.metadata ELSE s.metadata END,
            CASE WHEN why.reason IS NULL AND o.late AND o.successes = 0 AND m.by_metric = '{}' THEN 'nothing_left'
                 ELSE why.reason END,
            p.whole
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
            SELECT p.*, p AS whole FROM armful.experiment_participant p
            WHERE p.experiment = e.id AND p.participant_id = o.participant_id LIMIT 1
        ) AS p ON true
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN o.status = 6 THEN 'window_closed'
                WHEN o.late AND CASE WHEN s.selection_id IS NOT NULL THEN e.id = ANY (s.experiments)
                                     ELSE p.impressions > 0 END
                THEN CASE
                    WHEN p.variant <> o.variant THEN 'other_variant'
                    WHEN e.attribution_days IS NOT NULL
                    THEN CASE WHEN coalesce(o.occurred_at, now()) > o.at + make_interval(days => e.attribution_days)
                              THEN 'window_closed' END
                    WHEN e.status = 'paused' THEN 'paused'
                    WHEN e.status <> 'active' OR now() >= e.expected_end_time THEN 'ended'
                END
                WHEN armful.why_closed(e, o.persona_id) IS NOT NULL THEN armful.why_closed(e, o.persona_id)
                WHEN p.variant <> o.variant THEN 'other_variant'
                WHEN o.late THEN 'not_assigned'
                WHEN p.participant_id IS NOT NULL THEN NULL
                WHEN a.retired THEN 'archived'
                WHEN e.allocation <> 'fixed' THEN 'not_assigned'
                WHEN o.participant_id IS NOT NULL AND (
                    e.namespace IS NOT NULL AND (
                        SELECT h < e.namespace_from OR h >= e.namespace_to
                        FROM armful.unit_hash(e.namespace, o.participant_id) AS h
                    )
                    OR EXISTS (
                        SELECT FROM armful.experiment_exclusion x
                        WHERE x.experiment = e.id AND x.participant_id = o.participant_id
                    )
                ) THEN 'not_assigned'
            END AS reason
            OFFSET 0  -- worked out once
        ) AS why
        -- Where the impression was counted, and what has come of it so far.
        CROSS JOIN LATERAL (
            SELECT CASE WHEN s.selection_id IS NOT NULL THEN s.allocation_epochs[array_position(s.experiments, e.id)]
                        ELSE coalesce(p.allocation_epoch, e.allocation_epoch) END AS allocation_epoch,
                   CASE WHEN s.selection_id IS NOT NULL THEN s.impressions ELSE p.impressions END AS impressions,
                   coalesce(s.metrics, p.metrics) AS metrics
        ) AS impression
        CROSS JOIN LATERAL (
            SELECT CASE WHEN why.reason IS NULL THEN armful.count_metrics(
                e.success_metrics || e.guardrail_metrics, o.metrics, o.succeeded, o.times,
                o.late, impression.impressions, impression.metrics
            ) ELSE '{}' END AS by_metric
            OFFSET 0  -- worked out once
        ) AS m
        WHERE o.status IN (0, 6)
          AND (o.experiment_id IS NULL OR o.experiment_id = e.experiment_id)
          AND (e.status = 'active' AND now() < e.expected_end_time
               OR o.item IS NOT NULL AND e.status <> 'draft'
                  AND (e.status = 'paused' OR o.late OR o.experiment_id IS NOT NULL
                       OR coalesce(e.end_time, e.expected_end_time) > now() - interval '30 days'))
    );

    -- A new participant whom several outcomes of the commit name: the first decides which variant is theirs.
    IF EXISTS (
        SELECT FROM unnest(attributed) AS a
        WHERE a.participant_id IS NOT NULL AND a.reason IS NULL AND a.before IS NULL
        GROUP BY a.experiment, a.participant_id HAVING min(a.variant) < max(a.variant)
    ) THEN
        attributed := ARRAY(
            SELECT ROW(
                a.item, a.experiment, a.allocation_epoch, a.variant, a.impressions, a.successes, a.variant_successes,
                a.by_metric, a.by_other_metric, a.at, a.persona_id, a.participant_id, a.metadata,
                CASE WHEN a.reason IS NULL AND a.participant_id IS NOT NULL AND a.before IS NULL AND a.variant <>
                    first_value(a.variant) OVER (
                        PARTITION BY a.experiment, a.participant_id ORDER BY a.reason NULLS FIRST, a.item
                    )
                THEN 'other_variant' ELSE a.reason END, a.before
            )::armful.attributed_outcome
            FROM unnest(attributed) AS a
        );
    END IF;
    RETURN attributed;
END $$;
