-- Claims the event ids of a commit: whoever inserts an id counts its outcome. Step 1 of resolve_outcomes.
--
-- An id that several outcomes of the commit have belongs to the first of them. Returns `p_statuses`, with 2 (conflict) where the
-- id belongs to another outcome with another digest, and with 1 or 7 (duplicate) where it belongs to one with the same digest: 7
-- if nothing was counted of that one.
CREATE OR REPLACE FUNCTION armful.claim_event_ids(
    p_batch uuid, p_event_id text[], p_digest bytea[], p_statuses smallint[]
) RETURNS smallint[] LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    statuses smallint[] := p_statuses;
    r record;
BEGIN
    INSERT INTO armful.performance_event_key (event_id, digest, batch)
    SELECT DISTINCT ON (event_id) event_id, digest, p_batch
    FROM unnest(p_event_id, p_digest, p_statuses) WITH ORDINALITY AS u (event_id, digest, status, i)
    WHERE event_id IS NOT NULL AND status = 0
    ORDER BY event_id, i
    ON CONFLICT DO NOTHING;
    FOR r IN
        SELECT i, k.digest = u.digest AS same, k.counted
        FROM (
            SELECT event_id, digest, i, row_number() OVER (PARTITION BY event_id ORDER BY i) > 1 AS repeated
            FROM unnest(p_event_id, p_digest, p_statuses) WITH ORDINALITY AS u (event_id, digest, status, i)
            WHERE event_id IS NOT NULL AND status = 0
        ) AS u
        JOIN armful.performance_event_key k ON k.event_id = u.event_id
        WHERE u.repeated OR k.batch <> p_batch
    LOOP
        statuses[r.i] := CASE WHEN NOT r.same THEN 2 WHEN r.counted THEN 1 ELSE 7 END;
    END LOOP;
    RETURN statuses;
END $$;
