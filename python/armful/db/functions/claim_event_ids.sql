-- Claims the event ids of a commit: whoever inserts an id counts its outcome. Step 1 of resolve_outcomes.
--
-- Returns `p_statuses`, with 1 (duplicate) or 2 (conflict) where the id was counted before with the same or another digest.
CREATE OR REPLACE FUNCTION armful.claim_event_ids(
    p_batch uuid, p_event_id text[], p_digest bytea[], p_statuses smallint[]
) RETURNS smallint[] LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    statuses smallint[] := p_statuses;
    r record;
BEGIN
    INSERT INTO armful.performance_event_key (event_id, digest, batch)
    SELECT event_id, digest, p_batch
    FROM unnest(p_event_id, p_digest, p_statuses) AS u (event_id, digest, status)
    WHERE event_id IS NOT NULL AND status = 0
    ORDER BY event_id
    ON CONFLICT DO NOTHING;
    FOR r IN
        SELECT i, k.digest = u.digest AS same
        FROM unnest(p_event_id, p_digest, p_statuses) WITH ORDINALITY AS u (event_id, digest, status, i)
        JOIN armful.performance_event_key k ON k.event_id = u.event_id
        WHERE u.status = 0 AND k.batch <> p_batch
    LOOP
        statuses[r.i] := CASE WHEN r.same THEN 1 ELSE 2 END;
    END LOOP;
    RETURN statuses;
END $$;
