-- One commit of performance updates in one round trip: who counts, the counters, the log, the rollups, the experiments.
--
-- Every array has an element per update, or is null where all its elements would be. The outcomes, also one per update:
--   0 counted
--   1 duplicate: the event id was counted before, with this body
--   2 conflict: the event id was counted before, with another body
--   3 nothing left to count: every impression it could turn is a success already
--   4 no such experiment
--   5 the variant is no arm of the experiment
--   6 too late: the attribution window of its impression has closed in every experiment the impression counted in
-- Locks are taken in one order everywhere (variants by id, then event ids, then selections, then participants), so that
-- writers in several processes wait for each other but never in a circle; whatever belongs to a variant is guarded by its
-- row's lock. The caller names no event id, no participant and no (selection, variant) twice in one call.

-- A metric's value in an update: what its `metrics` say, else `otherwise`.
CREATE FUNCTION metric_value(metrics jsonb, metric text, otherwise boolean) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((metrics ->> metric)::boolean, otherwise)
$$;

-- Two objects of counts added up, key by key.
CREATE FUNCTION add_counts(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN b = '{}' THEN a ELSE a || (
        SELECT jsonb_object_agg(key, coalesce((a ->> key)::bigint, 0) + value::bigint) FROM jsonb_each_text(b)
    ) END
$$;

-- Objects of counts put together; a key that stands in several has the same count in each.
CREATE AGGREGATE merge_counts(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}');

CREATE FUNCTION record_performance(
    p_batch uuid, p_source uuid, p_deadline timestamptz,
    p_variant bigint[], p_impression boolean[], p_count bigint[], p_successes bigint[],
    p_occurred_at timestamptz[], p_persona_id text[], p_experiment_id text[], p_participant_id text[],
    p_selection_id uuid[], p_event_id text[], p_digest bytea[], p_metrics jsonb[], p_metadata jsonb[],
    OUT outcomes smallint[],
    OUT ids bigint[], OUT impressions bigint[], OUT successes bigint[], OUT versions bigint[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    c_most_segment_values CONSTANT integer := 1000;
    size CONSTANT integer := cardinality(p_variant);
    -- What each update adds, when, and for whom; a late success is added where its impression was.
    v_impressions bigint[] := p_count;
    v_successes bigint[] := p_successes;
    v_at timestamptz[] := array_fill(now(), ARRAY[size]);
    v_persona text[] := coalesce(p_persona_id, array_fill(NULL::text, ARRAY[size]));
    v_participant text[] := coalesce(p_participant_id, array_fill(NULL::text, ARRAY[size]));
    v_late boolean[] := array_fill(false, ARRAY[size]);
    -- One element per (update, experiment it counts in).
    a_item integer[];
    a_experiment bigint[];
    a_regime bigint[];
    a_variant bigint[];
    a_impressions bigint[];
    a_successes bigint[];
    a_anonymous bigint[];
    a_new boolean[];  -- the first that is heard of this participant
    a_metrics jsonb[];  -- successes by metric
    a_at timestamptz[];
    a_persona text[];
    a_metadata jsonb[];
    r record;
BEGIN
    outcomes := array_fill(0::smallint, ARRAY[size]);
    IF p_occurred_at IS NOT NULL THEN
        SELECT array_agg(coalesce(at, now()) ORDER BY i) INTO v_at FROM unnest(p_occurred_at) WITH ORDINALITY AS u (at, i);
    END IF;

    PERFORM FROM variant_performance WHERE id = ANY (p_variant) ORDER BY id FOR NO KEY UPDATE;

    IF p_experiment_id IS NOT NULL THEN
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

    IF p_event_id IS NOT NULL THEN
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

    -- Late successes: of an impression counted under the same selection or, where no selection is named, of the
    -- participant's impression in an experiment.
    IF p_selection_id IS NOT NULL THEN
        FOR r IN
            -- A participant's successes are bounded by their impressions, whether they are told by selection or by name.
            SELECT i, least(s.impressions - s.successes, p.waiting) AS waiting, s.at, s.persona_id, s.participant_id,
                   u.metrics IS NOT NULL AS measures,
                   (SELECT bool_and(coalesce(u.at > s.at + make_interval(days => e.attribution_days), false))
                    FROM experiment e WHERE e.id = ANY (s.experiments)) AS too_late
            FROM unnest(p_variant, p_impression, p_selection_id, v_at, p_metrics, outcomes) WITH ORDINALITY
                AS u (variant, impression, selection, at, metrics, outcome, i)
            JOIN selection_outcome s ON s.selection_id = u.selection AND s.variant = u.variant
            LEFT JOIN LATERAL (
                SELECT min(p.impressions - p.successes) AS waiting FROM experiment_participant p
                WHERE p.experiment = ANY (s.experiments) AND p.participant_id = s.participant_id AND p.variant = s.variant
            ) AS p ON true
            WHERE NOT u.impression AND u.outcome = 0
        LOOP
            v_late[r.i] := true;
            v_participant[r.i] := coalesce(r.participant_id, v_participant[r.i]);
            v_impressions[r.i] := 0;
            v_successes[r.i] := least(v_successes[r.i], r.waiting);
            v_at[r.i] := r.at;
            v_persona[r.i] := r.persona_id;
            outcomes[r.i] := CASE WHEN r.too_late THEN 6 WHEN r.waiting = 0 AND NOT r.measures THEN 3 ELSE 0 END;
        END LOOP;
    END IF;
    IF p_participant_id IS NOT NULL THEN
        FOR r IN
            SELECT i, max(p.impressions - p.successes) AS waiting, max(p.last_impression) AS at, max(p.persona_id) AS persona_id,
                   bool_or(u.metrics IS NOT NULL) AS measures,
                   bool_and(coalesce(u.at > p.last_impression + make_interval(days => e.attribution_days), false)) AS too_late
            FROM unnest(p_variant, p_impression, p_experiment_id, p_participant_id, p_selection_id, v_at, p_metrics, outcomes)
                WITH ORDINALITY AS u (variant, impression, experiment, participant, selection, at, metrics, outcome, i)
            JOIN experiment_arm a ON a.variant = u.variant
            JOIN experiment e ON e.id = a.experiment
            JOIN experiment_participant p ON p.experiment = e.id AND p.participant_id = u.participant AND p.variant = u.variant
            WHERE NOT u.impression AND u.outcome = 0 AND u.selection IS NULL AND p.impressions > 0
              AND (u.experiment IS NULL OR u.experiment = e.experiment_id)
              AND (e.status IN ('active', 'completed') AND (now() < e.expected_end_time OR e.attribution_days IS NOT NULL))
            GROUP BY i
        LOOP
            v_late[r.i] := true;
            v_impressions[r.i] := 0;
            v_successes[r.i] := least(v_successes[r.i], r.waiting);
            v_at[r.i] := r.at;
            v_persona[r.i] := r.persona_id;
            outcomes[r.i] := CASE WHEN r.too_late THEN 6 WHEN r.waiting = 0 AND NOT r.measures THEN 3 ELSE 0 END;
        END LOOP;
    END IF;

    -- The experiments each update counts in: those its impression counted in for a late success, else the one it names,
    -- else every one with its variant; always only while active (a late success within its window also after the planned
    -- end), and for its persona where one is named.
    IF EXISTS (SELECT FROM experiment_arm WHERE variant = ANY (p_variant)) THEN
    SELECT array_agg(i), array_agg(e.id), array_agg(g.regime), array_agg(u.variant), array_agg(u.impressions),
           array_agg(m.successes), array_agg(CASE WHEN u.participant IS NULL THEN u.impressions ELSE 0 END),
           array_agg(u.participant IS NOT NULL AND NOT u.late AND coalesce(p.impressions, 0) = 0),
           array_agg(m.by_metric), array_agg(u.at), array_agg(u.persona),
           array_agg(CASE WHEN NOT u.late THEN u.metadata WHEN u.selection IS NULL THEN p.metadata ELSE s.metadata END)
    INTO a_item, a_experiment, a_regime, a_variant, a_impressions, a_successes, a_anonymous, a_new, a_metrics, a_at,
         a_persona, a_metadata
    FROM unnest(p_variant, p_count, p_successes, v_impressions, v_at, v_persona, p_experiment_id, v_participant, p_selection_id,
                v_late, p_metrics, p_metadata, p_occurred_at, outcomes) WITH ORDINALITY
        AS u (variant, n, successes, impressions, at, persona, experiment, participant, selection, late, metrics, metadata, occurred_at,
              outcome, i)
    JOIN experiment_arm a ON a.variant = u.variant
    JOIN experiment e ON e.id = a.experiment
    LEFT JOIN selection_outcome s ON u.late AND s.selection_id = u.selection AND s.variant = u.variant
    LEFT JOIN experiment_participant p ON p.experiment = e.id AND p.participant_id = u.participant
    CROSS JOIN LATERAL (
        SELECT CASE WHEN s.selection_id IS NOT NULL THEN s.regimes[array_position(s.experiments, e.id)]
                    ELSE coalesce(p.regime, e.regime) END AS regime,
               CASE WHEN s.selection_id IS NOT NULL THEN s.impressions ELSE p.impressions END AS impressions,
               coalesce(s.metrics, p.metrics) AS metrics
    ) AS g
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(n) FILTER (WHERE position = 1), 0)::bigint AS successes, coalesce(jsonb_object_agg(metric, n), '{}') AS by_metric
        FROM (
            SELECT name AS metric, position,
                   CASE WHEN u.late THEN least(u.n, g.impressions - coalesce((g.metrics ->> name)::bigint, 0)) ELSE u.n END AS n
            FROM unnest(e.success_metrics || e.guardrail_metrics) WITH ORDINALITY AS names (name, position)
            WHERE metric_value(u.metrics, name, u.successes > 0 AND position = 1)
        ) AS values
        WHERE n > 0
    ) AS m
    WHERE u.outcome = 0
      AND CASE WHEN u.late
               THEN (s.selection_id IS NULL OR e.id = ANY (s.experiments))
                    AND (s.selection_id IS NOT NULL OR (p.variant = u.variant AND p.impressions > 0))
                    AND (u.experiment IS NULL OR u.experiment = e.experiment_id)
                    AND CASE WHEN e.attribution_days IS NULL THEN e.status = 'active' AND now() < e.expected_end_time
                             ELSE e.status IN ('active', 'completed')
                                  AND coalesce(u.occurred_at, now()) <= u.at + make_interval(days => e.attribution_days) END
               ELSE e.status = 'active' AND now() < e.expected_end_time
                    AND (u.experiment IS NULL OR u.experiment = e.experiment_id)
                    AND (u.persona IS NULL OR u.persona = e.target_persona) END;
    END IF;

    IF p_selection_id IS NOT NULL THEN
        INSERT INTO selection_outcome AS s
            (selection_id, variant, impressions, successes, metrics, at, persona_id, participant_id, experiments, regimes, metadata)
        SELECT u.selection, u.variant, u.impressions, u.successes, coalesce(a.metrics, '{}'), u.at, u.persona, u.participant,
               coalesce(a.experiments, '{}'), coalesce(a.regimes, '{}'), CASE WHEN a.experiments IS NOT NULL THEN u.metadata END
        FROM unnest(p_variant, v_impressions, v_successes, v_at, v_persona, v_participant, p_selection_id, p_metadata, outcomes)
            WITH ORDINALITY AS u (variant, impressions, successes, at, persona, participant, selection, metadata, outcome, i)
        LEFT JOIN (
            SELECT item, array_agg(experiment) AS experiments, array_agg(regime) AS regimes,
                   merge_counts(metrics) AS metrics
            FROM unnest(a_item, a_experiment, a_regime, a_metrics) AS a (item, experiment, regime, metrics)
            GROUP BY item
        ) AS a ON a.item = u.i
        WHERE u.selection IS NOT NULL AND u.outcome = 0
        ORDER BY u.selection, u.variant
        ON CONFLICT (selection_id, variant) DO UPDATE SET
            impressions = s.impressions + excluded.impressions,
            successes = s.successes + excluded.successes,
            metrics = add_counts(s.metrics, excluded.metrics);
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
        SELECT variant, date_trunc('hour', at, 'UTC'), coalesce(persona, ''), sum(impressions), sum(successes)
        FROM unnest(p_variant, v_at, v_persona, v_impressions, v_successes, outcomes)
            AS u (variant, at, persona, impressions, successes, outcome)
        WHERE outcome = 0
        GROUP BY 1, 2, 3
        ON CONFLICT (variant, hour, persona_id) DO UPDATE SET
            impressions = h.impressions + excluded.impressions, successes = h.successes + excluded.successes
    )
    SELECT array_agg(id), array_agg(impressions), array_agg(successes), array_agg(version)
    INTO ids, impressions, successes, versions
    FROM counted;
    IF 0 <> ANY (outcomes) THEN
        SELECT array_agg(id), array_agg(impressions), array_agg(successes), array_agg(version)
        INTO ids, impressions, successes, versions
        FROM variant_performance WHERE id = ANY (p_variant);
    END IF;

    IF a_item IS NOT NULL THEN
        -- Participants: whom each impression was shown to, so that its success finds it.
        WITH told AS (
            SELECT a.experiment, u.participant, a.regime, a.variant, u.impressions, u.successes, a.metrics, a.at, a.persona, a.metadata,
                   u.late
            FROM unnest(a_item, a_experiment, a_regime, a_variant, a_metrics, a_at, a_persona, a_metadata)
                AS a (item, experiment, regime, variant, metrics, at, persona, metadata)
            JOIN unnest(v_participant, v_impressions, v_successes, v_late) WITH ORDINALITY
                AS u (participant, impressions, successes, late, i) ON u.i = a.item
            WHERE u.participant IS NOT NULL
            ORDER BY a.experiment, u.participant
        )
        INSERT INTO experiment_participant AS p
            (experiment, participant_id, regime, variant, impressions, successes, metrics, last_impression, persona_id, metadata)
        SELECT experiment, participant, regime, variant, impressions, successes, metrics, at, persona, metadata FROM told
        ON CONFLICT (experiment, participant_id) DO UPDATE SET
            impressions = p.impressions + excluded.impressions,
            successes = p.successes + excluded.successes,
            metrics = add_counts(p.metrics, excluded.metrics),
            last_impression = greatest(p.last_impression, excluded.last_impression),
            persona_id = coalesce(excluded.persona_id, p.persona_id),
            metadata = coalesce(excluded.metadata, p.metadata)
        WHERE p.variant = excluded.variant;

        UPDATE experiment_share s SET participants = s.participants + seen.new
        FROM (
            SELECT regime, variant, count(*) AS new FROM unnest(a_regime, a_variant, a_new) AS a (regime, variant, new)
            WHERE a.new GROUP BY 1, 2
        ) AS seen
        WHERE s.regime = seen.regime AND s.variant = seen.variant;

        INSERT INTO experiment_day AS d (experiment, regime, variant, day, persona_id, impressions, successes, anonymous)
        SELECT experiment, regime, variant, (at AT TIME ZONE 'UTC')::date, coalesce(persona, ''), sum(impressions),
               sum(successes), sum(anonymous)
        FROM unnest(a_experiment, a_regime, a_variant, a_at, a_persona, a_impressions, a_successes, a_anonymous)
            AS u (experiment, regime, variant, at, persona, impressions, successes, anonymous)
        GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (experiment, regime, variant, day, persona_id) DO UPDATE SET
            impressions = d.impressions + excluded.impressions, successes = d.successes + excluded.successes,
            anonymous = d.anonymous + excluded.anonymous;

        INSERT INTO experiment_metric_day AS d (experiment, regime, variant, day, metric, successes)
        SELECT u.experiment, u.regime, u.variant, (u.at AT TIME ZONE 'UTC')::date, m.key, sum(m.value::bigint)
        FROM unnest(a_experiment, a_regime, a_variant, a_at, a_metrics) AS u (experiment, regime, variant, at, metrics)
        JOIN experiment e ON e.id = u.experiment
        CROSS JOIN LATERAL jsonb_each_text(u.metrics) AS m
        WHERE m.key <> e.success_metrics[1]
        GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (experiment, regime, variant, day, metric) DO UPDATE SET successes = d.successes + excluded.successes;

        IF array_remove(a_metadata, NULL) <> '{}' THEN
            WITH counted AS (
                INSERT INTO experiment_segment AS s (experiment, phase, variant, key, value, impressions, successes)
                SELECT u.experiment, g.phase, u.variant, m.key, m.value #>> '{}', sum(u.impressions), sum(u.successes)
                FROM unnest(a_experiment, a_regime, a_variant, a_impressions, a_successes, a_metadata)
                    AS u (experiment, regime, variant, impressions, successes, metadata)
                JOIN experiment_regime g ON g.id = u.regime
                CROSS JOIN LATERAL jsonb_each(u.metadata) AS m
                WHERE jsonb_typeof(m.value) IN ('string', 'number', 'boolean')
                  AND length(m.key) <= 255 AND length(m.value #>> '{}') <= 255
                  AND NOT EXISTS (
                      SELECT FROM experiment_segment_closed c WHERE c.experiment = u.experiment AND c.key = m.key
                  )
                GROUP BY 1, 2, 3, 4, 5
                ON CONFLICT (experiment, key, value, phase, variant) DO UPDATE SET
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
