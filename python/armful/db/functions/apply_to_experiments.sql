-- Adds what outcomes count in experiments: participants, days, metrics and segments. The fifth and last part of counting,
-- for every outcome that an experiment counts, and every participant who is not as before.
CREATE OR REPLACE FUNCTION armful.apply_to_experiments(
    p_attributed armful.attributed_outcome[], p_changes armful.participant_change[]
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    measured boolean;
    described boolean;
    changes armful.participant_change[];
BEGIN
    SELECT bool_or(a.by_other_metric <> '{}'), bool_or(a.metadata IS NOT NULL) INTO measured, described
    FROM unnest(p_attributed) AS a;

    IF p_changes IS NOT NULL THEN
        changes := armful.count_participants(p_changes);
        PERFORM armful.add_participant_totals(changes);
    END IF;

    INSERT INTO armful.experiment_day AS d
        (experiment, allocation_epoch, variant, day, persona_id, impressions, successes, anonymous, anonymous_successes)
    SELECT a.experiment, a.allocation_epoch, a.variant, (a.at AT TIME ZONE 'UTC')::date, coalesce(a.persona_id, ''),
           sum(a.impressions), sum(a.successes), sum(CASE WHEN a.participant_id IS NULL THEN a.impressions ELSE 0 END),
           sum(CASE WHEN a.participant_id IS NULL THEN a.successes ELSE 0 END)
    FROM unnest(p_attributed) AS a
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (experiment, allocation_epoch, variant, day, persona_id) DO UPDATE SET
        impressions = d.impressions + excluded.impressions, successes = d.successes + excluded.successes,
        anonymous = d.anonymous + excluded.anonymous,
        anonymous_successes = d.anonymous_successes + excluded.anonymous_successes;

    IF measured THEN
        INSERT INTO armful.experiment_metric_day AS d
            (experiment, allocation_epoch, variant, day, metric, successes, anonymous, anonymous_squared)
        SELECT a.experiment, a.allocation_epoch, a.variant, (a.at AT TIME ZONE 'UTC')::date, m.key, sum(m.value::numeric),
               sum(CASE WHEN a.participant_id IS NULL THEN m.value::numeric ELSE 0 END),
               sum(coalesce((a.squared ->> m.key)::numeric, 0))
        FROM unnest(p_attributed) AS a CROSS JOIN LATERAL jsonb_each_text(a.by_other_metric) AS m
        GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (experiment, allocation_epoch, variant, day, metric) DO UPDATE SET
            successes = d.successes + excluded.successes, anonymous = d.anonymous + excluded.anonymous,
            anonymous_squared = d.anonymous_squared + excluded.anonymous_squared;
    END IF;

    IF described OR EXISTS (
        SELECT FROM unnest(changes) AS c WHERE (c.after).metadata IS NOT NULL OR (c.after).persona_id IS NOT NULL
    ) THEN
        PERFORM armful.count_segments(p_attributed, changes);
    END IF;
END $$;
