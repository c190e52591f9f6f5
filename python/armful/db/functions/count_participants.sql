-- Adds outcomes to their participants, so that a later success finds its impression, and counts the participants of each
-- variant. Part of apply_to_experiments. Returns every participant as they were before and as they are now.
--
-- Several outcomes of a commit may have the same participant: their counts are added. Adding takes twice as long, so it is done
-- only if there are such. A participant keeps the first persona and the first metadata that are known of them, so that they
-- belong to one segment.
CREATE OR REPLACE FUNCTION armful.count_participants(p_attributed armful.attributed_outcome[])
RETURNS armful.participant_change[] LANGUAGE plpgsql AS $$
DECLARE
    repeated boolean;
    changes armful.participant_change[];
BEGIN
    repeated := EXISTS (
        SELECT FROM unnest(p_attributed) AS a WHERE a.participant_id IS NOT NULL
        GROUP BY a.experiment, a.participant_id HAVING count(*) > 1
    );

    WITH written AS (
        INSERT INTO armful.experiment_participant AS p
            (experiment, participant_id, allocation_epoch, variant, assigned, impressions, successes, metrics,
             first_impression, last_impression, persona_id, metadata)
        SELECT a.experiment, a.participant_id, a.allocation_epoch, a.variant, false, a.impressions, a.variant_successes,
               a.by_metric, a.at, a.at, a.persona_id, a.metadata
        FROM unnest(p_attributed) AS a
        WHERE a.participant_id IS NOT NULL AND NOT repeated
        UNION ALL
        SELECT a.experiment, a.participant_id, (array_agg(a.allocation_epoch ORDER BY a.item))[1], a.variant, false,
               sum(a.impressions), sum(a.variant_successes), armful.sum_counts(a.by_metric), min(a.at), max(a.at),
               (array_agg(a.persona_id ORDER BY a.item) FILTER (WHERE a.persona_id IS NOT NULL))[1],
               (array_agg(a.metadata ORDER BY a.item) FILTER (WHERE a.metadata IS NOT NULL))[1]
        FROM unnest(p_attributed) AS a
        WHERE a.participant_id IS NOT NULL AND repeated
        GROUP BY a.experiment, a.participant_id, a.variant
        ORDER BY experiment, participant_id
        ON CONFLICT (experiment, participant_id) DO UPDATE SET
            impressions = p.impressions + excluded.impressions,
            successes = p.successes + excluded.successes,
            metrics = armful.add_counts(p.metrics, excluded.metrics),
            first_impression = least(p.first_impression, excluded.first_impression),
            last_impression = greatest(p.last_impression, excluded.last_impression),
            persona_id = coalesce(p.persona_id, excluded.persona_id),
            metadata = coalesce(p.metadata, excluded.metadata)
        -- Somebody may have been assigned another variant at this moment.
        WHERE p.variant = excluded.variant
        RETURNING p AS after
    )
    SELECT array_agg(ROW(a.before, w.after)::armful.participant_change) INTO changes
    FROM written AS w
    -- All outcomes of a participant in this commit have the same row before them.
    JOIN (
        SELECT a.experiment, a.participant_id, a.before, row_number() OVER (PARTITION BY a.experiment, a.participant_id) AS number
        FROM unnest(p_attributed) AS a WHERE a.participant_id IS NOT NULL
    ) AS a ON a.experiment = (w.after).experiment AND a.participant_id = (w.after).participant_id
    WHERE a.number = 1;

    UPDATE armful.experiment_share s SET
        participants = s.participants + seen.new, not_assigned = s.not_assigned + seen.not_assigned
    FROM (
        SELECT (c.after).allocation_epoch, (c.after).variant, count(*) AS new,
               count(*) FILTER (WHERE NOT (c.after).assigned) AS not_assigned
        FROM unnest(changes) AS c
        WHERE coalesce((c.before).impressions, 0) = 0 AND (c.after).impressions > 0
        GROUP BY 1, 2
    ) AS seen
    WHERE s.allocation_epoch = seen.allocation_epoch AND s.variant = seen.variant;

    RETURN changes;
END $$;
