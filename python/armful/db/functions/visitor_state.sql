-- What was reported for a participant of an experiment; zeros for a new one.
CREATE OR REPLACE FUNCTION armful.visitor_state(p armful.experiment_participant) RETURNS armful.visitor_state
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    s armful.visitor_state;
BEGIN
    s.selected := coalesce(p.selected_impressions, 0);
    s.own := coalesce(p.own_impressions, 0);
    s.direct := coalesce(p.direct_impressions, p.impressions - s.selected, 0);
    s.lone := coalesce(p.largest_lone, 0);
    s.successes := coalesce(p.reported_successes, p.successes, 0);
    s.metrics := coalesce(p.reported_metrics, p.metrics, '{}');
    RETURN s;
END $$;
