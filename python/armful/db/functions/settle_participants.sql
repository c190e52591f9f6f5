-- Works out what outcomes add for their participants and by metrics, in each experiment that counts them, and what they therefore
-- add to their variants. The third part of counting, for outcomes with a participant, a selection, a metric or a value.
--
-- A success without an impression turns an impression of the same participant into a success, and brings its own only if there is
-- none. The result does not depend on the order of the reports. Of a participant, let D impressions be reported without a
-- selection and I with one, and let O be those that successes of selections brought themselves (see resolve_outcomes). Then
-- I + max(D, O) impressions count; if that is 0, as many as one report had successes at most. No more successes count, and each
-- binary metric no more often. A participant's day is that of the first impression, and persona and metadata are what is first
-- known of them; what successes say stands until an impression is reported.
--
-- Returns both arrays with the numbers filled in, and each participant as they were before and as they are now. Outcomes that
-- turn out to add nothing get status 3, and outcomes whose window has closed in every experiment 6.
CREATE OR REPLACE FUNCTION armful.settle_participants(
    INOUT outcomes armful.resolved_outcome[], INOUT attributed armful.attributed_outcome[], OUT changes armful.participant_change[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    size CONSTANT integer := cardinality(outcomes);
    -- By position in `outcomes`: what it adds to its variant, as the participant with `decided_by` impressions before it decides;
    -- when and of which persona its impression was; whether an experiment counts something of it.
    v_impressions bigint[] := array_fill(NULL::bigint, ARRAY[size]);
    v_successes bigint[] := v_impressions;
    decided_by bigint[] := v_impressions;
    v_at timestamptz[] := array_fill(NULL::timestamptz, ARRAY[size]);
    v_persona text[] := array_fill(NULL::text, ARRAY[size]);
    counted boolean[] := array_fill(false, ARRAY[size]);
    settled armful.attributed_outcome[] := ARRAY(SELECT u FROM unnest(attributed) AS u WHERE u.reason IS NOT NULL);
    r record;
    a armful.attributed_outcome;
    o armful.resolved_outcome;
    added jsonb;
    unsettled boolean := false;  -- whether an outcome adds something else than what is in `outcomes`
    seen boolean;  -- whether an impression is reported
    -- The selection at hand: its impressions that count, and its metrics as reported and as they count.
    shown bigint;
    of_selection jsonb;
    shown_metrics jsonb;
    -- The participant at hand.
    p armful.experiment_participant;
    s armful.visitor_state;
    place integer := 0;  -- in `changes`
    new_participant boolean;
    new_selection boolean;
    m bigint;
    n bigint;
    metrics jsonb;
BEGIN
    FOR r IN
        SELECT u AS pair, w.outcome, w.place, e.success_metrics || e.guardrail_metrics AS names, e.metrics AS declared,
               e.success_metrics[1] AS first, e.metrics <> '{}' AS with_numbers,
               e.metrics -> e.success_metrics[1] ->> 'type' = 'number' AS first_is_number
        FROM unnest(attributed) AS u
        JOIN (SELECT w AS outcome, row_number() OVER () AS place FROM unnest(outcomes) AS w) AS w
          ON (w.outcome).item = u.item AND (w.outcome).moved = u.moved
        JOIN armful.experiment e ON e.id = u.experiment
        WHERE u.reason IS NULL
        ORDER BY u.experiment, u.participant_id NULLS FIRST, (w.outcome).selection_id NULLS FIRST, u.variant, u.moved DESC, u.item
    LOOP
        new_participant := ROW((r.pair).experiment, (r.pair).participant_id) IS DISTINCT FROM ROW(a.experiment, a.participant_id);
        new_selection := new_participant
            OR ROW((r.outcome).selection_id, (r.outcome).variant) IS DISTINCT FROM ROW(o.selection_id, o.variant);
        a := r.pair;
        o := r.outcome;
        -- What is reported, and of that what can count for the selection.
        IF o.moved THEN
            of_selection := coalesce((o.selection).metrics -> a.experiment::text, '{}');
            added := armful.cap_metrics(of_selection, r.names, r.declared, (o.selection).impressions);
            a.reported_by_metric := '{}';
            shown := (o.selection).impressions;
            shown_metrics := added;
            IF a.participant_id IS NULL AND r.with_numbers THEN
                a.squared := armful.square_differences(added, '{}', r.declared);
            END IF;
            a.impressions := shown;
            a.variant_successes := (o.selection).successes;
        ELSE
            added := armful.reported_metrics(r.names, r.declared, o.metrics, o.value, o.succeeded, o.times);
            a.reported_by_metric := added;
            IF o.selection_id IS NOT NULL AND new_selection AND o.selection IS NULL THEN
                shown := o.impressions;
                of_selection := added;
                shown_metrics := added;
                IF a.participant_id IS NULL AND r.with_numbers THEN
                    a.squared := armful.square_differences(added, '{}', r.declared);
                END IF;
            ELSIF o.selection_id IS NOT NULL THEN
                IF new_selection THEN
                    shown := coalesce((o.selection).impressions, 0);
                    of_selection := coalesce((o.selection).metrics -> a.experiment::text, '{}');
                    shown_metrics := armful.cap_metrics(of_selection, r.names, r.declared, shown);
                END IF;
                shown := shown + o.impressions;
                of_selection := armful.add_counts(of_selection, added);
                added := shown_metrics;
                shown_metrics := armful.cap_metrics(of_selection, r.names, r.declared, shown);
                IF a.participant_id IS NULL AND r.with_numbers THEN
                    a.squared := armful.square_differences(shown_metrics, added, r.declared);
                END IF;
                added := armful.subtract_counts(shown_metrics, added);
            ELSIF a.participant_id IS NULL AND r.with_numbers THEN
                a.squared := armful.squares(added, r.declared, o.times);
            END IF;
        END IF;

        IF a.participant_id IS NOT NULL THEN
            IF new_participant THEN
                place := place + 1;
                p := a.before;
                s := armful.visitor_state(p);
                IF p.participant_id IS NULL THEN
                    p.experiment := a.experiment;
                    p.participant_id := a.participant_id;
                    p.allocation_epoch := a.allocation_epoch;
                    p.variant := a.variant;
                    p.assigned := false;
                    p.impressions := 0;
                    p.successes := 0;
                    p.metrics := '{}';
                END IF;
            END IF;
            -- Whoever was not seen before is now as the impression says.
            seen := o.impression AND (NOT o.moved OR o.own < shown);
            IF seen AND s.direct + s.selected = 0 THEN
                p.persona_id := CASE WHEN p.impressions > 0 THEN coalesce(a.persona_id, p.persona_id)
                                     ELSE coalesce(p.persona_id, a.persona_id) END;
                p.metadata := coalesce(a.metadata, p.metadata);
                p.first_impression := o.at;
                p.last_impression := o.at;
            ELSE
                p.persona_id := coalesce(p.persona_id, a.persona_id);
                p.metadata := coalesce(p.metadata, a.metadata);
                IF seen OR s.direct + s.selected = 0 THEN
                    p.first_impression := least(p.first_impression, o.at);
                    p.last_impression := greatest(p.last_impression, o.at);
                END IF;
            END IF;
            IF o.moved THEN
                s.selected := s.selected + shown - o.own;
                s.own := s.own + o.own;
                s.successes := s.successes + a.variant_successes;
            ELSIF o.selection_id IS NOT NULL THEN
                s.selected := s.selected + CASE WHEN o.impression THEN o.times ELSE 0 END;
                s.own := s.own + o.own;
                s.successes := s.successes + o.successes;
            ELSE
                IF o.impression THEN
                    s.direct := s.direct + o.times;
                ELSE
                    s.lone := greatest(s.lone, o.times);
                END IF;
                s.successes := s.successes + CASE WHEN o.succeeded THEN o.times ELSE 0 END;
            END IF;
            m := s.selected + greatest(s.direct, s.own);
            IF m = 0 THEN
                m := s.lone;
            END IF;
            n := least(s.successes, m);
            IF new_participant AND p.impressions = 0 THEN
                -- Each metric that one report has is at most as often as its impressions, or those that it brings.
                metrics := added;
                s.metrics := added;
            ELSIF added <> '{}' OR s.metrics <> p.metrics OR m < p.impressions THEN
                s.metrics := armful.add_counts(s.metrics, added);
                metrics := armful.cap_metrics(s.metrics, r.names, r.declared, m);
                added := armful.subtract_counts(metrics, p.metrics);
            ELSE
                metrics := p.metrics;
            END IF;
            unsettled := unsettled OR o.moved OR m - p.impressions <> o.impressions OR n - p.successes <> o.successes OR a.late;
            IF decided_by[r.place] IS NULL OR decided_by[r.place] < coalesce((a.before).impressions, 0) THEN
                decided_by[r.place] := coalesce((a.before).impressions, 0);
                v_impressions[r.place] := m - p.impressions - CASE WHEN o.moved THEN shown ELSE 0 END;
                v_successes[r.place] := n - p.successes - CASE WHEN o.moved THEN a.variant_successes ELSE 0 END;
                v_at[r.place] := a.at;
                v_persona[r.place] := a.persona_id;
            END IF;
            a.impressions := m - p.impressions;
            a.variant_successes := n - p.successes;
            p.impressions := m;
            p.successes := n;
            p.metrics := metrics;
            p.selected_impressions := nullif(s.selected, 0);
            p.own_impressions := nullif(s.own, 0);
            p.direct_impressions := nullif(s.direct, m - s.selected);
            p.largest_lone := CASE WHEN s.selected + greatest(s.direct, s.own) = 0 THEN s.lone END;
            p.reported_successes := nullif(s.successes, n);
            p.reported_metrics := nullif(s.metrics, metrics);
            changes[place] := ROW(a.before, p);
        END IF;

        a.by_metric := added;
        a.by_other_metric := CASE WHEN r.first_is_number THEN added ELSE added - r.first END;
        a.successes := CASE WHEN r.first_is_number THEN a.variant_successes ELSE coalesce((added ->> r.first)::bigint, 0) END;
        IF a.impressions <> 0 OR a.variant_successes <> 0 OR added <> '{}' THEN
            counted[r.place] := true;
        ELSIF NOT o.impression THEN
            a.reason := 'nothing_left';
            unsettled := true;
        END IF;
        settled := settled || a;
    END LOOP;

    attributed := settled;
    IF NOT unsettled AND NOT EXISTS (SELECT FROM unnest(outcomes) AS w WHERE NOT w.impression AND w.impressions = 0)
       AND NOT EXISTS (SELECT FROM unnest(settled) AS u WHERE u.late)
    THEN
        RETURN;
    END IF;
    outcomes := ARRAY(
        SELECT ROW(
            w.item,
            CASE WHEN w.status <> 0 OR w.impression THEN w.status
                 WHEN closed.item IS NOT NULL THEN 6
                 WHEN coalesce(i, w.impressions) = 0 AND coalesce(n, w.successes) = 0 AND NOT counts THEN 3
                 ELSE 0 END,
            w.variant, coalesce(i, w.impressions), coalesce(n, w.successes), w.late, w.succeeded, w.times,
            CASE WHEN w.selection_id IS NULL THEN coalesce(t, w.at) ELSE w.at END, w.occurred_at,
            CASE WHEN w.selection_id IS NULL THEN coalesce(g, w.persona_id) ELSE w.persona_id END, w.participant_id, w.experiment_id,
            w.selection_id, w.metrics, w.metadata, w.impression, w.own, w.selection, w.described, w.value, w.moved
        )::armful.resolved_outcome
        FROM (SELECT w.*, row_number() OVER () AS place FROM unnest(outcomes) AS w) AS w
        JOIN (
            SELECT * FROM unnest(v_impressions, v_successes, v_at, v_persona, counted) WITH ORDINALITY AS v (i, n, t, g, counts, place)
        ) AS v USING (place)
        LEFT JOIN (
            SELECT u.item FROM unnest(settled) AS u WHERE u.late
            GROUP BY u.item HAVING bool_or(u.reason = 'window_closed') AND NOT bool_or(u.reason IS NULL OR u.reason = 'nothing_left')
        ) AS closed USING (item)
        ORDER BY place
    );
END $$;
