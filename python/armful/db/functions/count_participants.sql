-- Adds outcomes to their participants, so that a later success finds its impression, and counts the participants of each
-- variant. Part of apply_to_experiments.
CREATE OR REPLACE FUNCTION armful.count_participants(p_attributed armful.attributed_outcome[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO armful.experiment_participant AS p
        (experiment, participant_id, allocation_epoch, variant, impressions, successes, metrics, last_impression,
         persona_id, metadata)
    SELECT a.experiment, a.participant_id, a.allocation_epoch, a.variant, a.impressions, a.variant_successes, a.by_metric,
           a.at, a.persona_id, a.metadata
    FROM unnest(p_attributed) AS a
    WHERE a.participant_id IS NOT NULL
    ORDER BY a.experiment, a.participant_id
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
        SELECT a.allocation_epoch, a.variant, count(*) AS new FROM unnest(p_attributed) AS a WHERE a.is_new GROUP BY 1, 2
    ) AS seen
    WHERE s.allocation_epoch = seen.allocation_epoch AND s.variant = seen.variant;
END $$;
