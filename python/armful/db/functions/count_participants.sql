-- Adds outcomes to their participants, so that a later success finds its impression, and counts the participants of each
-- variant. Part of apply_to_experiments.
--
-- Several outcomes of a commit may have the same participant: their counts are added, and the last one says which persona and
-- metadata the participant has. A participant belongs to one variant of an experiment: the one they have already, else that of
-- the first outcome. Adding takes twice as long, so it is done only if there are such.
CREATE OR REPLACE FUNCTION armful.count_participants(p_attributed armful.attributed_outcome[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    repeated boolean;
BEGIN
    repeated := EXISTS (
        SELECT FROM unnest(p_attributed) AS a WHERE a.participant_id IS NOT NULL
        GROUP BY a.experiment, a.participant_id HAVING count(*) > 1
    );

    INSERT INTO armful.experiment_participant AS p
        (experiment, participant_id, allocation_epoch, variant, impressions, successes, metrics, last_impression,
         persona_id, metadata)
    SELECT a.experiment, a.participant_id, a.allocation_epoch, a.variant, a.impressions, a.variant_successes, a.by_metric,
           a.at, a.persona_id, a.metadata
    FROM unnest(p_attributed) AS a
    WHERE a.participant_id IS NOT NULL AND NOT repeated
    UNION ALL
    SELECT a.experiment, a.participant_id, (array_agg(a.allocation_epoch ORDER BY a.item))[1], a.variant,
           sum(a.impressions), sum(a.variant_successes), armful.sum_counts(a.by_metric), max(a.at),
           (array_agg(a.persona_id ORDER BY a.item DESC) FILTER (WHERE a.persona_id IS NOT NULL))[1],
           (array_agg(a.metadata ORDER BY a.item DESC) FILTER (WHERE a.metadata IS NOT NULL))[1]
    FROM (
        SELECT a.*, first_value(a.variant) OVER (PARTITION BY a.experiment, a.participant_id ORDER BY a.item) AS first_variant
        FROM unnest(p_attributed) AS a
        WHERE a.participant_id IS NOT NULL AND repeated
    ) AS a
    LEFT JOIN LATERAL (
        SELECT variant FROM armful.experiment_participant p
        WHERE p.experiment = a.experiment AND p.participant_id = a.participant_id LIMIT 1
    ) AS known ON true
    WHERE a.variant = coalesce(known.variant, a.first_variant)
    GROUP BY a.experiment, a.participant_id, a.variant
    ORDER BY experiment, participant_id
    ON CONFLICT (experiment, participant_id) DO UPDATE SET
        impressions = p.impressions + excluded.impressions,
        successes = p.successes + excluded.successes,
        metrics = armful.add_counts(p.metrics, excluded.metrics),
        last_impression = greatest(p.last_impression, excluded.last_impression),
        persona_id = coalesce(excluded.persona_id, p.persona_id),
        metadata = coalesce(excluded.metadata, p.metadata)
    WHERE p.variant = excluded.variant;

    UPDATE armful.experiment_share s SET participants = s.participants + seen.new
    FROM (
        SELECT allocation_epoch, variant, count(*) AS new
        FROM (
            SELECT a.allocation_epoch, a.variant,
                   row_number() OVER (PARTITION BY a.experiment, a.participant_id ORDER BY a.item) AS number
            FROM unnest(p_attributed) AS a WHERE a.is_new
        ) AS a
        WHERE number = 1
        GROUP BY 1, 2
    ) AS seen
    WHERE s.allocation_epoch = seen.allocation_epoch AND s.variant = seen.variant;
END $$;
