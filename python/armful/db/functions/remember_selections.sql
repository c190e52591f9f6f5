-- Writes down which impressions were counted under a selection, and where, so that later reports find them.
--
-- Several outcomes of a commit may have the same selection and variant. All of them have the same facts: who saw it, when, and
-- with which metadata (see resolve_outcomes). What was reported is added; what counts follows from that.
CREATE OR REPLACE FUNCTION armful.remember_selections(
    p_outcomes armful.resolved_outcome[], p_attributed armful.attributed_outcome[]
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    -- Most selections are reported for the first time, once. Then there is nothing to add up.
    IF NOT EXISTS (
        SELECT FROM unnest(p_outcomes) AS o WHERE o.selection_id IS NOT NULL AND o.status IN (0, 3)
        GROUP BY o.selection_id, o.variant HAVING count(*) > 1 OR bool_or((o.selection).selection_id IS NOT NULL)
    ) THEN
        INSERT INTO armful.selection_outcome
            (selection_id, variant, impressions, successes, metrics, at, persona_id, participant_id, experiments,
             allocation_epochs, metadata, reported_impressions)
        SELECT o.selection_id, o.variant, o.times, CASE WHEN o.succeeded THEN o.times ELSE 0 END, coalesce(a.metrics, '{}'), o.at,
               o.persona_id, o.participant_id, coalesce(a.experiments, '{}'), coalesce(a.epochs, '{}'),
               CASE WHEN a.experiments IS NOT NULL THEN o.described END, CASE WHEN NOT o.impression THEN 0 END
        FROM unnest(p_outcomes) AS o
        LEFT JOIN (
            SELECT item, array_agg(experiment ORDER BY experiment) AS experiments,
                   array_agg(allocation_epoch ORDER BY experiment) AS epochs,
                   jsonb_object_agg(experiment, reported_by_metric) FILTER (WHERE reported_by_metric <> '{}') AS metrics
            FROM unnest(p_attributed) WHERE reason IS NULL OR reason = 'nothing_left'
            GROUP BY item
        ) AS a ON a.item = o.item
        WHERE o.selection_id IS NOT NULL AND o.status IN (0, 3)
        ORDER BY o.selection_id, o.variant;
        RETURN;
    END IF;

    WITH counted AS (
        SELECT o.item, o.selection_id, o.variant, o.selection, o.impressions, o.successes, o.at, o.persona_id, o.participant_id,
               o.described,
               CASE WHEN o.impression THEN o.times ELSE 0 END AS reported, CASE WHEN o.impression THEN 0 ELSE o.times END AS lone,
               CASE WHEN o.succeeded THEN o.times ELSE 0 END AS succeeded
        FROM unnest(p_outcomes) AS o
        WHERE o.selection_id IS NOT NULL AND o.status IN (0, 3) AND NOT o.moved
    ), visit AS (
        SELECT selection_id, variant, min(item) AS item, sum(reported) AS reported, max(lone) AS lone, sum(succeeded) AS succeeded
        FROM counted GROUP BY selection_id, variant
    ), place AS (
        -- The experiments in which it counts: those before, unless it moved away, and those of this commit.
        SELECT selection_id, variant, array_agg(experiment ORDER BY experiment) AS experiments,
               array_agg(epoch ORDER BY experiment) AS epochs
        FROM (
            SELECT DISTINCT ON (selection_id, variant, experiment) selection_id, variant, experiment, epoch
            FROM (
                SELECT c.selection_id, c.variant, s.experiment, s.epoch, 0 AS number
                FROM visit v JOIN counted c USING (item)
                CROSS JOIN LATERAL unnest((c.selection).experiments, (c.selection).allocation_epochs) AS s (experiment, epoch)
                WHERE NOT EXISTS (
                    SELECT FROM unnest(p_attributed) AS a
                    WHERE a.item = c.item AND a.moved AND a.experiment = s.experiment AND a.impressions < 0
                )
                UNION ALL
                SELECT c.selection_id, c.variant, a.experiment, a.allocation_epoch, 1
                FROM unnest(p_attributed) AS a JOIN counted c USING (item)
                WHERE a.reason IS NULL AND NOT (a.moved AND a.impressions < 0) OR a.reason = 'nothing_left'
            ) AS s
            ORDER BY selection_id, variant, experiment, number
        ) AS s
        GROUP BY selection_id, variant
    ), metric AS (
        -- By experiment, because the same success may be another metric in each.
        SELECT selection_id, variant, jsonb_object_agg(experiment, armful.add_counts(reported, coalesce(before -> experiment, '{}')))
                   AS reported
        FROM (
            SELECT c.selection_id, c.variant, a.experiment::text AS experiment, armful.sum_counts(a.reported_by_metric) AS reported,
                   (c.selection).metrics AS before
            FROM unnest(p_attributed) AS a JOIN counted c USING (item)
            WHERE a.reported_by_metric <> '{}'
            GROUP BY 1, 2, 3, 5
        ) AS m
        GROUP BY 1, 2
    )
    INSERT INTO armful.selection_outcome AS s
        (selection_id, variant, impressions, successes, metrics, at, persona_id, participant_id, experiments,
         allocation_epochs, metadata, reported_impressions, reported_successes)
    SELECT v.selection_id, v.variant, n.impressions, least(n.succeeded, n.impressions),
           coalesce((c.selection).metrics, '{}') || coalesce(metric.reported, '{}'), c.at, c.persona_id,
           c.participant_id, coalesce(p.experiments, '{}'), coalesce(p.epochs, '{}'),
           CASE WHEN p.experiments IS NOT NULL THEN c.described END, nullif(n.reported, n.impressions),
           nullif(n.succeeded, least(n.succeeded, n.impressions))
    FROM visit v
    JOIN counted c USING (item)
    CROSS JOIN LATERAL (
        SELECT coalesce((c.selection).reported_impressions, (c.selection).impressions, 0) + v.reported AS reported,
               coalesce((c.selection).reported_successes, (c.selection).successes, 0) + v.succeeded AS succeeded
    ) AS r
    CROSS JOIN LATERAL (
        SELECT r.reported, r.succeeded,
               CASE WHEN r.reported > 0 THEN r.reported ELSE greatest(v.lone, (c.selection).impressions) END AS impressions
    ) AS n
    LEFT JOIN place p ON p.selection_id = v.selection_id AND p.variant = v.variant
    LEFT JOIN metric ON metric.selection_id = v.selection_id AND metric.variant = v.variant
    ORDER BY v.selection_id, v.variant
    ON CONFLICT (selection_id, variant) DO UPDATE SET
        impressions = excluded.impressions, successes = excluded.successes, metrics = excluded.metrics, at = excluded.at,
        persona_id = excluded.persona_id, participant_id = excluded.participant_id, experiments = excluded.experiments,
        allocation_epochs = excluded.allocation_epochs, metadata = excluded.metadata,
        reported_impressions = excluded.reported_impressions, reported_successes = excluded.reported_successes;
END $$;
