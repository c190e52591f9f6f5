-- Records one commit of outcomes in one round trip: who counts, the counters, the log, the rollups, the experiments.
--
-- The arrays have an element per outcome, or are null where all their elements would be: `p_count` how often it happened,
-- `p_successes` as many or 0. `statuses`, one per outcome, says what became of it:
--   0 counted
--   1 duplicate: the event id was counted before, with this body
--   2 conflict: the event id was counted before, with another body
--   3 nothing left to count: neither the totals nor a metric of any experiment had an impression left that it could turn; or
--     its participant is held out, so that it does not count in the totals
--   4 no such experiment
--   5 the variant is no arm of the experiment
--   6 too late: the attribution window of its impression has closed in every experiment the impression counted in
--   7 duplicate of an outcome of which nothing was counted
-- `experiments` has, for each experiment that an outcome names or that has its variant, [item, experiment_id, reason]: the reason
-- why the experiment does not count the outcome, or null if it does. It is null if there is nothing to say.
-- The other results have an element per variant: its totals.
--
-- Locks are taken in one order everywhere (variants by id, event ids, selections, participants, crossovers), so that
-- writers in several processes wait for each other but never in a circle; whatever belongs to a variant is guarded by its
-- row's lock.
--
-- Outcomes that say nothing beyond what happened how often take a shorter way, `count_outcomes` in
-- armful/ingest/queries.sql: the same parts, without what they have no use for.
CREATE OR REPLACE FUNCTION armful.record_outcomes_v2(
    p_batch uuid, p_process_id uuid, p_deadline timestamptz,
    p_variant bigint[], p_impression boolean[], p_count bigint[], p_successes bigint[],
    p_occurred_at timestamptz[], p_persona_id text[], p_experiment_id text[], p_participant_id text[],
    p_selection_id uuid[], p_event_id text[], p_digest bytea[], p_metrics jsonb[], p_metadata jsonb[], p_value double precision[],
    OUT statuses smallint[], OUT experiments jsonb,
    OUT ids bigint[], OUT impressions bigint[], OUT successes bigint[], OUT versions bigint[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    outcomes armful.resolved_outcome[];
    attributed armful.attributed_outcome[] := '{}';
    crossed armful.attributed_outcome[];
    changes armful.participant_change[];
    moved boolean;
    pooled boolean;
BEGIN
    SELECT bool_or(pool IS NOT NULL) INTO pooled
    FROM (SELECT pool FROM armful.variant_performance WHERE id = ANY (p_variant) ORDER BY id FOR NO KEY UPDATE) AS locked;

    outcomes := armful.resolve_outcomes(
        p_batch, p_variant, p_impression, p_count, p_successes, p_occurred_at, p_persona_id, p_experiment_id,
        p_participant_id, p_selection_id, p_event_id, p_digest, p_metrics, p_metadata, p_value
    );
    moved := cardinality(outcomes) > cardinality(p_variant);
    IF EXISTS (SELECT FROM armful.experiment_arm WHERE variant = ANY (p_variant)) THEN
        attributed := armful.attribute_to_experiments(outcomes);
    END IF;
    IF p_selection_id IS NOT NULL
       OR attributed <> '{}' AND (p_participant_id IS NOT NULL OR p_metrics IS NOT NULL OR p_value IS NOT NULL)
    THEN
        SELECT s.outcomes, s.attributed, s.changes INTO outcomes, attributed, changes
        FROM armful.settle_participants(outcomes, attributed) AS s;
    END IF;
    IF attributed <> '{}' THEN
        SELECT jsonb_agg(jsonb_build_array(a.item, e.experiment_id, a.reason) ORDER BY a.item, e.id) INTO experiments
        FROM unnest(attributed) AS a JOIN armful.experiment e ON e.id = a.experiment
        WHERE NOT a.moved;
    END IF;
    IF moved THEN
        attributed := armful.take_moved_away(outcomes, attributed);
    END IF;
    IF p_selection_id IS NOT NULL THEN
        PERFORM armful.remember_selections(outcomes, attributed);
    END IF;
    IF EXISTS (SELECT FROM unnest(attributed) AS a WHERE a.reason IS NOT NULL) THEN
        crossed := ARRAY(SELECT a FROM unnest(attributed) AS a WHERE a.reason = 'other_variant');
        attributed := ARRAY(SELECT a FROM unnest(attributed) AS a WHERE a.reason IS NULL);
    END IF;

    IF p_participant_id IS NOT NULL OR p_selection_id IS NOT NULL THEN
        outcomes := armful.count_in_holdout(outcomes);
    END IF;
    IF pooled AND p_selection_id IS NOT NULL THEN
        PERFORM armful.count_random_control(outcomes);
    END IF;
    IF pooled THEN
        PERFORM armful.count_delays(array_agg(o.variant), array_agg(o.impressions), array_agg(o.successes), array_agg(o.at),
                                    array_agg(p_occurred_at[o.item]))
        FROM unnest(outcomes) AS o WHERE o.status = 0;
    END IF;

    statuses := ARRAY(SELECT status FROM unnest(outcomes) WHERE NOT moved);
    IF p_event_id IS NOT NULL AND statuses && ARRAY[3, 6]::smallint[] THEN
        UPDATE armful.performance_event_key k SET counted = false
        FROM unnest(p_event_id, statuses) AS u (event_id, status)
        WHERE k.event_id = u.event_id AND k.batch = p_batch AND u.status IN (3, 6);
        -- An id may come several times in one commit.
        statuses := ARRAY(
            SELECT CASE WHEN u.status = 1 AND NOT k.counted THEN 7 ELSE u.status END
            FROM unnest(p_event_id, statuses) WITH ORDINALITY AS u (event_id, status, i)
            LEFT JOIN armful.performance_event_key k ON k.event_id = u.event_id AND k.batch = p_batch
            ORDER BY i
        );
    END IF;

    WITH logged AS (
        INSERT INTO armful.performance_event
            (occurred_at, variant, impressions, successes, persona_id, experiment_id, participant_id, selection_id, event_id,
             metrics, metadata, value)
        SELECT o.occurred_at, o.variant, o.impressions, o.successes, u.persona_id, o.experiment_id, u.participant_id,
               o.selection_id, u.event_id, o.metrics, o.metadata, o.value
        FROM unnest(outcomes) AS o
        JOIN unnest(p_variant, p_persona_id, p_participant_id, p_event_id) WITH ORDINALITY
            AS u (variant, persona_id, participant_id, event_id, item) USING (item)
        WHERE o.status = 0 AND (NOT o.moved OR o.impressions <> 0 OR o.successes <> 0)
    ), hour AS (
        SELECT o.variant, date_trunc('hour', o.at, 'UTC') AS hour, coalesce(o.persona_id, '') AS persona_id,
               sum(o.impressions)::bigint AS impressions, sum(o.successes)::bigint AS successes
        FROM unnest(outcomes) AS o WHERE o.status = 0
        GROUP BY 1, 2, 3
    ), added AS (
        SELECT variant, sum(impressions)::bigint AS impressions, sum(successes)::bigint AS successes
        FROM hour GROUP BY variant
    )
    SELECT array_agg(t.id), array_agg(t.impressions), array_agg(t.successes), array_agg(t.version)
    INTO ids, impressions, successes, versions
    FROM (
        SELECT array_agg(variant) AS variants, array_agg(impressions) AS impressions, array_agg(successes) AS successes
        FROM added
    ) AS a
    CROSS JOIN (
        SELECT array_agg(variant) AS variants, array_agg(hour) AS hours, array_agg(persona_id) AS personas,
               array_agg(impressions) AS impressions, array_agg(successes) AS successes
        FROM hour
    ) AS h
    CROSS JOIN LATERAL armful.apply_to_variants(
        a.variants, a.impressions, a.successes, h.variants, h.hours, h.personas, h.impressions, h.successes
    ) AS t;
    IF pooled AND EXISTS (SELECT FROM unnest(outcomes) AS o WHERE o.persona_id <> '' AND o.status = 0) THEN
        PERFORM armful.count_personas(outcomes, ids, versions);
    END IF;
    IF 0 <> ANY (statuses) THEN
        -- Those of which nothing was counted have totals, too.
        SELECT array_agg(id), array_agg(impressions), array_agg(successes), array_agg(version)
        INTO ids, impressions, successes, versions
        FROM armful.variant_performance WHERE id = ANY (p_variant);
    END IF;

    IF attributed <> '{}' OR changes <> '{}' THEN
        PERFORM armful.apply_to_experiments(attributed, changes);
    END IF;
    IF crossed <> '{}' THEN
        PERFORM armful.count_crossovers(crossed);
    END IF;

    -- Its unique key refuses a second run of a batch whose first run has committed.
    INSERT INTO armful.change (batch, process_id, kind, variants, statuses)
    VALUES (p_batch, p_process_id, 'variants', ids, CASE WHEN 0 <> ANY (statuses) THEN statuses END);
    IF clock_timestamp() > p_deadline THEN
        PERFORM armful.refuse_late_commit();
    END IF;
END $$;
