-- What selections had counted before a commit that tells more of who saw them: a participant who was not known, or what their
-- impression says. It moves to where it would have been counted, had that been known at once. Part of resolve_outcomes.
--
-- Returns an outcome for those of the outcomes `p_items` of which that is true. They are the first of selections whose participant
-- was not known. It counts nothing for the
-- variant, but for its participant.
CREATE OR REPLACE FUNCTION armful.moved_selections(p_outcomes armful.resolved_outcome[], p_items integer[])
RETURNS armful.resolved_outcome[] LANGUAGE sql AS $$
    SELECT array_agg(ROW(
        o.item, 0, o.variant, 0, 0, false, false, 0, o.at, NULL, o.persona_id, o.participant_id, o.experiment_id, o.selection_id,
        NULL, NULL, true, (o.selection).impressions - coalesce((o.selection).reported_impressions, (o.selection).impressions),
        o.selection, o.described, NULL, true
    )::armful.resolved_outcome)
    FROM unnest(p_outcomes) AS o
    WHERE o.item = ANY (p_items) AND (
        o.participant_id IS NOT NULL
        OR (o.selection).experiments <> '{}' AND (
            (o.selection).persona_id IS DISTINCT FROM o.persona_id OR (o.selection).metadata IS DISTINCT FROM o.described
            OR ((o.selection).at AT TIME ZONE 'UTC')::date <> (o.at AT TIME ZONE 'UTC')::date
        )
    )
$$;
