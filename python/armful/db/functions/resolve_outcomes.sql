-- Works out of each outcome of a commit whether it counts, and what it adds to its variant. The first part of counting;
-- record_outcomes says what the arrays are. The variants are locked.
--
-- A success without an impression brings its own, so that it adds one impression and one success. Not so where an impression is
-- known that it can turn into a success: one of the same selection (here) or of the same participant (settle_participants). The
-- result is the one that the same reports have if the impressions come first, whatever their order. With I impressions and S
-- successes reported for a variant of a selection, I impressions count; if I is 0, as many as one report had successes at most. Of
-- the successes, no more than that count. An impression that is reported after its success therefore adds nothing.
--
-- Who saw a selection, when, and with which metadata is what its impressions say. What its successes say stands until then.
--
-- LIMIT has selections looked up one by one, by index: their table is large, and a plan made when it was small would stay in use.
CREATE OR REPLACE FUNCTION armful.resolve_outcomes(
    p_batch uuid,
    p_variant bigint[], p_impression boolean[], p_count bigint[], p_successes bigint[],
    p_occurred_at timestamptz[], p_persona_id text[], p_experiment_id text[], p_participant_id text[],
    p_selection_id uuid[], p_event_id text[], p_digest bytea[], p_metrics jsonb[], p_metadata jsonb[], p_value double precision[]
) RETURNS armful.resolved_outcome[] LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    size CONSTANT integer := cardinality(p_variant);
    statuses smallint[] := array_fill(0::smallint, ARRAY[size]);
    impressions bigint[] := p_count;
    successes bigint[] := p_successes;
    late boolean[] := array_fill(false, ARRAY[size]);
    own bigint[];
    at timestamptz[] := coalesce(p_occurred_at, array_fill(NULL::timestamptz, ARRAY[size]));
    persona text[] := coalesce(p_persona_id, array_fill(NULL::text, ARRAY[size]));
    participant text[] := coalesce(p_participant_id, array_fill(NULL::text, ARRAY[size]));
    described jsonb[] := p_metadata;
    selections armful.selection_outcome[];
    moved integer[];
    reported bigint;  -- impressions of the selection
    lone bigint;      -- its largest number of successes in a report without an impression
    succeeded bigint; -- its successes as reported
    shown bigint;     -- its impressions that count
    turned bigint;    -- its successes that count
    outcomes armful.resolved_outcome[];
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

    IF p_selection_id IS NOT NULL THEN
        own := array_fill(NULL::bigint, ARRAY[size]);
        described := coalesce(p_metadata, array_fill(NULL::jsonb, ARRAY[size]));
        selections := array_fill(NULL::armful.selection_outcome, ARRAY[size]);
        FOR r IN
            SELECT i, u.impression, u.count, u.successes, row_number() OVER visit_order AS number,
                   CASE WHEN s.selection_id IS NOT NULL THEN s.whole END AS selection,
                   coalesce(s.reported_impressions, s.impressions, 0) AS reported, coalesce(s.impressions, 0) AS shown,
                   coalesce(s.reported_successes, s.successes, 0) AS succeeded, coalesce(s.successes, 0) AS turned,
                   coalesce(s.participant_id, min(u.participant) OVER visit) AS participant,
                   CASE WHEN seen.before THEN least(s.at, min(u.at) FILTER (WHERE u.impression) OVER visit)
                        ELSE coalesce(min(u.at) FILTER (WHERE u.impression) OVER visit, least(s.at, min(u.at) OVER visit)) END AS at,
                   CASE WHEN seen.before THEN coalesce(s.persona_id, min(u.persona) OVER visit)
                        ELSE coalesce(min(u.persona) FILTER (WHERE u.impression) OVER visit, s.persona_id, min(u.persona) OVER visit)
                   END AS persona,
                   CASE WHEN seen.before THEN coalesce(s.metadata, first_value(u.metadata) OVER described)
                        ELSE coalesce(first_value(CASE WHEN u.impression THEN u.metadata END) OVER described, s.metadata,
                                      first_value(u.metadata) OVER described) END AS described,
                   NOT u.impression AND s.selection_id IS NOT NULL AND (
                       SELECT bool_and(coalesce(u.at > s.at + make_interval(days => e.attribution_days), false))
                       FROM armful.experiment e WHERE e.id = ANY (s.experiments)
                   ) AS too_late
            FROM (
                SELECT i, variant, impression, count, successes, selection, coalesce(at, now()) AS at, persona, participant, metadata
                FROM unnest(p_variant, p_impression, p_count, p_successes, p_selection_id, p_occurred_at, persona, participant,
                            p_metadata, statuses) WITH ORDINALITY
                    AS u (variant, impression, count, successes, selection, at, persona, participant, metadata, status, i)
                WHERE selection IS NOT NULL AND status = 0
            ) AS u
            LEFT JOIN LATERAL (
                SELECT s.*, s AS whole FROM armful.selection_outcome s
                WHERE s.selection_id = u.selection AND s.variant = u.variant LIMIT 1
            ) AS s ON true
            CROSS JOIN LATERAL (
                SELECT coalesce(coalesce(s.reported_impressions, s.impressions) > 0, false) AS before
            ) AS seen
            WINDOW visit AS (PARTITION BY u.selection, u.variant),
                   visit_order AS (PARTITION BY u.selection, u.variant ORDER BY i),
                   described AS (PARTITION BY u.selection, u.variant ORDER BY u.metadata IS NULL, NOT u.impression, i)
            ORDER BY u.selection, u.variant, i
        LOOP
            IF r.number = 1 THEN
                reported := r.reported;
                succeeded := r.succeeded;
                shown := r.shown;
                turned := r.turned;
                lone := CASE WHEN reported = 0 THEN shown ELSE 0 END;
                IF shown > 0 AND (r.selection).participant_id IS NULL THEN
                    moved := moved || r.i::integer;
                END IF;
            END IF;
            late[r.i] := NOT r.impression AND r.shown > 0;
            at[r.i] := r.at;
            persona[r.i] := r.persona;
            participant[r.i] := r.participant;
            described[r.i] := r.described;
            selections[r.i] := r.selection;
            IF r.too_late THEN
                statuses[r.i] := 6;
                CONTINUE;
            END IF;
            own[r.i] := reported - shown;
            impressions[r.i] := -shown;
            successes[r.i] := -turned;
            IF r.impression THEN
                reported := reported + r.count;
            ELSE
                lone := greatest(lone, r.count);
            END IF;
            succeeded := succeeded + r.successes;
            shown := CASE WHEN reported > 0 THEN reported ELSE lone END;
            turned := least(succeeded, shown);
            own[r.i] := own[r.i] + shown - reported;
            impressions[r.i] := impressions[r.i] + shown;
            successes[r.i] := successes[r.i] + turned;
        END LOOP;
    END IF;

    outcomes := ARRAY(
        SELECT ROW(
            i, u.status, u.variant, u.impressions, u.successes, u.late, u.reported > 0, u.count, coalesce(u.at, now()),
            u.occurred_at, u.persona, u.participant, u.experiment, u.selection, u.metrics, u.metadata,
            u.impression, u.own, selections[i], u.described, u.value, false
        )::armful.resolved_outcome
        FROM unnest(statuses, p_variant, p_impression, impressions, successes, late, p_successes, p_count, at, p_occurred_at,
                    persona, participant, p_experiment_id, p_selection_id, p_metrics, p_metadata, own, described,
                    p_value) WITH ORDINALITY
            AS u (status, variant, impression, impressions, successes, late, reported, count, at, occurred_at,
                  persona, participant, experiment, selection, metrics, metadata, own, described, value, i)
        ORDER BY i
    );
    IF moved IS NOT NULL THEN
        outcomes := outcomes || armful.moved_selections(outcomes, moved);
    END IF;
    RETURN outcomes;
END $$;
