-- Counts the participants of outcomes in the report of the global holdout: who is new, and who has converted for the first time.
-- Returns the outcomes; those of held-out participants get status 3, so that no policy learns from them.
-- Called once it is settled what the outcomes add. Without a holdout it does nothing.
--
-- Participants are written in the order of their ids, and then the sums in the order of their keys, so that writers in several
-- processes wait for each other but never in a circle.
CREATE OR REPLACE FUNCTION armful.count_in_holdout(p_outcomes armful.resolved_outcome[])
RETURNS armful.resolved_outcome[] LANGUAGE plpgsql AS $$
DECLARE
    outcomes armful.resolved_outcome[] := p_outcomes;
    holdout armful.holdout;
    one armful.resolved_outcome;
    place integer;
    untouched text[];
BEGIN
    SELECT * INTO holdout FROM armful.holdout;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM unnest(outcomes) AS o WHERE o.status = 0 AND o.participant_id IS NOT NULL) THEN
        RETURN outcomes;
    END IF;
    -- Each participant is hashed once.
    SELECT coalesce(array_agg(p.participant_id), '{}') INTO untouched
    FROM (SELECT DISTINCT o.participant_id FROM unnest(outcomes) AS o WHERE o.status = 0) AS p
    WHERE armful.unit_hash(holdout.salt, p.participant_id) < holdout.share;

    WITH seen AS (
        INSERT INTO armful.holdout_participant AS p (participant_id, held_out, converted, day, share)
        SELECT o.participant_id, bool_or(u.participant_id IS NOT NULL), bool_or(o.successes > 0),
               greatest(min((o.at AT TIME ZONE 'UTC')::date), (holdout.started_at AT TIME ZONE 'UTC')::date), holdout.share
        FROM unnest(outcomes) AS o
        LEFT JOIN unnest(untouched) AS u (participant_id) ON u.participant_id = o.participant_id
        WHERE o.status = 0 AND o.participant_id IS NOT NULL
        GROUP BY o.participant_id
        HAVING bool_or(o.impressions > 0 OR o.successes > 0)
        ORDER BY o.participant_id
        ON CONFLICT (participant_id) DO UPDATE SET converted = true WHERE excluded.converted AND NOT p.converted
        -- A row that was there before has been locked by this transaction, so its xmax is not 0.
        RETURNING p.share, p.held_out, p.day, p.converted, p.xmax = 0 AS is_new
    )
    INSERT INTO armful.holdout_total AS t (share, held_out, day, slot, participants, converted)
    SELECT s.share, s.held_out, s.day, pg_backend_pid() % 16, count(*) FILTER (WHERE s.is_new), count(*) FILTER (WHERE s.converted)
    FROM seen AS s GROUP BY s.share, s.held_out, s.day
    ORDER BY s.share, s.held_out, s.day
    ON CONFLICT (share, held_out, day, slot) DO UPDATE SET
        participants = t.participants + excluded.participants, converted = t.converted + excluded.converted;

    IF untouched <> '{}' THEN
        FOR place IN
            SELECT o.place
            FROM (SELECT o.status, o.participant_id, row_number() OVER () AS place FROM unnest(outcomes) AS o) AS o
            JOIN unnest(untouched) AS u (participant_id) ON u.participant_id = o.participant_id
            WHERE o.status = 0
        LOOP
            one := outcomes[place];
            one.status := 3;
            outcomes[place] := one;
        END LOOP;
    END IF;
    RETURN outcomes;
END $$;
