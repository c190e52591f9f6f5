-- Adds what outcomes count in experiments: participants, days, metrics and segments. The fourth and last part of counting,
-- for every outcome.
CREATE OR REPLACE FUNCTION armful.apply_to_experiments(p_attributed armful.attributed_outcome[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    named boolean;
    measured boolean;
    described boolean;
BEGIN
    SELECT bool_or(a.participant_id IS NOT NULL), bool_or(a.by_other_metric <> '{}'), bool_or(a.metadata IS NOT NULL)
    INTO named, measured, described
    FROM unnest(p_attributed) AS a;

    IF named THEN
        PERFORM armful.count_participants(p_attributed);
    END IF;

    INSERT INTO armful.experiment_day AS d
        (experiment, allocation_epoch, variant, day, persona_id, impressions, successes, anonymous)
    SELECT a.experiment, a.allocation_epoch, a.variant, (a.at AT TIME ZONE 'UTC')::date, coalesce(a.persona_id, ''),
           sum(a.impressions), sum(a.successes), sum(CASE WHEN a.participant_id IS NULL THEN a.impressions ELSE 0 END)
    FROM unnest(p_attributed) AS a
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (experiment, allocation_epoch, variant, day, persona_id) DO UPDATE SET
        impressions = d.impressions + excluded.impressions, successes = d.successes + excluded.successes,
        anonymous = d.anonymous + excluded.anonymous;

    IF measured THEN
        INSERT INTO armful.experiment_metric_day AS d (experiment, allocation_epoch, variant, day, metric, successes)
        SELECT a.experiment, a.allocation_epoch, a.variant, (a.at AT TIME ZONE 'UTC')::date, m.key, sum(m.value::bigint)
        FROM unnest(p_attributed) AS a CROSS JOIN LATERAL jsonb_each_text(a.by_other_metric) AS m
        GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (experiment, allocation_epoch, variant, day, metric) DO UPDATE SET
            successes = d.successes + excluded.successes;
    END IF;

    IF described THEN
        PERFORM armful.count_segments(p_attributed);
    END IF;
END $$;
