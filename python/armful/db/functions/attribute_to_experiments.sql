-- Finds the experiments with the variant of each outcome of a commit. For each of them it says what the outcome adds there, or
-- the reason why it adds nothing. The second part of counting, for every outcome, whether it comes by record_outcomes or by
-- count_in_experiments; the variants are locked.
--
-- An outcome counts in the experiment it names, else in every one with its variant, if that is active, if the outcome names no
-- other persona, and if its participant takes part with that variant:
--   - A participant whom armful has assigned counts under the variant assigned only.
--   - Somebody who was not assigned counts in an experiment with a fixed split, under the variant named first. Not so somebody
--     whose id lies outside the experiment's range of its namespace, who asked for a variant and was told that they take no part,
--     or who belongs to the global holdout.
--   - An adaptive experiment counts only participants whom it has assigned. The probabilities of others are not known.
--
-- A late success counts in the experiments its impression counted in, under the same allocation epoch; within an attribution
-- window also after a pause, a stop or the planned end.
--
-- What outcomes add for participants, and by metrics, settle_participants works out. Without both, all is here already.
--
-- Outcomes that are counts alone (without `item`) get no reasons of experiments that have ended.
CREATE OR REPLACE FUNCTION armful.attribute_to_experiments(p_outcomes armful.resolved_outcome[])
RETURNS armful.attributed_outcome[] LANGUAGE plpgsql AS $$
DECLARE
    attributed armful.attributed_outcome[];
    holdout armful.holdout;  -- null if there is none
BEGIN
    SELECT * INTO holdout FROM armful.holdout;
    attributed := ARRAY(
        SELECT ROW(
            o.item, e.id,
            CASE WHEN o.selected THEN o.allocation_epochs[array_position(o.experiments, e.id)]
                 ELSE coalesce(p.allocation_epoch, e.allocation_epoch) END,
            o.variant, o.impressions, o.successes, o.successes,
            '{}', '{}', CASE WHEN here.late AND NOT o.selected THEN p.last_impression ELSE o.at END,
            CASE WHEN here.late AND NOT o.selected THEN p.persona_id ELSE o.persona_id END, o.participant_id,
            CASE WHEN here.late AND NOT o.selected THEN p.metadata WHEN o.selection_id IS NULL THEN o.metadata ELSE o.described END,
            why.reason, p.whole, here.late, o.moved, '{}', '{}'
        )::armful.attributed_outcome
        FROM (
            SELECT o.*, (o.selection).experiments, (o.selection).allocation_epochs,
                   o.selection_id IS NOT NULL AND o.late AS selected
            FROM unnest(p_outcomes) AS o WHERE o.status IN (0, 6)
        ) AS o
        JOIN armful.experiment_arm a ON a.variant = o.variant
        JOIN armful.experiment e ON e.id = a.experiment
        -- LIMIT has participants looked up one by one, by index: their table is large, and a plan made when it was small would
        -- stay in use.
        LEFT JOIN LATERAL (
            SELECT p.*, p AS whole FROM armful.experiment_participant p
            WHERE p.experiment = e.id AND p.participant_id = o.participant_id LIMIT 1
        ) AS p ON true
        CROSS JOIN LATERAL (
            SELECT NOT o.impression AND CASE
                WHEN o.selected THEN e.id = ANY (o.experiments)
                ELSE o.selection_id IS NULL AND p.variant = o.variant AND p.impressions > 0
            END IS TRUE AS late
            OFFSET 0  -- worked out once
        ) AS here
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN o.status = 6 THEN 'window_closed'
                WHEN here.late
                THEN CASE
                    WHEN p.variant <> o.variant THEN 'other_variant'
                    WHEN e.attribution_days IS NOT NULL
                    THEN CASE
                        WHEN coalesce(o.occurred_at, now())
                             > CASE WHEN o.selected THEN o.at ELSE p.last_impression END + make_interval(days => e.attribution_days)
                        THEN 'window_closed'
                    END
                    WHEN e.status = 'paused' THEN 'paused'
                    WHEN e.status <> 'active' OR now() >= e.expected_end_time THEN 'ended'
                END
                WHEN armful.why_closed(e, o.persona_id) IS NOT NULL THEN armful.why_closed(e, o.persona_id)
                WHEN p.variant <> o.variant THEN 'other_variant'
                WHEN o.selected THEN 'not_assigned'
                WHEN p.participant_id IS NOT NULL THEN NULL
                WHEN a.retired THEN 'archived'
                WHEN armful.unit_hash(holdout.salt, o.participant_id) < holdout.share THEN 'holdout'
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
        WHERE (o.experiment_id IS NULL OR o.experiment_id = e.experiment_id)
          AND (e.status = 'active' AND now() < e.expected_end_time
               OR o.item IS NOT NULL AND e.status <> 'draft'
                  AND (e.status = 'paused' OR here.late OR o.selected OR o.experiment_id IS NOT NULL
                       OR coalesce(e.end_time, e.expected_end_time) > now() - interval '30 days'))
    );
    IF EXISTS (SELECT FROM unnest(attributed) AS a WHERE a.late AND a.participant_id IS NOT NULL) THEN
        attributed := armful.keep_to_impressions(attributed);
    END IF;

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
                THEN 'other_variant' ELSE a.reason END, a.before, a.late, a.moved, a.reported_by_metric, a.squared
            )::armful.attributed_outcome
            FROM unnest(attributed) AS a
        );
    END IF;
    RETURN attributed;
END $$;
