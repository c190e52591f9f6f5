-- Works out of each outcome of a commit whether it counts, and what it adds to its variant. The first part of counting;
-- record_outcomes says what the arrays are. The variants are locked.
--
-- A success without an impression is late: it belongs to an impression that was counted before, under the same selection or,
-- where no selection is named, the participant's in an experiment. It then takes that impression's time, persona and
-- participant, and adds as many successes as that has impressions without one. Where there is no such impression it counts
-- as an impression of its own.
--
-- LIMIT has impressions looked up one by one, by index: their tables are large, and a plan made when they were small would
-- stay in use.
CREATE OR REPLACE FUNCTION armful.resolve_outcomes(
    p_batch uuid,
    p_variant bigint[], p_impression boolean[], p_count bigint[], p_successes bigint[],
    p_occurred_at timestamptz[], p_persona_id text[], p_experiment_id text[], p_participant_id text[],
    p_selection_id uuid[], p_event_id text[], p_digest bytea[], p_metrics jsonb[], p_metadata jsonb[]
) RETURNS armful.resolved_outcome[] LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    size CONSTANT integer := cardinality(p_variant);
    statuses smallint[] := array_fill(0::smallint, ARRAY[size]);
    impressions bigint[] := p_count;
    successes bigint[] := p_successes;
    late boolean[] := array_fill(false, ARRAY[size]);
    at timestamptz[] := coalesce(p_occurred_at, array_fill(NULL::timestamptz, ARRAY[size]));
    persona text[] := coalesce(p_persona_id, array_fill(NULL::text, ARRAY[size]));
    participant text[] := coalesce(p_participant_id, array_fill(NULL::text, ARRAY[size]));
    dependent bigint[];
    r record;
BEGIN
    IF p_experiment_id IS NOT NULL THEN
        FOR r IN
            SELECT i, e.id AS experiment
            FROM unnest(p_variant, p_experiment_id) WITH ORDINALITY AS u (variant, name, i)
            LEFT JOIN armful.experiment e ON e.experiment_id = u.name
            LEFT JOIN armful.experiment_arm a ON a.experiment = e.id AND a.variant = u.variant
            WHERE u.name IS NOT NULL AND a.experiment IS NULL
        LOOP
            statuses[r.i] := CASE WHEN r.experiment IS NULL THEN 4 ELSE 5 END;
        END LOOP;
    END IF;

    IF p_event_id IS NOT NULL THEN
        statuses := armful.claim_event_ids(p_batch, p_event_id, p_digest, statuses);
    END IF;

    IF p_selection_id IS NOT NULL AND false = ANY (p_impression) THEN
        FOR r IN
            -- A participant's successes are bounded by their impressions, whether they are told by selection or by name.
            SELECT i, least(s.impressions - s.successes, p.waiting) AS waiting, s.at, s.persona_id, s.participant_id,
                   u.metrics IS NOT NULL AS measures,
                   (SELECT bool_and(coalesce(
                        coalesce(u.at, now()) > s.at + make_interval(days => e.attribution_days), false
                    ))
                    FROM armful.experiment e WHERE e.id = ANY (s.experiments)) AS too_late
            FROM unnest(p_variant, p_impression, p_selection_id, p_occurred_at, p_metrics, statuses) WITH ORDINALITY
                AS u (variant, impression, selection, at, metrics, status, i)
            JOIN LATERAL (
                SELECT * FROM armful.selection_outcome s
                WHERE s.selection_id = u.selection AND s.variant = u.variant LIMIT 1
            ) AS s ON true
            LEFT JOIN LATERAL (
                SELECT min(p.impressions - p.successes) AS waiting FROM armful.experiment_participant p
                WHERE p.experiment = ANY (s.experiments) AND p.participant_id = s.participant_id AND p.variant = s.variant
            ) AS p ON true
            WHERE NOT u.impression AND u.status = 0
        LOOP
            late[r.i] := true;
            impressions[r.i] := 0;
            successes[r.i] := least(successes[r.i], r.waiting);
            at[r.i] := r.at;
            persona[r.i] := r.persona_id;
            participant[r.i] := r.participant_id;
            statuses[r.i] := CASE WHEN r.too_late THEN 6 WHEN r.waiting = 0 AND NOT r.measures THEN 3 ELSE 0 END;
        END LOOP;
    END IF;

    IF p_participant_id IS NOT NULL AND false = ANY (p_impression) THEN
        FOR r IN
            SELECT i, max(p.impressions - p.successes) AS waiting, max(p.last_impression) AS at,
                   max(p.persona_id) AS persona_id, bool_or(u.metrics IS NOT NULL) AS measures,
                   bool_and(coalesce(
                       coalesce(u.at, now()) > p.last_impression + make_interval(days => e.attribution_days), false
                   )) AS too_late
            FROM unnest(p_variant, p_impression, p_experiment_id, p_participant_id, p_selection_id, p_occurred_at,
                        p_metrics, statuses)
                WITH ORDINALITY AS u (variant, impression, experiment, participant, selection, at, metrics, status, i)
            JOIN armful.experiment_arm a ON a.variant = u.variant
            JOIN armful.experiment e ON e.id = a.experiment
            JOIN LATERAL (
                SELECT * FROM armful.experiment_participant p
                WHERE p.experiment = e.id AND p.participant_id = u.participant LIMIT 1
            ) AS p ON p.variant = u.variant
            WHERE NOT u.impression AND u.status = 0 AND u.selection IS NULL AND p.impressions > 0
              AND (u.experiment IS NULL OR u.experiment = e.experiment_id)
              AND (e.status = 'active' AND now() < e.expected_end_time OR e.attribution_days IS NOT NULL)
            GROUP BY i
        LOOP
            late[r.i] := true;
            impressions[r.i] := 0;
            successes[r.i] := least(successes[r.i], r.waiting);
            at[r.i] := r.at;
            persona[r.i] := r.persona_id;
            statuses[r.i] := CASE WHEN r.too_late THEN 6 WHEN r.waiting = 0 AND NOT r.measures THEN 3 ELSE 0 END;
        END LOOP;
    END IF;

    IF true = ANY (late) AND size > 1 THEN
        -- A success by its selection alone may belong to a participant that other outcomes name. They must be counted before it.
        SELECT array_agg(i ORDER BY i) INTO dependent
        FROM (
            SELECT i, late, count(*) OVER (PARTITION BY participant ORDER BY i) AS number
            FROM unnest(late, statuses, participant) WITH ORDINALITY AS u (late, status, participant, i)
            WHERE status = 0 AND participant IS NOT NULL
        ) AS u
        WHERE late AND number > 1;
        IF dependent IS NOT NULL THEN
            RAISE EXCEPTION 'outcomes of a participant depend on each other' USING ERRCODE = 'AR001', DETAIL = dependent::text;
        END IF;
    END IF;

    RETURN ARRAY(
        SELECT ROW(
            i, u.status, u.variant, u.impressions, u.successes, u.late, u.reported > 0, u.count, coalesce(u.at, now()),
            u.occurred_at, u.persona, u.participant, u.experiment, u.selection, u.metrics, u.metadata
        )::armful.resolved_outcome
        FROM unnest(statuses, p_variant, impressions, successes, late, p_successes, p_count, at, p_occurred_at,
                    persona, participant, p_experiment_id, p_selection_id, p_metrics, p_metadata) WITH ORDINALITY
            AS u (status, variant, impressions, successes, late, reported, count, at, occurred_at,
                  persona, participant, experiment, selection, metrics, metadata, i)
        ORDER BY i
    );
END $$;
