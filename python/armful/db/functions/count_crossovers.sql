-- Notes participants that outcomes named under another variant than theirs, each once, and counts them under their own. Not so
-- under a retired variant: it may have been theirs before.
CREATE OR REPLACE FUNCTION armful.count_crossovers(p_attributed armful.attributed_outcome[]) RETURNS void
LANGUAGE sql AS $$
    WITH noted AS (
        INSERT INTO armful.experiment_crossover (experiment, participant_id)
        SELECT DISTINCT a.experiment, a.participant_id
        FROM unnest(p_attributed) AS a
        JOIN armful.experiment_arm r ON r.experiment = a.experiment AND r.variant = a.variant AND NOT r.retired
        WHERE a.reason = 'other_variant'
        ORDER BY 1, 2
        ON CONFLICT DO NOTHING
        RETURNING experiment, participant_id
    )
    INSERT INTO armful.experiment_crossover_total AS t (experiment, allocation_epoch, variant, participants)
    SELECT p.experiment, p.allocation_epoch, p.variant, count(*)
    FROM noted n JOIN armful.experiment_participant p USING (experiment, participant_id)
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
    ON CONFLICT (experiment, allocation_epoch, variant) DO UPDATE SET
        participants = t.participants + excluded.participants
$$;
