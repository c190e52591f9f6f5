-- Gives status 3, nothing left to count, to late successes with metrics for which neither the totals nor a metric of an
-- experiment had an impression left.
CREATE OR REPLACE FUNCTION armful.mark_nothing_left(
    p_outcomes armful.resolved_outcome[], p_attributed armful.attributed_outcome[]
) RETURNS armful.resolved_outcome[] LANGUAGE plpgsql AS $$
DECLARE
    items integer[];
BEGIN
    SELECT array_agg(o.item) INTO items
    FROM unnest(p_outcomes) AS o
    WHERE o.late AND o.successes = 0 AND o.status = 0
      AND NOT EXISTS (SELECT FROM unnest(p_attributed) AS a WHERE a.item = o.item);
    IF items IS NULL THEN
        RETURN p_outcomes;
    END IF;
    RETURN ARRAY(
        SELECT ROW(
            o.item, CASE WHEN o.item = ANY (items) THEN 3 ELSE o.status END, o.variant, o.impressions, o.successes, o.late,
            o.succeeded, o.times, o.at, o.occurred_at, o.persona_id, o.participant_id, o.experiment_id, o.selection_id,
            o.metrics, o.metadata
        )::armful.resolved_outcome
        FROM unnest(p_outcomes) AS o ORDER BY o.item
    );
END $$;
