-- One commit of performance updates in one round trip: who counts, the counters, the log, the rollups, the experiments.
--
-- Every array has an element per update. The outcomes, also one per update:
--   0 counted
--   1 duplicate: the event id was counted before, with this body
--   2 conflict: the event id was counted before, with another body
--   3 nothing left to count: every impression of the selection is a success already
--   4 no such experiment
--   5 the variant is no arm of the experiment
-- Locks are taken in one order everywhere (variants by id, then event ids, then selections), so that writers in several
-- processes wait for each other but never in a circle; whatever belongs to a variant is guarded by its row's lock.
-- The caller names no event id and no (selection, variant) twice in one call.
CREATE FUNCTION record_performance(
    p_batch uuid, p_source uuid, p_deadline timestamptz,
    p_variant bigint[], p_count bigint[], p_impression boolean[], p_success boolean[],
    p_occurred_at timestamptz[], p_persona_id text[], p_experiment_id text[], p_participant_id text[],
    p_selection_id uuid[], p_event_id text[], p_digest bytea[], p_metrics jsonb[], p_metadata jsonb[],
    OUT outcomes smallint[],
    OUT ids bigint[], OUT impressions bigint[], OUT successes bigint[], OUT versions bigint[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    c_most_segment_values CONSTANT integer := 1000;
    size CONSTANT integer := cardinality(p_variant);
    -- What each update adds, where, and for whom; a late success is added where its impression was.
    v_impressions bigint[];
    v_successes bigint[];
    v_hour timestamptz[];
    v_persona text[] := p_persona_id;
    v_late boolean[] := array_fill(false, ARRAY[size]);
    -- One element per (update, experiment it counts in).
    a_item integer[];
    a_experiment bigint[];
    a_variant bigint[];
    a_impressions bigint[];
    a_successes bigint[];
    a_anonymous bigint[];
    a_hour timestamptz[];
    a_persona text[];
    a_participant text[];
    a_metadata jsonb[];
    r record;
BEGIN
    outcomes := array_fill(0::smallint, ARRAY[size]);
    SELECT array_agg(CASE WHEN imp OR suc THEN n ELSE 0 END ORDER BY i),
           array_agg(CASE WHEN suc THEN n ELSE 0 END ORDER BY i),
           array_agg(date_trunc('hour', coalesce(at, now()), 'UTC') ORDER BY i)
    INTO v_impressions, v_successes, v_hour
    FROM unnest(p_count, p_impression, p_success, p_occurred_at) WITH ORDINALITY AS u (n, imp, suc, at, i);

    PERFORM FROM variant_performance WHERE id = ANY (p_variant) ORDER BY id FOR NO KEY UPDATE;

    IF array_remove(p_experiment_id, NULL) <> '{}' THEN
        FOR r IN
            SELECT i, e.id AS experiment
            FROM unnest(p_variant, p_experiment_id) WITH ORDINALITY AS u (variant, name, i)
            LEFT JOIN experiment e ON e.experiment_id = u.name
            LEFT JOIN experiment_arm a ON a.experiment = e.id AND a.variant = u.variant
            WHERE u.name IS NOT NULL AND a.experiment IS NULL
        LOOP
            outcomes[r.i] := CASE WHEN r.experiment IS NULL THEN 4 ELSE 5 END;
        END LOOP;
    END IF;

    IF array_remove(p_event_id, NULL) <> '{}' THEN
        INSERT INTO performance_event_key (event_id, digest, batch)
        SELECT event_id, digest, p_batch
        FROM unnest(p_event_id, p_digest, outcomes) AS u (event_id, digest, outcome)
        WHERE event_id IS NOT NULL AND outcome = 0
        ORDER BY event_id
        ON CONFLICT DO NOTHING;
        FOR r IN
            SELECT i, k.digest = u.digest AS same
            FROM unnest(p_event_id, p_digest, outcomes) WITH ORDINALITY AS u (event_id, digest, outcome, i)
            JOIN performance_event_key k ON k.event_id = u.event_id
            WHERE u.outcome = 0 AND k.batch <> p_batch
        LOOP
            outcomes[r.i] := CASE WHEN r.same THEN 1 ELSE 2 END;
        END LOOP;
    END IF;

    IF array_remove(p_selection_id, NULL) <> '{}' THEN
        FOR r IN
            SELECT i, s.impressions - s.successes AS waiting, s.hour, s.persona_id
            FROM unnest(p_variant, p_impression, p_selection_id, outcomes) WITH ORDINALITY
                AS u (variant, impression, selection, outcome, i)
            JOIN selection_outcome s ON s.selection_id = u.selection AND s.variant = u.variant
            WHERE NOT u.impression AND u.outcome = 0
        LOOP
            v_late[r.i] := true;
            v_impressions[r.i] := 0;
            v_successes[r.i] := least(v_successes[r.i], r.waiting);
            v_hour[r.i] := r.hour;
            v_persona[r.i] := r.persona_id;
            IF r.waiting = 0 THEN
                outcomes[r.i] := 3;
            END IF;
        END LOOP;
    END IF;

    -- The experiments each update counts in: those its impression counted in for a late success, else the one it names,
    -- else every one with its variant; always only while active, and for its persona where one is named.
    SELECT array_agg(i), array_agg(e.id), array_agg(u.variant), array_agg(u.impressions), array_agg(u.successes),
           array_agg(CASE WHEN u.participant IS NULL THEN u.impressions ELSE 0 END),
           array_agg(u.hour), array_agg(coalesce(u.persona, '')),
           array_agg(CASE WHEN NOT u.late THEN u.participant END),
           array_agg(CASE WHEN u.late THEN s.metadata ELSE u.metadata END)
    INTO a_item, a_experiment, a_variant, a_impressions, a_successes, a_anonymous, a_hour, a_persona, a_participant, a_metadata
    FROM unnest(p_variant, v_impressions, v_successes, v_hour, v_persona, p_experiment_id, p_participant_id,
                p_selection_id, v_late, p_metadata, outcomes) WITH ORDINALITY
        AS u (variant, impressions, successes, hour, persona, experiment, participant, selection, late, metadata, outcome, i)
    JOIN experiment_arm a ON a.variant = u.variant
    JOIN experiment e ON e.id = a.experiment
    LEFT JOIN selection_outcome s ON u.late AND s.selection_id = u.selection AND s.variant = u.variant
    WHERE u.outcome = 0
      AND e.status = 'active' AND now() < e.expected_end_time
      AND CASE WHEN u.late THEN e.id = ANY (s.experiments)
               ELSE (u.experiment IS NULL OR u.experiment = e.experiment_id)
                    AND (u.persona IS NULL OR u.persona = e.target_persona) END;

    IF array_remove(p_selection_id, NULL) <> '{}' THEN
        INSERT INTO selection_outcome AS s
            (selection_id, variant, impressions, successes, hour, persona_id, experiments, metadata)
        SELECT u.selection, u.variant, u.impressions, u.successes, u.hour, u.persona,
               coalesce(a.experiments, '{}'), CASE WHEN a.experiments IS NOT NULL THEN u.metadata END
        FROM unnest(p_variant, v_impressions, v_successes, v_hour, v_persona, p_selection_id, v_late, p_metadata, outcomes)
            WITH ORDINALITY AS u (variant, impressions, successes, hour, persona, selection, late, metadata, outcome, i)
        LEFT JOIN (
            SELECT item, array_agg(experiment) AS experiments FROM unnest(a_item, a_experiment) AS a (item, experiment)
            GROUP BY item
        ) AS a ON a.item = u.i AND NOT u.late
        WHERE u.selection IS NOT NULL AND u.outcome = 0
        ORDER BY u.selection, u.variant
        ON CONFLICT (selection_id, variant) DO UPDATE SET
            impressions = s.impressions + excluded.impressions,
            successes = s.successes + excluded.successes;
    END IF;

    WITH added AS (
        SELECT variant, sum(impressions)::bigint AS impressions, sum(successes)::bigint AS successes
        FROM unnest(p_variant, v_impressions, v_successes, outcomes) AS u (variant, impressions, successes, outcome)
        WHERE outcome = 0
        GROUP BY variant
    ), counted AS (
        UPDATE variant_performance v
        SET impressions = v.impressions + added.impressions, successes = v.successes + added.successes, version = version + 1
        FROM added WHERE v.id = added.variant
        RETURNING v.id, v.impressions, v.successes, v.version
    ), logged AS (
        INSERT INTO performance_event
            (occurred_at, variant, impressions, successes, persona_id, experiment_id, participant_id, selection_id,
             event_id, metrics, metadata)
        SELECT at, variant, impressions, successes, persona, experiment, participant, selection, event, metrics, metadata
        FROM unnest(p_occurred_at, p_variant, v_impressions, v_successes, p_persona_id, p_experiment_id, p_participant_id,
                    p_selection_id, p_event_id, p_metrics, p_metadata, outcomes)
            AS u (at, variant, impressions, successes, persona, experiment, participant, selection, event, metrics, metadata, outcome)
        WHERE outcome = 0
    ), rolled_up AS (
        INSERT INTO variant_hour AS h (variant, hour, persona_id, impressions, successes)
        SELECT variant, hour, coalesce(persona, ''), sum(impressions), sum(successes)
        FROM unnest(p_variant, v_hour, v_persona, v_impressions, v_successes, outcomes)
            AS u (variant, hour, persona, impressions, successes, outcome)
        WHERE outcome = 0
        GROUP BY 1, 2, 3
        ON CONFLICT (variant, hour, persona_id) DO UPDATE SET
            impressions = h.impressions + excluded.impressions, successes = h.successes + excluded.successes
    ), unchanged AS (
        SELECT id, impressions, successes, version FROM variant_performance
        WHERE id = ANY (p_variant) AND id NOT IN (SELECT variant FROM added)
    )
    SELECT array_agg(id), array_agg(impressions), array_agg(successes), array_agg(version)
    INTO ids, impressions, successes, versions
    FROM (SELECT * FROM counted UNION ALL SELECT * FROM unchanged) AS totals;

    IF a_item IS NOT NULL THEN
        WITH seen AS (
            INSERT INTO experiment_participant (experiment, participant_id, variant)
            SELECT DISTINCT ON (experiment, participant) experiment, participant, variant
            FROM unnest(a_experiment, a_participant, a_variant) AS u (experiment, participant, variant)
            WHERE participant IS NOT NULL
            ORDER BY experiment, participant
            ON CONFLICT DO NOTHING
            RETURNING experiment, variant
        )
        UPDATE experiment_arm a SET participants = a.participants + seen.new
        FROM (SELECT experiment, variant, count(*) AS new FROM seen GROUP BY experiment, variant) AS seen
        WHERE a.experiment = seen.experiment AND a.variant = seen.variant;

        INSERT INTO experiment_day AS d (experiment, variant, day, persona_id, impressions, successes, anonymous)
        SELECT experiment, variant, (hour AT TIME ZONE 'UTC')::date, persona, sum(impressions), sum(successes), sum(anonymous)
        FROM unnest(a_experiment, a_variant, a_hour, a_persona, a_impressions, a_successes, a_anonymous)
            AS u (experiment, variant, hour, persona, impressions, successes, anonymous)
        GROUP BY 1, 2, 3, 4
        ON CONFLICT (experiment, variant, day, persona_id) DO UPDATE SET
            impressions = d.impressions + excluded.impressions, successes = d.successes + excluded.successes,
            anonymous = d.anonymous + excluded.anonymous;

        IF array_remove(a_metadata, NULL) <> '{}' THEN
            WITH counted AS (
                INSERT INTO experiment_segment AS s (experiment, variant, key, value, impressions, successes)
                SELECT u.experiment, u.variant, m.key, m.value #>> '{}', sum(u.impressions), sum(u.successes)
                FROM unnest(a_experiment, a_variant, a_impressions, a_successes, a_metadata)
                    AS u (experiment, variant, impressions, successes, metadata)
                CROSS JOIN LATERAL jsonb_each(u.metadata) AS m
                WHERE jsonb_typeof(m.value) IN ('string', 'number', 'boolean')
                  AND length(m.key) <= 255 AND length(m.value #>> '{}') <= 255
                  AND NOT EXISTS (
                      SELECT FROM experiment_segment_closed c WHERE c.experiment = u.experiment AND c.key = m.key
                  )
                GROUP BY 1, 2, 3, 4
                ON CONFLICT (experiment, key, value, variant) DO UPDATE SET
                    impressions = s.impressions + excluded.impressions, successes = s.successes + excluded.successes
                RETURNING experiment, key, xmax = 0 AS new
            )
            INSERT INTO experiment_segment_closed (experiment, key)
            SELECT experiment, key
            FROM (SELECT DISTINCT experiment, key FROM counted WHERE new) AS k
            WHERE (
                SELECT count(DISTINCT value) FROM experiment_segment s WHERE s.experiment = k.experiment AND s.key = k.key
            ) >= c_most_segment_values
            ON CONFLICT DO NOTHING;
        END IF;
    END IF;

    -- Last, so that its unique key refuses a second run of a batch whose first run has committed.
    INSERT INTO change (batch, source, kind, variants, outcomes)
    VALUES (p_batch, p_source, 'variants', ids, CASE WHEN 0 <> ANY (outcomes) THEN outcomes END);

    IF clock_timestamp() > p_deadline THEN
        RAISE EXCEPTION 'the caller no longer waits for this commit' USING ERRCODE = 'query_canceled';
    END IF;
END $$;
