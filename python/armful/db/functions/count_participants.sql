-- Writes down participants as they are now, so that later reports find them, and counts the participants of each variant. Part of
-- apply_to_experiments. Returns the changes that were made.
CREATE OR REPLACE FUNCTION armful.count_participants(p_changes armful.participant_change[])
RETURNS armful.participant_change[] LANGUAGE plpgsql AS $$
DECLARE
    changes armful.participant_change[];
BEGIN
    WITH written AS (
        INSERT INTO armful.experiment_participant AS p
            (experiment, participant_id, allocation_epoch, variant, assigned, impressions, successes, metrics,
             first_impression, last_impression, persona_id, metadata, direct_impressions, selected_impressions, own_impressions,
             largest_lone, reported_successes, reported_metrics)
        SELECT (c.after).experiment, (c.after).participant_id, (c.after).allocation_epoch, (c.after).variant, false,
               (c.after).impressions, (c.after).successes, (c.after).metrics, (c.after).first_impression,
               (c.after).last_impression, (c.after).persona_id, (c.after).metadata, (c.after).direct_impressions,
               (c.after).selected_impressions, (c.after).own_impressions, (c.after).largest_lone,
               (c.after).reported_successes, (c.after).reported_metrics
        FROM unnest(p_changes) AS c
        ORDER BY 1, 2
        ON CONFLICT (experiment, participant_id) DO UPDATE SET
            impressions = excluded.impressions, successes = excluded.successes, metrics = excluded.metrics,
            first_impression = excluded.first_impression, last_impression = excluded.last_impression,
            -- Somebody may have assigned them at this moment.
            persona_id = coalesce(excluded.persona_id, p.persona_id), metadata = coalesce(excluded.metadata, p.metadata),
            direct_impressions = excluded.direct_impressions, selected_impressions = excluded.selected_impressions,
            own_impressions = excluded.own_impressions, largest_lone = excluded.largest_lone,
            reported_successes = excluded.reported_successes, reported_metrics = excluded.reported_metrics
        -- And another variant.
        WHERE p.variant = excluded.variant
        RETURNING p AS after
    )
    SELECT array_agg(ROW(c.before, w.after)::armful.participant_change) INTO changes
    FROM written AS w
    JOIN unnest(p_changes) AS c
      ON (c.after).experiment = (w.after).experiment AND (c.after).participant_id = (w.after).participant_id;

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
