-- The database that the migrations and functions make, as pg_dump says it. `make schema` writes this file; don't edit it.
-- Why things are as they are is said where they are made: migrations/ and functions/.

CREATE SCHEMA armful;

CREATE TABLE armful.experiment_participant (
    experiment bigint NOT NULL,
    participant_id text NOT NULL,
    allocation_epoch bigint NOT NULL,
    variant bigint NOT NULL,
    assigned_at timestamp with time zone DEFAULT now() NOT NULL,
    impressions bigint DEFAULT 0 NOT NULL,
    successes bigint DEFAULT 0 NOT NULL,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    last_impression timestamp with time zone,
    persona_id text,
    metadata jsonb,
    first_impression timestamp with time zone,
    assigned boolean DEFAULT true NOT NULL,
    direct_impressions bigint,
    selected_impressions bigint,
    own_impressions bigint,
    largest_lone bigint,
    reported_successes bigint,
    reported_metrics jsonb
)
WITH (fillfactor='80');

CREATE TYPE armful.attributed_outcome AS (
	item integer,
	experiment bigint,
	allocation_epoch bigint,
	variant bigint,
	impressions bigint,
	successes bigint,
	variant_successes bigint,
	by_metric jsonb,
	by_other_metric jsonb,
	at timestamp with time zone,
	persona_id text,
	participant_id text,
	metadata jsonb,
	reason text,
	before armful.experiment_participant,
	late boolean,
	moved boolean,
	reported_by_metric jsonb,
	squared jsonb
);

CREATE TYPE armful.covariate_change AS (
	sign integer,
	state armful.experiment_participant,
	value numeric
);

CREATE TYPE armful.participant_change AS (
	before armful.experiment_participant,
	after armful.experiment_participant
);

CREATE TABLE armful.selection_outcome (
    selection_id uuid NOT NULL,
    variant bigint NOT NULL,
    impressions bigint NOT NULL,
    successes bigint NOT NULL,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    persona_id text,
    participant_id text,
    experiments bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    allocation_epochs bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    metadata jsonb,
    reported_impressions bigint,
    reported_successes bigint
);

CREATE TYPE armful.resolved_outcome AS (
	item integer,
	status smallint,
	variant bigint,
	impressions bigint,
	successes bigint,
	late boolean,
	succeeded boolean,
	times bigint,
	at timestamp with time zone,
	occurred_at timestamp with time zone,
	persona_id text,
	participant_id text,
	experiment_id text,
	selection_id uuid,
	metrics jsonb,
	metadata jsonb,
	impression boolean,
	own bigint,
	selection armful.selection_outcome,
	described jsonb,
	value double precision,
	moved boolean
);

CREATE TYPE armful.visitor_state AS (
	selected bigint,
	own bigint,
	direct bigint,
	lone bigint,
	successes bigint,
	metrics jsonb
);

CREATE FUNCTION armful.add_counts(a jsonb, b jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE WHEN b = '{}' THEN a WHEN a = '{}' THEN b ELSE a || (
        SELECT jsonb_object_agg(key, coalesce((a ->> key)::numeric, 0) + value::numeric) FROM jsonb_each_text(b)
    ) END
$$;

CREATE FUNCTION armful.add_covariate_totals(p_changes armful.covariate_change[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO armful.experiment_covariate_total AS t
        (experiment, allocation_epoch, variant, day, metric, bin, participants, covariate, covariate_squared, total, product,
         converted, converted_product)
    SELECT (c.state).experiment, (c.state).allocation_epoch, (c.state).variant,
           CASE WHEN e.unresolved = 'pending' THEN ((c.state).first_impression AT TIME ZONE 'UTC')::date ELSE 'infinity' END,
           y.metric, CASE WHEN e.metrics -> y.metric ->> 'winsorize' IS NULL THEN 0 ELSE armful.value_bin(y.total::double precision) END,
           sum(c.sign), sum(c.sign * c.value), sum(c.sign * c.value * c.value), sum(c.sign * y.total),
           sum(c.sign * c.value * y.total), sum(c.sign * (y.total > 0)::integer), sum(c.sign * (y.total > 0)::integer * c.value)
    FROM unnest(p_changes) AS c
    JOIN armful.experiment e ON e.id = (c.state).experiment
    CROSS JOIN LATERAL (
        SELECT '' AS metric, 0::numeric AS total
        UNION ALL
        SELECT key, value::numeric FROM jsonb_each_text((c.state).metrics)
    ) AS y
    GROUP BY 1, 2, 3, 4, 5, 6
    ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (experiment, allocation_epoch, variant, day, metric, bin) DO UPDATE SET
        participants = t.participants + excluded.participants,
        covariate = t.covariate + excluded.covariate,
        covariate_squared = t.covariate_squared + excluded.covariate_squared,
        total = t.total + excluded.total,
        product = t.product + excluded.product,
        converted = t.converted + excluded.converted,
        converted_product = t.converted_product + excluded.converted_product;
END $$;

CREATE FUNCTION armful.add_participant_totals(p_changes armful.participant_change[]) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
    winsorised boolean;
    with_covariates boolean;
BEGIN
    INSERT INTO armful.experiment_total AS t
        (experiment, allocation_epoch, variant, day, metric, participants, impressions, impressions_squared, total,
         total_squared, product, converted)
    SELECT (p.state).experiment, (p.state).allocation_epoch, (p.state).variant,
           ((p.state).first_impression AT TIME ZONE 'UTC')::date, y.metric, sum(p.sign), sum(p.sign * (p.state).impressions),
           sum(p.sign * (p.state).impressions::double precision ^ 2), sum(p.sign * y.total), sum(p.sign * y.total * y.total),
           sum(p.sign * (p.state).impressions * y.total), sum(p.sign * (y.total > 0)::integer)
    FROM (
        SELECT -1 AS sign, c.before AS state FROM unnest(p_changes) AS c WHERE (c.before).impressions > 0
        UNION ALL
        SELECT 1, c.after FROM unnest(p_changes) AS c
    ) AS p
    CROSS JOIN LATERAL (
        SELECT '' AS metric, 0::numeric AS total
        UNION ALL
        SELECT key, value::numeric FROM jsonb_each_text((p.state).metrics)
    ) AS y
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (experiment, allocation_epoch, variant, day, metric) DO UPDATE SET
        participants = t.participants + excluded.participants,
        impressions = t.impressions + excluded.impressions,
        impressions_squared = t.impressions_squared + excluded.impressions_squared,
        total = t.total + excluded.total,
        total_squared = t.total_squared + excluded.total_squared,
        product = t.product + excluded.product,
        converted = t.converted + excluded.converted;

    SELECT bool_or(jsonb_path_exists(e.metrics, '$.*.winsorize ? (@ != null)')), bool_or(e.covariates > 0)
    INTO winsorised, with_covariates
    FROM armful.experiment e
    WHERE e.id IN (SELECT (c.after).experiment FROM unnest(p_changes) AS c);

    IF winsorised THEN
        INSERT INTO armful.experiment_value_bin AS b
            (experiment, day, allocation_epoch, variant, metric, bin, participants, impressions, impressions_squared, total,
             total_squared, product)
        SELECT v.experiment, CASE WHEN grouping(v.day) = 1 THEN 'infinity' ELSE v.day END, v.allocation_epoch, v.variant, v.metric,
               v.bin, sum(v.sign), sum(v.sign * v.m), sum(v.sign * v.m::double precision ^ 2), sum(v.sign * v.total),
               sum(v.sign * v.total * v.total), sum(v.sign * v.m * v.total)
        FROM (
            SELECT p.sign, (p.state).experiment, (p.state).allocation_epoch, (p.state).variant, (p.state).impressions AS m,
                   ((p.state).first_impression AT TIME ZONE 'UTC')::date AS day, m.key AS metric, m.value::numeric AS total,
                   armful.value_bin(m.value::double precision) AS bin
            FROM (
                SELECT -1 AS sign, c.before AS state FROM unnest(p_changes) AS c WHERE (c.before).impressions > 0
                UNION ALL
                SELECT 1, c.after FROM unnest(p_changes) AS c
            ) AS p
            JOIN armful.experiment e ON e.id = (p.state).experiment
            CROSS JOIN LATERAL jsonb_each_text((p.state).metrics) AS m
            WHERE e.metrics -> m.key ->> 'winsorize' IS NOT NULL
        ) AS v
        GROUP BY GROUPING SETS (
            (v.experiment, v.day, v.allocation_epoch, v.variant, v.metric, v.bin),
            (v.experiment, v.allocation_epoch, v.variant, v.metric, v.bin)
        )
        ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (experiment, day, allocation_epoch, variant, metric, bin) DO UPDATE SET
            participants = b.participants + excluded.participants,
            impressions = b.impressions + excluded.impressions,
            impressions_squared = b.impressions_squared + excluded.impressions_squared,
            total = b.total + excluded.total,
            total_squared = b.total_squared + excluded.total_squared,
            product = b.product + excluded.product;
    END IF;

    IF with_covariates THEN
        PERFORM armful.add_covariate_totals(ARRAY(
            SELECT ROW(p.sign, p.state, x.value)::armful.covariate_change
            FROM (
                SELECT -1 AS sign, c.before AS state FROM unnest(p_changes) AS c WHERE (c.before).impressions > 0
                UNION ALL
                SELECT 1, c.after FROM unnest(p_changes) AS c
            ) AS p
            CROSS JOIN LATERAL (
                SELECT value FROM armful.experiment_covariate x
                WHERE x.experiment = (p.state).experiment AND x.participant_id = (p.state).participant_id LIMIT 1
            ) AS x
        ));
    END IF;
END $_$;

CREATE FUNCTION armful.apply_to_experiments(p_attributed armful.attributed_outcome[], p_changes armful.participant_change[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    measured boolean;
    described boolean;
    changes armful.participant_change[];
BEGIN
    SELECT bool_or(a.by_other_metric <> '{}'), bool_or(a.metadata IS NOT NULL) INTO measured, described
    FROM unnest(p_attributed) AS a;

    IF p_changes IS NOT NULL THEN
        changes := armful.count_participants(p_changes);
        PERFORM armful.add_participant_totals(changes);
    END IF;

    INSERT INTO armful.experiment_day AS d
        (experiment, allocation_epoch, variant, day, persona_id, impressions, successes, anonymous, anonymous_successes)
    SELECT a.experiment, a.allocation_epoch, a.variant, (a.at AT TIME ZONE 'UTC')::date, coalesce(a.persona_id, ''),
           sum(a.impressions), sum(a.successes), sum(CASE WHEN a.participant_id IS NULL THEN a.impressions ELSE 0 END),
           sum(CASE WHEN a.participant_id IS NULL THEN a.successes ELSE 0 END)
    FROM unnest(p_attributed) AS a
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (experiment, allocation_epoch, variant, day, persona_id) DO UPDATE SET
        impressions = d.impressions + excluded.impressions, successes = d.successes + excluded.successes,
        anonymous = d.anonymous + excluded.anonymous,
        anonymous_successes = d.anonymous_successes + excluded.anonymous_successes;

    IF measured THEN
        INSERT INTO armful.experiment_metric_day AS d
            (experiment, allocation_epoch, variant, day, metric, successes, anonymous, anonymous_squared)
        SELECT a.experiment, a.allocation_epoch, a.variant, (a.at AT TIME ZONE 'UTC')::date, m.key, sum(m.value::numeric),
               sum(CASE WHEN a.participant_id IS NULL THEN m.value::numeric ELSE 0 END),
               sum(coalesce((a.squared ->> m.key)::numeric, 0))
        FROM unnest(p_attributed) AS a CROSS JOIN LATERAL jsonb_each_text(a.by_other_metric) AS m
        GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (experiment, allocation_epoch, variant, day, metric) DO UPDATE SET
            successes = d.successes + excluded.successes, anonymous = d.anonymous + excluded.anonymous,
            anonymous_squared = d.anonymous_squared + excluded.anonymous_squared;
    END IF;

    IF described OR EXISTS (
        SELECT FROM unnest(changes) AS c WHERE (c.after).metadata IS NOT NULL OR (c.after).persona_id IS NOT NULL
    ) THEN
        PERFORM armful.count_segments(p_attributed, changes);
    END IF;
END $$;

CREATE FUNCTION armful.apply_to_variants(p_variant bigint[], p_impressions bigint[], p_successes bigint[], p_hour_variant bigint[], p_hour timestamp with time zone[], p_persona_id text[], p_hour_impressions bigint[], p_hour_successes bigint[]) RETURNS TABLE(id bigint, impressions bigint, successes bigint, version bigint)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
DECLARE
    this_hour CONSTANT timestamptz := date_trunc('hour', now(), 'UTC');
BEGIN
    RETURN QUERY
    WITH rolled_up AS (
        INSERT INTO armful.variant_hour AS h (variant, hour, persona_id, impressions, successes)
        SELECT variant, coalesce(hour, this_hour), coalesce(persona_id, ''), impressions, successes
        FROM unnest(p_hour_variant, p_hour, p_persona_id, p_hour_impressions, p_hour_successes)
            AS added (variant, hour, persona_id, impressions, successes)
        ON CONFLICT (variant, hour, persona_id) DO UPDATE SET
            impressions = h.impressions + excluded.impressions, successes = h.successes + excluded.successes
    )
    UPDATE armful.variant_performance v
    SET impressions = v.impressions + added.impressions, successes = v.successes + added.successes, version = v.version + 1
    FROM unnest(p_variant, p_impressions, p_successes) AS added (variant, impressions, successes)
    WHERE v.id BETWEEN added.variant AND added.variant
    RETURNING v.id, v.impressions, v.successes, v.version;
END $$;

CREATE FUNCTION armful.attribute_to_experiments(p_outcomes armful.resolved_outcome[]) RETURNS armful.attributed_outcome[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    attributed armful.attributed_outcome[];
    holdout armful.holdout;  -- null if there is none
BEGIN
    SELECT * INTO holdout FROM armful.holdout;
    attributed := ARRAY(
        SELECT ROW(
            o.item, e.id,
            CASE WHEN o.selected THEN o.allocation_epochs[array_position(o.experiments, e.id)]
                 ELSE coalesce(p.allocation_epoch, e.allocation_epoch) END,
            o.variant, o.impressions, o.successes, o.successes,
            '{}', '{}', CASE WHEN here.late AND NOT o.selected THEN p.last_impression ELSE o.at END,
            CASE WHEN here.late AND NOT o.selected THEN p.persona_id ELSE o.persona_id END, o.participant_id,
            CASE WHEN here.late AND NOT o.selected THEN p.metadata WHEN o.selection_id IS NULL THEN o.metadata ELSE o.described END,
            why.reason, p.whole, here.late, o.moved, '{}', '{}'
        )::armful.attributed_outcome
        FROM (
            SELECT o.*, (o.selection).experiments, (o.selection).allocation_epochs,
                   o.selection_id IS NOT NULL AND o.late AS selected
            FROM unnest(p_outcomes) AS o WHERE o.status IN (0, 6)
        ) AS o
        JOIN armful.experiment_arm a ON a.variant = o.variant
        JOIN armful.experiment e ON e.id = a.experiment
        -- LIMIT has participants looked up one by one, by index: their table is large, and a plan made when it was small would
        -- stay in use.
        LEFT JOIN LATERAL (
            SELECT p.*, p AS whole FROM armful.experiment_participant p
            WHERE p.experiment = e.id AND p.participant_id = o.participant_id LIMIT 1
        ) AS p ON true
        CROSS JOIN LATERAL (
            SELECT NOT o.impression AND CASE
                WHEN o.selected THEN e.id = ANY (o.experiments)
                ELSE o.selection_id IS NULL AND p.variant = o.variant AND p.impressions > 0
            END IS TRUE AS late
            OFFSET 0  -- worked out once
        ) AS here
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN o.status = 6 THEN 'window_closed'
                WHEN here.late
                THEN CASE
                    WHEN p.variant <> o.variant THEN 'other_variant'
                    WHEN e.attribution_days IS NOT NULL
                    THEN CASE
                        WHEN coalesce(o.occurred_at, now())
                             > CASE WHEN o.selected THEN o.at ELSE p.last_impression END + make_interval(days => e.attribution_days)
                        THEN 'window_closed'
                    END
                    WHEN e.status = 'paused' THEN 'paused'
                    WHEN e.status <> 'active' OR now() >= e.expected_end_time THEN 'ended'
                END
                WHEN armful.why_closed(e, o.persona_id) IS NOT NULL THEN armful.why_closed(e, o.persona_id)
                WHEN p.variant <> o.variant THEN 'other_variant'
                WHEN o.selected THEN 'not_assigned'
                WHEN p.participant_id IS NOT NULL THEN NULL
                WHEN a.retired THEN 'archived'
                WHEN armful.unit_hash(holdout.salt, o.participant_id) < holdout.share THEN 'holdout'
                WHEN e.allocation <> 'fixed' THEN 'not_assigned'
                WHEN o.participant_id IS NOT NULL AND (
                    e.namespace IS NOT NULL AND (
                        SELECT h < e.namespace_from OR h >= e.namespace_to
                        FROM armful.unit_hash(e.namespace, o.participant_id) AS h
                    )
                    OR EXISTS (
                        SELECT FROM armful.experiment_exclusion x
                        WHERE x.experiment = e.id AND x.participant_id = o.participant_id
                    )
                ) THEN 'not_assigned'
            END AS reason
            OFFSET 0  -- worked out once
        ) AS why
        WHERE (o.experiment_id IS NULL OR o.experiment_id = e.experiment_id)
          AND (e.status = 'active' AND now() < e.expected_end_time
               OR o.item IS NOT NULL AND e.status <> 'draft'
                  AND (e.status = 'paused' OR here.late OR o.selected OR o.experiment_id IS NOT NULL
                       OR coalesce(e.end_time, e.expected_end_time) > now() - interval '30 days'))
    );
    IF EXISTS (SELECT FROM unnest(attributed) AS a WHERE a.late AND a.participant_id IS NOT NULL) THEN
        attributed := armful.keep_to_impressions(attributed);
    END IF;

    -- A new participant whom several outcomes of the commit name: the first decides which variant is theirs.
    IF EXISTS (
        SELECT FROM unnest(attributed) AS a
        WHERE a.participant_id IS NOT NULL AND a.reason IS NULL AND a.before IS NULL
        GROUP BY a.experiment, a.participant_id HAVING min(a.variant) < max(a.variant)
    ) THEN
        attributed := ARRAY(
            SELECT ROW(
                a.item, a.experiment, a.allocation_epoch, a.variant, a.impressions, a.successes, a.variant_successes,
                a.by_metric, a.by_other_metric, a.at, a.persona_id, a.participant_id, a.metadata,
                CASE WHEN a.reason IS NULL AND a.participant_id IS NOT NULL AND a.before IS NULL AND a.variant <>
                    first_value(a.variant) OVER (
                        PARTITION BY a.experiment, a.participant_id ORDER BY a.reason NULLS FIRST, a.item
                    )
                THEN 'other_variant' ELSE a.reason END, a.before, a.late, a.moved, a.reported_by_metric, a.squared
            )::armful.attributed_outcome
            FROM unnest(attributed) AS a
        );
    END IF;
    RETURN attributed;
END $$;

CREATE FUNCTION armful.cap_metrics(p_reported jsonb, p_names text[], p_declared jsonb, p_impressions bigint) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE
    name text;
    said numeric;
    counted jsonb := p_reported;
BEGIN
    FOR name, said IN SELECT key, value::numeric FROM jsonb_each_text(p_reported) LOOP
        IF name <> ALL (p_names) THEN
            counted := counted - name;
        ELSIF said > p_impressions AND p_declared -> name ->> 'type' IS DISTINCT FROM 'number' THEN
            counted := CASE WHEN p_impressions = 0 THEN counted - name ELSE jsonb_set(counted, ARRAY[name], to_jsonb(p_impressions)) END;
        END IF;
    END LOOP;
    RETURN counted;
END $$;

CREATE FUNCTION armful.check_variant_ids(p_variant bigint[], p_variant_id text[]) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(p_variant, p_variant_id) AS named (variant, variant_id)
        JOIN armful.variant_performance v ON v.id BETWEEN named.variant AND named.variant
        WHERE v.variant_id <> named.variant_id
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a variant has another id in this database';
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION armful.claim_event_ids(p_batch uuid, p_event_id text[], p_digest bytea[], p_statuses smallint[]) RETURNS smallint[]
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION armful.count_crossovers(p_attributed armful.attributed_outcome[]) RETURNS void
    LANGUAGE sql
    AS $$
    WITH noted AS (
        INSERT INTO armful.experiment_crossover (experiment, participant_id)
        SELECT DISTINCT a.experiment, a.participant_id
        FROM unnest(p_attributed) AS a
        JOIN armful.experiment_arm r ON r.experiment = a.experiment AND r.variant = a.variant AND NOT r.retired
        WHERE a.reason = 'other_variant'
        ORDER BY 1, 2
        ON CONFLICT DO NOTHING
        RETURNING experiment, participant_id
    )
    INSERT INTO armful.experiment_crossover_total AS t (experiment, allocation_epoch, variant, participants)
    SELECT p.experiment, p.allocation_epoch, p.variant, count(*)
    FROM noted n JOIN armful.experiment_participant p USING (experiment, participant_id)
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
    ON CONFLICT (experiment, allocation_epoch, variant) DO UPDATE SET
        participants = t.participants + excluded.participants
$$;

CREATE FUNCTION armful.count_delays(p_variant bigint[], p_impressions bigint[], p_successes bigint[], p_shown_at timestamp with time zone[], p_at timestamp with time zone[]) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (SELECT FROM armful.pool WHERE delay_window IS NOT NULL) THEN
        RETURN true;
    END IF;
    WITH outcome AS (
        SELECT o.variant, o.impressions, o.successes, p.name AS pool, p.delay_window,
               greatest(1, p.delay_window / 128.0)::double precision AS grain,
               -- Nothing is shown in the future.
               least(coalesce(o.shown_at, now()), now()) AS shown_at, least(coalesce(o.at, now()), now()) AS at
        FROM unnest(p_variant, p_impressions, p_successes, p_shown_at, p_at) AS o (variant, impressions, successes, shown_at, at)
        JOIN armful.variant_performance v ON v.id = o.variant
        JOIN armful.pool p ON p.name = v.pool AND p.delay_window IS NOT NULL
        WHERE o.impressions <> 0 OR o.successes <> 0
    ), shown AS (
        INSERT INTO armful.pool_impression AS i (pool, variant, bucket, impressions)
        SELECT pool, variant, to_timestamp(floor(extract(epoch FROM shown_at) / grain) * grain), sum(impressions)
        FROM outcome WHERE shown_at > now() - make_interval(secs => delay_window)
        GROUP BY 1, 2, 3 HAVING sum(impressions) <> 0
        ORDER BY 1, 2, 3
        ON CONFLICT (pool, variant, bucket) DO UPDATE SET impressions = i.impressions + excluded.impressions
    )
    INSERT INTO armful.pool_delay AS d (pool, delay_window, bin, slot, count)
    SELECT pool, delay_window, bin, pg_backend_pid() % 16, sum(count)
    FROM (
        SELECT pool, delay_window, -1 AS bin, impressions AS count FROM outcome
        UNION ALL
        SELECT pool, delay_window,
               CASE WHEN delay < 1 THEN 0
                    ELSE least(floor(delay / grain), round(delay_window / grain) - 1) + (grain > 1)::integer END, successes
        FROM (SELECT *, extract(epoch FROM at - shown_at) AS delay FROM outcome) AS o
        -- A success that comes after the window counts, but says nothing about delays within it.
        WHERE delay <= delay_window
    ) AS added (pool, delay_window, bin, count)
    GROUP BY 1, 2, 3 HAVING sum(count) <> 0
    ORDER BY 1, 2, 3
    ON CONFLICT (pool, delay_window, bin, slot) DO UPDATE SET count = d.count + excluded.count;
    RETURN true;
END $$;

CREATE FUNCTION armful.count_in_experiments(p_variant bigint[], p_impressions bigint[], p_successes bigint[]) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    outcomes armful.resolved_outcome[];
    attributed armful.attributed_outcome[];
BEGIN
    IF EXISTS (SELECT FROM armful.experiment WHERE status = 'active') THEN
        SELECT array_agg(ROW(
            NULL, 0, u.variant, u.impressions, u.successes, false, u.successes > 0, u.successes, now(),
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, true, NULL, NULL, NULL, NULL, false
        )::armful.resolved_outcome)
        INTO outcomes
        FROM unnest(p_variant, p_impressions, p_successes) AS u (variant, impressions, successes)
        WHERE EXISTS (SELECT FROM armful.experiment_arm a WHERE a.variant = u.variant);
        IF outcomes IS NOT NULL THEN
            attributed := ARRAY(
                SELECT a FROM unnest(armful.attribute_to_experiments(outcomes)) AS a WHERE a.reason IS NULL
            );
            IF attributed <> '{}' THEN
                PERFORM armful.apply_to_experiments(attributed, NULL);
            END IF;
        END IF;
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION armful.count_in_holdout(p_outcomes armful.resolved_outcome[]) RETURNS armful.resolved_outcome[]
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION armful.count_participants(p_changes armful.participant_change[]) RETURNS armful.participant_change[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    changes armful.participant_change[];
BEGIN
    WITH written AS (
        INSERT INTO armful.experiment_participant AS p
            (experiment, participant_id, allocation_epoch, variant, assigned, impressions, successes, metrics,
             first_impression, last_impression, persona_id, metadata, direct_impressions, selected_impressions, own_impressions,
             largest_lone, reported_successes, reported_metrics)
        SELECT (c.after).experiment, (c.after).participant_id, (c.after).allocation_epoch, (c.after).variant, false,
               (c.after).impressions, (c.after).successes, (c.after).metrics, (c.after).first_impression,
               (c.after).last_impression, (c.after).persona_id, (c.after).metadata, (c.after).direct_impressions,
               (c.after).selected_impressions, (c.after).own_impressions, (c.after).largest_lone,
               (c.after).reported_successes, (c.after).reported_metrics
        FROM unnest(p_changes) AS c
        ORDER BY 1, 2
        ON CONFLICT (experiment, participant_id) DO UPDATE SET
            impressions = excluded.impressions, successes = excluded.successes, metrics = excluded.metrics,
            first_impression = excluded.first_impression, last_impression = excluded.last_impression,
            -- Somebody may have assigned them at this moment.
            persona_id = coalesce(excluded.persona_id, p.persona_id), metadata = coalesce(excluded.metadata, p.metadata),
            direct_impressions = excluded.direct_impressions, selected_impressions = excluded.selected_impressions,
            own_impressions = excluded.own_impressions, largest_lone = excluded.largest_lone,
            reported_successes = excluded.reported_successes, reported_metrics = excluded.reported_metrics
        -- And another variant.
        WHERE p.variant = excluded.variant
        RETURNING p AS after
    )
    SELECT array_agg(ROW(c.before, w.after)::armful.participant_change) INTO changes
    FROM written AS w
    JOIN unnest(p_changes) AS c
      ON (c.after).experiment = (w.after).experiment AND (c.after).participant_id = (w.after).participant_id;

    UPDATE armful.experiment_share s SET
        participants = s.participants + seen.new, not_assigned = s.not_assigned + seen.not_assigned
    FROM (
        SELECT (c.after).allocation_epoch, (c.after).variant, count(*) AS new,
               count(*) FILTER (WHERE NOT (c.after).assigned) AS not_assigned
        FROM unnest(changes) AS c
        WHERE coalesce((c.before).impressions, 0) = 0 AND (c.after).impressions > 0
        GROUP BY 1, 2
    ) AS seen
    WHERE s.allocation_epoch = seen.allocation_epoch AND s.variant = seen.variant;

    RETURN changes;
END $$;

CREATE FUNCTION armful.count_personas(p_outcomes armful.resolved_outcome[], p_ids bigint[], p_versions bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    WITH added AS (
        SELECT o.variant, o.persona_id, v.version,
               sum(o.impressions)::bigint AS impressions, sum(o.successes)::bigint AS successes
        FROM unnest(p_outcomes) AS o
        JOIN unnest(p_ids, p_versions) AS v (id, version) ON v.id = o.variant
        JOIN armful.variant_performance p ON p.id = o.variant AND p.pool IS NOT NULL
        WHERE o.status = 0 AND o.persona_id <> ''
        GROUP BY 1, 2, 3
    ), known AS (
        SELECT a.*, c.variant IS NOT NULL AS known,
               row_number() OVER (PARTITION BY a.variant, c.variant IS NULL ORDER BY a.persona_id) AS number
        FROM added a LEFT JOIN armful.variant_persona c ON c.variant = a.variant AND c.persona_id = a.persona_id
    ), counted AS (
        SELECT k.* FROM known k
        WHERE CASE WHEN k.known THEN true
                   WHEN k.impressions < 0 OR k.successes < 0 THEN false
                   -- One of the rows is the sum.
                   ELSE (SELECT count(*) FROM armful.variant_persona c WHERE c.variant = k.variant) + k.number <= 1001 END
    )
    INSERT INTO armful.variant_persona AS c (variant, persona_id, impressions, successes, version)
    SELECT variant, coalesce(persona_id, ''), sum(impressions), sum(successes), version
    FROM counted GROUP BY GROUPING SETS ((variant, version, persona_id), (variant, version))
    ORDER BY 1, 2
    ON CONFLICT (variant, persona_id) DO UPDATE SET
        impressions = c.impressions + excluded.impressions, successes = c.successes + excluded.successes,
        version = excluded.version;
END $$;

CREATE FUNCTION armful.count_random_control(p_outcomes armful.resolved_outcome[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    WITH changed AS (
        SELECT DISTINCT ON (o.selection_id, o.variant) o.selection_id, o.variant, p.name AS pool, p.salt, p.created_at,
               coalesce((o.selection).impressions, 0) AS impressions, coalesce((o.selection).successes, 0) AS successes
        FROM unnest(p_outcomes) AS o
        JOIN armful.variant_performance v ON v.id = o.variant
        JOIN armful.pool p ON p.name = v.pool
        WHERE o.selection_id IS NOT NULL AND o.status = 0 AND NOT o.moved AND substr(o.selection_id::text, 15, 1) = '7'
    ), visit AS (
        SELECT c.selection_id, c.pool, c.salt, c.created_at,
               to_timestamp(('x' || substr(replace(c.selection_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) AS at,
               sum(s.impressions - c.impressions) AS impressions, sum(s.successes - c.successes) AS successes
        FROM changed c JOIN armful.selection_outcome s USING (selection_id, variant)
        GROUP BY 1, 2, 3, 4
    ), dated AS (
        SELECT v.*, share.share, (v.at AT TIME ZONE 'UTC')::date AS day, whole.impressions AS m, whole.successes AS y
        FROM visit v
        CROSS JOIN LATERAL (
            SELECT s.share, s.since FROM armful.pool_control_share s WHERE s.pool = v.pool AND s.since <= v.at + interval '1 second'
            ORDER BY s.since DESC LIMIT 1
        ) AS share
        CROSS JOIN LATERAL (
            SELECT sum(s.impressions) AS impressions, sum(s.successes) AS successes
            FROM armful.selection_outcome s JOIN armful.variant_performance o ON o.id = s.variant
            WHERE s.selection_id = v.selection_id AND o.pool = v.pool
        ) AS whole
        WHERE share.share > 0 AND v.at <= clock_timestamp() + interval '1 minute'
          AND (share.since <= v.created_at OR share.since + interval '2 seconds' <= v.at)
    )
    INSERT INTO armful.pool_control_total AS t
        (pool, share, control, day, slot, selections, impressions, successes, impressions_squared, products, successes_squared)
    SELECT pool, share, armful.unit_hash(salt, selection_id::text) < share, day, pg_backend_pid() % 16,
           count(*) FILTER (WHERE m = impressions), sum(impressions), sum(successes),
           sum(m ^ 2 - (m - impressions) ^ 2), sum(m * y - (m - impressions) * (y - successes)), sum(y ^ 2 - (y - successes) ^ 2)
    FROM dated
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 4, 2, 3
    ON CONFLICT (pool, day, share, control, slot) DO UPDATE SET
        selections = t.selections + excluded.selections, impressions = t.impressions + excluded.impressions,
        successes = t.successes + excluded.successes,
        impressions_squared = t.impressions_squared + excluded.impressions_squared, products = t.products + excluded.products,
        successes_squared = t.successes_squared + excluded.successes_squared;
END $$;

CREATE FUNCTION armful.count_segment_keys(p_experiment bigint) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE found AS (
        (SELECT key FROM armful.experiment_segment WHERE experiment = p_experiment ORDER BY key LIMIT 1)
        UNION ALL
        SELECT (
            SELECT s.key FROM armful.experiment_segment s
            WHERE s.experiment = p_experiment AND s.key > found.key ORDER BY s.key LIMIT 1
        )
        FROM found WHERE found.key IS NOT NULL
    )
    SELECT count(key) FROM found
$$;

CREATE FUNCTION armful.count_segments(p_attributed armful.attributed_outcome[], p_changes armful.participant_change[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    c_most_values CONSTANT integer := 1000;
    c_most_keys CONSTANT integer := 100;
BEGIN
    WITH added AS (
        SELECT a.experiment, a.allocation_epoch, a.variant, a.metadata, NULL AS persona_id, a.impressions, a.successes,
               n.impressions AS participants, n.successes AS converted,
               CASE WHEN e.metrics ? e.success_metrics[1] THEN n.impressions ELSE 0 END AS participant_impressions,
               CASE WHEN e.metrics ? e.success_metrics[1] THEN n.impressions ELSE 0 END AS impressions_squared,
               n.total, CASE WHEN first.is_number THEN coalesce((a.squared ->> e.success_metrics[1])::numeric, 0)
                             ELSE n.total END AS total_squared,
               n.total AS product
        FROM unnest(p_attributed) AS a
        JOIN armful.experiment e ON e.id = a.experiment
        CROSS JOIN LATERAL (
            SELECT coalesce(e.metrics -> e.success_metrics[1] ->> 'type' = 'number', false) AS is_number
        ) AS first
        CROSS JOIN LATERAL (
            SELECT CASE WHEN a.participant_id IS NULL THEN a.impressions ELSE 0 END AS impressions,
                   CASE WHEN a.participant_id IS NULL AND NOT first.is_number THEN a.successes ELSE 0 END AS successes,
                   CASE WHEN a.participant_id IS NOT NULL OR NOT e.metrics ? e.success_metrics[1] THEN 0
                        WHEN first.is_number THEN coalesce((a.by_other_metric ->> e.success_metrics[1])::numeric, 0)
                        ELSE a.successes END AS total
        ) AS n
        WHERE a.metadata IS NOT NULL
        UNION ALL
        -- Participants leave the segments they were in, and enter those they are in now.
        SELECT (p.state).experiment, (p.state).allocation_epoch, (p.state).variant, (p.state).metadata, (p.state).persona_id,
               0, 0, p.sign, p.sign * (((p.state).metrics ->> e.success_metrics[1])::numeric > 0)::integer,
               p.sign * n.impressions, p.sign * n.impressions::double precision ^ 2, p.sign * n.total,
               p.sign * n.total * n.total, p.sign * n.impressions * n.total
        FROM (
            SELECT -1 AS sign, c.before AS state FROM unnest(p_changes) AS c WHERE (c.before).impressions > 0
            UNION ALL
            SELECT 1, c.after FROM unnest(p_changes) AS c
        ) AS p
        JOIN armful.experiment e ON e.id = (p.state).experiment
        CROSS JOIN LATERAL (
            SELECT CASE WHEN e.metrics ? e.success_metrics[1] THEN (p.state).impressions ELSE 0 END AS impressions,
                   CASE WHEN e.metrics ? e.success_metrics[1]
                        THEN coalesce(((p.state).metrics ->> e.success_metrics[1])::numeric, 0) ELSE 0 END AS total
        ) AS n
    ), described AS (
        SELECT a.experiment, g.phase, a.variant, m.key, m.value, sum(a.impressions) AS impressions,
               sum(a.successes) AS successes, sum(a.participants) AS participants, coalesce(sum(a.converted), 0) AS converted,
               sum(a.participant_impressions) AS participant_impressions, sum(a.impressions_squared) AS impressions_squared,
               sum(a.total) AS total, sum(a.total_squared) AS total_squared, sum(a.product) AS product
        FROM added AS a
        JOIN armful.experiment_allocation_epoch g ON g.id = a.allocation_epoch
        CROSS JOIN LATERAL (
            SELECT key, value #>> '{}' AS value FROM jsonb_each(a.metadata)
            WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean')
              AND length(key) <= 255 AND length(value #>> '{}') <= 255 AND key <> 'persona_id'
            UNION ALL
            SELECT 'persona_id', a.persona_id WHERE a.persona_id IS NOT NULL
        ) AS m
        GROUP BY 1, 2, 3, 4, 5
        HAVING sum(a.impressions) <> 0 OR sum(a.successes) <> 0 OR sum(a.participants) <> 0 OR sum(a.converted) <> 0
            OR sum(a.participant_impressions) <> 0 OR sum(a.total_squared) <> 0 OR sum(a.total) <> 0
    ), key AS (
        SELECT experiment, key,
               EXISTS (
                   SELECT FROM armful.experiment_segment s WHERE s.experiment = d.experiment AND s.key = d.key
               ) AS known
        FROM (SELECT DISTINCT experiment, key FROM described) AS d
        WHERE NOT EXISTS (
            SELECT FROM armful.experiment_segment_closed c WHERE c.experiment = d.experiment AND c.key = d.key
        )
    ), counted_key AS (
        SELECT experiment, key FROM key WHERE known
        UNION ALL
        SELECT n.experiment, n.key
        FROM (
            SELECT experiment, key, row_number() OVER (PARTITION BY experiment ORDER BY key) AS number
            FROM key WHERE NOT known
        ) AS n
        WHERE n.number + armful.count_segment_keys(n.experiment) <= c_most_keys
    ), counted AS (
        INSERT INTO armful.experiment_segment AS s
            (experiment, phase, variant, key, value, impressions, successes, participants, converted, participant_impressions,
             impressions_squared, total, total_squared, product)
        SELECT experiment, phase, variant, key, value, impressions, successes, participants, converted, participant_impressions,
               impressions_squared, total, total_squared, product
        FROM described JOIN counted_key USING (experiment, key)
        ON CONFLICT (experiment, key, value, phase, variant) DO UPDATE SET
            impressions = s.impressions + excluded.impressions, successes = s.successes + excluded.successes,
            participants = s.participants + excluded.participants, converted = s.converted + excluded.converted,
            participant_impressions = s.participant_impressions + excluded.participant_impressions,
            impressions_squared = s.impressions_squared + excluded.impressions_squared, total = s.total + excluded.total,
            total_squared = s.total_squared + excluded.total_squared, product = s.product + excluded.product
        RETURNING experiment, key, xmax = 0 AS new
    )
    INSERT INTO armful.experiment_segment_closed (experiment, key)
    SELECT experiment, key
    FROM (SELECT DISTINCT experiment, key FROM counted WHERE new) AS k
    WHERE (
        SELECT count(DISTINCT value) FROM armful.experiment_segment s WHERE s.experiment = k.experiment AND s.key = k.key
    ) >= c_most_values
    ORDER BY experiment, key
    ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION armful.experiments_with(p_variant bigint) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN (
        SELECT jsonb_agg(jsonb_build_array(e.experiment_id, coalesce(
            armful.why_closed(e, NULL),
            CASE WHEN a.retired THEN 'archived' WHEN e.allocation <> 'fixed' THEN 'not_assigned' END
        )) ORDER BY e.id)
        FROM armful.experiment_arm a JOIN armful.experiment e ON e.id = a.experiment
        WHERE a.variant = p_variant AND e.status <> 'draft'
          AND (e.status = 'paused' OR coalesce(e.end_time, e.expected_end_time) > now() - interval '30 days')
    );
END $$;

CREATE FUNCTION armful.keep_to_impressions(p_attributed armful.attributed_outcome[]) RETURNS armful.attributed_outcome[]
    LANGUAGE sql
    AS $$
    SELECT ARRAY(SELECT ROW(
        a.item, a.experiment, a.allocation_epoch, a.variant, a.impressions, a.successes, a.variant_successes, a.by_metric,
        a.by_other_metric, a.at, a.persona_id, a.participant_id, a.metadata,
        CASE WHEN a.reason IS NULL AND NOT a.late AND NOT a.moved
                  AND bool_or(a.late AND (a.reason IS NULL OR a.reason = 'window_closed')) OVER (PARTITION BY a.item)
             THEN 'not_assigned' ELSE a.reason END,
        a.before, a.late, a.moved, a.reported_by_metric, a.squared
    )::armful.attributed_outcome
    FROM unnest(p_attributed) AS a)
$$;

CREATE FUNCTION armful.log_variant_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO armful.variant_change (variant, changed)
    SELECT NEW.id, jsonb_object_agg(before.key, jsonb_build_array(before.value, after.value))
    FROM jsonb_each(to_jsonb(OLD)) AS before JOIN jsonb_each(to_jsonb(NEW)) AS after USING (key)
    WHERE key IN ('dimensions', 'content', 'prior_alpha', 'prior_beta', 'status', 'pool', 'cost', 'features', 'embedding') AND before.value <> after.value;
    RETURN NULL;
END $$;

CREATE FUNCTION armful.make_partition(parent text, partition_column text, first date, days integer) RETURNS void
    LANGUAGE plpgsql
    AS $_$
DECLARE
    name CONSTANT text := parent || '_' || to_char(first, 'YYYYMMDD');
    low CONSTANT timestamptz := first::timestamp AT TIME ZONE 'UTC';
    high CONSTANT timestamptz := (first + days)::timestamp AT TIME ZONE 'UTC';
    taken boolean;
BEGIN
    IF to_regclass('armful.' || name) IS NULL THEN
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM armful.%I WHERE %I >= $1 AND %I < $2)',
            parent || '_other', partition_column, partition_column
        ) INTO taken USING low, high;
        IF NOT taken THEN
            EXECUTE format(
                'CREATE TABLE armful.%I PARTITION OF armful.%I FOR VALUES FROM (%L) TO (%L)', name, parent, low, high
            );
        END IF;
    END IF;
END $_$;

CREATE FUNCTION armful.make_partitions(ahead integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    today CONSTANT date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('armful.make_partitions'));
    PERFORM armful.make_partition('performance_event', 'recorded_at', day::date, 1)
    FROM generate_series(today::timestamp, today + ahead, '1 day') AS days (day);
    PERFORM armful.make_partition('performance_event_key', 'week', week::date, 7)
    FROM generate_series(date_trunc('week', today::timestamp), today + ahead, '7 days') AS weeks (week);
END $$;

CREATE FUNCTION armful.moved_selections(p_outcomes armful.resolved_outcome[], p_items integer[]) RETURNS armful.resolved_outcome[]
    LANGUAGE sql
    AS $$
    SELECT array_agg(ROW(
        o.item, 0, o.variant, 0, 0, false, false, 0, o.at, NULL, o.persona_id, o.participant_id, o.experiment_id, o.selection_id,
        NULL, NULL, true, (o.selection).impressions - coalesce((o.selection).reported_impressions, (o.selection).impressions),
        o.selection, o.described, NULL, true
    )::armful.resolved_outcome)
    FROM unnest(p_outcomes) AS o
    WHERE o.item = ANY (p_items) AND (
        o.participant_id IS NOT NULL
        OR (o.selection).experiments <> '{}' AND (
            (o.selection).persona_id IS DISTINCT FROM o.persona_id OR (o.selection).metadata IS DISTINCT FROM o.described
            OR ((o.selection).at AT TIME ZONE 'UTC')::date <> (o.at AT TIME ZONE 'UTC')::date
        )
    )
$$;

CREATE FUNCTION armful.put_covariates(p_experiment bigint, p_participants text[], p_values double precision[]) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    changes armful.covariate_change[];
    added bigint;
    known bigint;
BEGIN
    -- LIMIT has participants looked up one by one, by index (see attribute_to_experiments).
    changes := ARRAY(
        SELECT ROW(s.sign, p.state, s.value)::armful.covariate_change
        FROM (
            SELECT participant_id, round(value::numeric, 9) AS value FROM unnest(p_participants, p_values) AS u (participant_id, value)
        ) AS g
        CROSS JOIN LATERAL (
            SELECT p AS state FROM armful.experiment_participant p
            WHERE p.experiment = p_experiment AND p.participant_id = g.participant_id AND p.impressions > 0 LIMIT 1
        ) AS p
        LEFT JOIN LATERAL (
            SELECT c.value FROM armful.experiment_covariate c
            WHERE c.experiment = p_experiment AND c.participant_id = g.participant_id LIMIT 1
        ) AS c ON true
        CROSS JOIN LATERAL (
            SELECT 1 AS sign, g.value
            UNION ALL
            SELECT -1, c.value WHERE c.value IS NOT NULL
        ) AS s
        WHERE c.value IS DISTINCT FROM g.value
    );
    WITH written AS (
        INSERT INTO armful.experiment_covariate AS c (experiment, participant_id, value)
        SELECT p_experiment, participant_id, round(value::numeric, 9)
        FROM unnest(p_participants, p_values) AS u (participant_id, value)
        ORDER BY participant_id
        ON CONFLICT (experiment, participant_id) DO UPDATE SET value = excluded.value WHERE c.value <> excluded.value
        RETURNING xmax = 0 AS new
    )
    SELECT count(*) FILTER (WHERE new) INTO added FROM written;
    PERFORM armful.add_covariate_totals(changes);
    UPDATE armful.experiment SET covariates = covariates + added WHERE id = p_experiment RETURNING covariates INTO known;
    RETURN known;
END $$;

CREATE FUNCTION armful.record_outcomes(p_batch uuid, p_process_id uuid, p_deadline timestamp with time zone, p_variant bigint[], p_impression boolean[], p_count bigint[], p_successes bigint[], p_occurred_at timestamp with time zone[], p_persona_id text[], p_experiment_id text[], p_participant_id text[], p_selection_id uuid[], p_event_id text[], p_digest bytea[], p_metrics jsonb[], p_metadata jsonb[], OUT statuses smallint[], OUT ids bigint[], OUT impressions bigint[], OUT successes bigint[], OUT versions bigint[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    SELECT r.statuses, r.ids, r.impressions, r.successes, r.versions
    INTO statuses, ids, impressions, successes, versions
    FROM armful.record_outcomes_v2(
        p_batch, p_process_id, p_deadline, p_variant, p_impression, p_count, p_successes, p_occurred_at, p_persona_id,
        p_experiment_id, p_participant_id, p_selection_id, p_event_id, p_digest, p_metrics, p_metadata, NULL
    ) AS r;
END $$;

CREATE FUNCTION armful.record_outcomes_v2(p_batch uuid, p_process_id uuid, p_deadline timestamp with time zone, p_variant bigint[], p_impression boolean[], p_count bigint[], p_successes bigint[], p_occurred_at timestamp with time zone[], p_persona_id text[], p_experiment_id text[], p_participant_id text[], p_selection_id uuid[], p_event_id text[], p_digest bytea[], p_metrics jsonb[], p_metadata jsonb[], p_value double precision[], OUT statuses smallint[], OUT experiments jsonb, OUT ids bigint[], OUT impressions bigint[], OUT successes bigint[], OUT versions bigint[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION armful.refuse_late_commit() RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the caller no longer waits for this commit' USING ERRCODE = 'query_canceled';
END $$;

CREATE FUNCTION armful.refuse_variant() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'variant %: a prior must be positive and a status active or archived', NEW.variant_id
        USING ERRCODE = 'check_violation', TABLE = 'variant_performance';
END $$;

CREATE FUNCTION armful.remember_personas() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM armful.variant_persona WHERE variant = NEW.id;
    WITH most AS (
        SELECT persona_id, sum(impressions)::bigint AS impressions, sum(successes)::bigint AS successes
        FROM armful.variant_hour WHERE variant = NEW.id AND persona_id <> ''
        GROUP BY persona_id ORDER BY 2 DESC, 1 LIMIT 1000
    )
    INSERT INTO armful.variant_persona (variant, persona_id, impressions, successes, version)
    SELECT NEW.id, coalesce(persona_id, ''), sum(impressions), sum(successes), NEW.version
    FROM most GROUP BY GROUPING SETS ((persona_id), ()) HAVING sum(impressions) IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION armful.remember_selections(p_outcomes armful.resolved_outcome[], p_attributed armful.attributed_outcome[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
BEGIN
    -- Most selections are reported for the first time, once. Then there is nothing to add up.
    IF NOT EXISTS (
        SELECT FROM unnest(p_outcomes) AS o WHERE o.selection_id IS NOT NULL AND o.status IN (0, 3)
        GROUP BY o.selection_id, o.variant HAVING count(*) > 1 OR bool_or((o.selection).selection_id IS NOT NULL)
    ) THEN
        INSERT INTO armful.selection_outcome
            (selection_id, variant, impressions, successes, metrics, at, persona_id, participant_id, experiments,
             allocation_epochs, metadata, reported_impressions)
        SELECT o.selection_id, o.variant, o.times, CASE WHEN o.succeeded THEN o.times ELSE 0 END, coalesce(a.metrics, '{}'), o.at,
               o.persona_id, o.participant_id, coalesce(a.experiments, '{}'), coalesce(a.epochs, '{}'),
               CASE WHEN a.experiments IS NOT NULL THEN o.described END, CASE WHEN NOT o.impression THEN 0 END
        FROM unnest(p_outcomes) AS o
        LEFT JOIN (
            SELECT item, array_agg(experiment ORDER BY experiment) AS experiments,
                   array_agg(allocation_epoch ORDER BY experiment) AS epochs,
                   jsonb_object_agg(experiment, reported_by_metric) FILTER (WHERE reported_by_metric <> '{}') AS metrics
            FROM unnest(p_attributed) WHERE reason IS NULL OR reason = 'nothing_left'
            GROUP BY item
        ) AS a ON a.item = o.item
        WHERE o.selection_id IS NOT NULL AND o.status IN (0, 3)
        ORDER BY o.selection_id, o.variant;
        RETURN;
    END IF;

    WITH counted AS (
        SELECT o.item, o.selection_id, o.variant, o.selection, o.impressions, o.successes, o.at, o.persona_id, o.participant_id,
               o.described,
               CASE WHEN o.impression THEN o.times ELSE 0 END AS reported, CASE WHEN o.impression THEN 0 ELSE o.times END AS lone,
               CASE WHEN o.succeeded THEN o.times ELSE 0 END AS succeeded
        FROM unnest(p_outcomes) AS o
        WHERE o.selection_id IS NOT NULL AND o.status IN (0, 3) AND NOT o.moved
    ), visit AS (
        SELECT selection_id, variant, min(item) AS item, sum(reported) AS reported, max(lone) AS lone, sum(succeeded) AS succeeded
        FROM counted GROUP BY selection_id, variant
    ), place AS (
        -- The experiments in which it counts: those before, unless it moved away, and those of this commit.
        SELECT selection_id, variant, array_agg(experiment ORDER BY experiment) AS experiments,
               array_agg(epoch ORDER BY experiment) AS epochs
        FROM (
            SELECT DISTINCT ON (selection_id, variant, experiment) selection_id, variant, experiment, epoch
            FROM (
                SELECT c.selection_id, c.variant, s.experiment, s.epoch, 0 AS number
                FROM visit v JOIN counted c USING (item)
                CROSS JOIN LATERAL unnest((c.selection).experiments, (c.selection).allocation_epochs) AS s (experiment, epoch)
                WHERE NOT EXISTS (
                    SELECT FROM unnest(p_attributed) AS a
                    WHERE a.item = c.item AND a.moved AND a.experiment = s.experiment AND a.impressions < 0
                )
                UNION ALL
                SELECT c.selection_id, c.variant, a.experiment, a.allocation_epoch, 1
                FROM unnest(p_attributed) AS a JOIN counted c USING (item)
                WHERE a.reason IS NULL AND NOT (a.moved AND a.impressions < 0) OR a.reason = 'nothing_left'
            ) AS s
            ORDER BY selection_id, variant, experiment, number
        ) AS s
        GROUP BY selection_id, variant
    ), metric AS (
        -- By experiment, because the same success may be another metric in each.
        SELECT selection_id, variant, jsonb_object_agg(experiment, armful.add_counts(reported, coalesce(before -> experiment, '{}')))
                   AS reported
        FROM (
            SELECT c.selection_id, c.variant, a.experiment::text AS experiment, armful.sum_counts(a.reported_by_metric) AS reported,
                   (c.selection).metrics AS before
            FROM unnest(p_attributed) AS a JOIN counted c USING (item)
            WHERE a.reported_by_metric <> '{}'
            GROUP BY 1, 2, 3, 5
        ) AS m
        GROUP BY 1, 2
    )
    INSERT INTO armful.selection_outcome AS s
        (selection_id, variant, impressions, successes, metrics, at, persona_id, participant_id, experiments,
         allocation_epochs, metadata, reported_impressions, reported_successes)
    SELECT v.selection_id, v.variant, n.impressions, least(n.succeeded, n.impressions),
           coalesce((c.selection).metrics, '{}') || coalesce(metric.reported, '{}'), c.at, c.persona_id,
           c.participant_id, coalesce(p.experiments, '{}'), coalesce(p.epochs, '{}'),
           CASE WHEN p.experiments IS NOT NULL THEN c.described END, nullif(n.reported, n.impressions),
           nullif(n.succeeded, least(n.succeeded, n.impressions))
    FROM visit v
    JOIN counted c USING (item)
    CROSS JOIN LATERAL (
        SELECT coalesce((c.selection).reported_impressions, (c.selection).impressions, 0) + v.reported AS reported,
               coalesce((c.selection).reported_successes, (c.selection).successes, 0) + v.succeeded AS succeeded
    ) AS r
    CROSS JOIN LATERAL (
        SELECT r.reported, r.succeeded,
               CASE WHEN r.reported > 0 THEN r.reported ELSE greatest(v.lone, (c.selection).impressions) END AS impressions
    ) AS n
    LEFT JOIN place p ON p.selection_id = v.selection_id AND p.variant = v.variant
    LEFT JOIN metric ON metric.selection_id = v.selection_id AND metric.variant = v.variant
    ORDER BY v.selection_id, v.variant
    ON CONFLICT (selection_id, variant) DO UPDATE SET
        impressions = excluded.impressions, successes = excluded.successes, metrics = excluded.metrics, at = excluded.at,
        persona_id = excluded.persona_id, participant_id = excluded.participant_id, experiments = excluded.experiments,
        allocation_epochs = excluded.allocation_epochs, metadata = excluded.metadata,
        reported_impressions = excluded.reported_impressions, reported_successes = excluded.reported_successes;
END $$;

CREATE FUNCTION armful.reported_metrics(p_names text[], p_declared jsonb, p_reported jsonb, p_value double precision, p_succeeded boolean, p_times bigint) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE
    reported jsonb := '{}';
    name text;
    said jsonb;
    n numeric;
BEGIN
    IF p_reported IS NULL AND p_value IS NULL AND NOT p_succeeded THEN
        RETURN reported;
    END IF;
    FOREACH name IN ARRAY p_names LOOP
        said := p_reported -> name;
        n := NULL;
        IF p_declared -> name ->> 'type' = 'number' THEN
            IF said = 'true' THEN
                n := p_times;
            ELSIF jsonb_typeof(said) = 'number' THEN
                n := trim_scale(round((said #>> '{}')::numeric, 9)) * p_times;
            ELSIF said IS NULL AND name = p_names[1] AND p_value IS NOT NULL THEN
                n := trim_scale(round(p_value::numeric, 9)) * p_times;
            END IF;
        ELSIF said IS NULL AND name = p_names[1] AND p_succeeded OR said = 'true'
            OR jsonb_typeof(said) = 'number' AND said > '0'
        THEN
            n := p_times;
        END IF;
        IF n <> 0 THEN
            reported := reported || jsonb_build_object(name, n);
        END IF;
        EXIT WHEN p_reported IS NULL;  -- only the first can count
    END LOOP;
    RETURN reported;
END $$;

CREATE FUNCTION armful.resolve_outcomes(p_batch uuid, p_variant bigint[], p_impression boolean[], p_count bigint[], p_successes bigint[], p_occurred_at timestamp with time zone[], p_persona_id text[], p_experiment_id text[], p_participant_id text[], p_selection_id uuid[], p_event_id text[], p_digest bytea[], p_metrics jsonb[], p_metadata jsonb[], p_value double precision[]) RETURNS armful.resolved_outcome[]
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION armful.settle_participants(INOUT outcomes armful.resolved_outcome[], INOUT attributed armful.attributed_outcome[], OUT changes armful.participant_change[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION armful.square_differences(p_after jsonb, p_before jsonb, p_declared jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT coalesce(jsonb_object_agg(key, value::numeric ^ 2 - coalesce((p_before ->> key)::numeric, 0) ^ 2), '{}')
    FROM jsonb_each_text(p_after)
    WHERE p_declared -> key ->> 'type' = 'number'
$$;

CREATE FUNCTION armful.squares(p_added jsonb, p_declared jsonb, p_times bigint) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT coalesce(jsonb_object_agg(key, value::numeric ^ 2 / p_times), '{}')
    FROM jsonb_each_text(p_added)
    WHERE p_declared -> key ->> 'type' = 'number'
$$;

CREATE FUNCTION armful.subtract_counts(a jsonb, b jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE WHEN b = '{}' THEN a WHEN a = b THEN '{}' ELSE (
        SELECT coalesce(jsonb_object_agg(key, x) FILTER (WHERE x <> 0), '{}')
        FROM (
            SELECT key, coalesce((a ->> key)::numeric, 0) - coalesce((b ->> key)::numeric, 0) AS x
            FROM jsonb_object_keys(a || b) AS key
        ) AS d
    ) END
$$;

CREATE TABLE armful.variant_performance (
    id bigint NOT NULL,
    variant_id character varying(255) NOT NULL,
    dimensions jsonb DEFAULT '{}'::jsonb NOT NULL,
    content text,
    prior_alpha double precision DEFAULT 1 NOT NULL,
    prior_beta double precision DEFAULT 1 NOT NULL,
    impressions bigint DEFAULT 0 NOT NULL,
    successes bigint DEFAULT 0 NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    last_used timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    pool text,
    cost double precision,
    features jsonb,
    embedding double precision[],
    CONSTRAINT variant_performance_check CHECK (((successes >= 0) AND (successes <= impressions)))
)
WITH (fillfactor='60');

CREATE FUNCTION armful.success_rate(v armful.variant_performance) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE WHEN v.impressions = 0 THEN 0 ELSE v.successes::double precision / v.impressions END
$$;

CREATE FUNCTION armful.take_moved_away(p_outcomes armful.resolved_outcome[], p_attributed armful.attributed_outcome[]) RETURNS armful.attributed_outcome[]
    LANGUAGE sql
    AS $$
    SELECT coalesce(p_attributed, '{}') || coalesce(array_agg(ROW(
        o.item, e.id, s.epoch, o.variant, -(o.selection).impressions,
        CASE WHEN first.is_number THEN -(o.selection).successes ELSE -coalesce((y.by_metric ->> e.success_metrics[1])::bigint, 0) END,
        -(o.selection).successes, '{}',
        armful.subtract_counts('{}', CASE WHEN first.is_number THEN y.by_metric ELSE y.by_metric - e.success_metrics[1] END),
        (o.selection).at, (o.selection).persona_id, NULL, (o.selection).metadata, NULL, NULL, false, true, '{}',
        armful.subtract_counts('{}', armful.square_differences(y.by_metric, '{}', e.metrics))
    )::armful.attributed_outcome), '{}')
    FROM unnest(p_outcomes) AS o
    CROSS JOIN LATERAL unnest((o.selection).experiments, (o.selection).allocation_epochs) AS s (experiment, epoch)
    JOIN armful.experiment e ON e.id = s.experiment
    CROSS JOIN LATERAL (
        SELECT armful.cap_metrics(coalesce((o.selection).metrics -> e.id::text, '{}'), e.success_metrics || e.guardrail_metrics, e.metrics,
                                  (o.selection).impressions) AS by_metric
    ) AS y
    CROSS JOIN LATERAL (SELECT coalesce(e.metrics -> e.success_metrics[1] ->> 'type' = 'number', false) AS is_number) AS first
    WHERE o.moved AND EXISTS (
        SELECT FROM unnest(p_attributed) AS a
        WHERE a.item = o.item AND a.moved AND a.experiment = e.id
          AND (a.reason IS NULL OR a.reason NOT IN ('paused', 'ended', 'archived'))
    )
$$;

CREATE FUNCTION armful.unit_hash(p_salt text, p_participant_id text) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT (('x' || encode(substr(h, 1, 4), 'hex'))::bit(32)::bigint::double precision * 4294967296
            + ('x' || encode(substr(h, 5, 4), 'hex'))::bit(32)::bigint::double precision) / 18446744073709551616
    FROM (SELECT sha256(convert_to(p_salt || E'\n' || p_participant_id, 'UTF8')) AS h) AS digest
$$;

CREATE FUNCTION armful.value_bin(y double precision) RETURNS smallint
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT (sign(y)::integer * ((get_byte(float8send(abs(y)), 0) << 7) | (get_byte(float8send(abs(y)), 1) >> 1)))::smallint
$$;

CREATE FUNCTION armful.visitor_state(p armful.experiment_participant) RETURNS armful.visitor_state
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE
    s armful.visitor_state;
BEGIN
    s.selected := coalesce(p.selected_impressions, 0);
    s.own := coalesce(p.own_impressions, 0);
    s.direct := coalesce(p.direct_impressions, p.impressions - s.selected, 0);
    s.lone := coalesce(p.largest_lone, 0);
    s.successes := coalesce(p.reported_successes, p.successes, 0);
    s.metrics := coalesce(p.reported_metrics, p.metrics, '{}');
    RETURN s;
END $$;

CREATE TABLE armful.experiment (
    id bigint NOT NULL,
    experiment_id text NOT NULL,
    experiment_name text NOT NULL,
    description text,
    target_persona text NOT NULL,
    success_metrics text[] NOT NULL,
    guardrail_metrics text[] DEFAULT '{}'::text[] NOT NULL,
    guardrail_harms text[] DEFAULT '{}'::text[] NOT NULL,
    guardrail_margins double precision[] DEFAULT '{}'::double precision[] NOT NULL,
    duration_days integer NOT NULL,
    min_sample_size bigint,
    allocation text DEFAULT 'fixed'::text NOT NULL,
    salt text NOT NULL,
    namespace text,
    namespace_from double precision DEFAULT 0 NOT NULL,
    namespace_to double precision DEFAULT 1 NOT NULL,
    attribution_days integer,
    unresolved text DEFAULT 'failed'::text NOT NULL,
    stop_rule jsonb DEFAULT '{}'::jsonb NOT NULL,
    status text NOT NULL,
    start_time timestamp with time zone,
    expected_end_time timestamp with time zone,
    end_time timestamp with time zone,
    promoted_variant bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    allocation_epoch bigint,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    covariates bigint DEFAULT 0 NOT NULL,
    CONSTRAINT experiment_allocation_check CHECK ((allocation = ANY (ARRAY['fixed'::text, 'thompson'::text]))),
    CONSTRAINT experiment_attribution_days_check CHECK ((attribution_days > 0)),
    CONSTRAINT experiment_check CHECK (((status = 'draft'::text) OR ((start_time IS NOT NULL) AND (expected_end_time IS NOT NULL) AND (allocation_epoch IS NOT NULL)))),
    CONSTRAINT experiment_duration_days_check CHECK ((duration_days > 0)),
    CONSTRAINT experiment_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'active'::text, 'paused'::text, 'completed'::text, 'stopped'::text, 'promoted'::text]))),
    CONSTRAINT experiment_unresolved_check CHECK ((unresolved = ANY (ARRAY['failed'::text, 'pending'::text])))
);

CREATE FUNCTION armful.why_closed(p_experiment armful.experiment, p_persona_id text) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE
        WHEN (p_experiment).status = 'paused' THEN 'paused'
        WHEN (p_experiment).status <> 'active' OR now() >= (p_experiment).expected_end_time THEN 'ended'
        WHEN (p_experiment).target_persona NOT IN ('*', p_persona_id) THEN 'other_persona'
    END
$$;

CREATE AGGREGATE armful.sum_counts(jsonb) (
    SFUNC = armful.add_counts,
    STYPE = jsonb,
    INITCOND = '{}'
);

CREATE TABLE armful.api_key (
    key_id text NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL,
    scopes text[] NOT NULL,
    rate_limit integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    expires_at timestamp with time zone,
    last_used timestamp with time zone,
    replaces text,
    CONSTRAINT api_key_rate_limit_check CHECK ((rate_limit > 0))
);

CREATE TABLE armful.audit (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    key_id text,
    request_id text
);

ALTER TABLE armful.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME armful.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE armful.change (
    batch uuid NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    process_id uuid NOT NULL,
    kind text NOT NULL,
    variants bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    statuses smallint[]
);

CREATE TABLE armful.experiment_allocation_epoch (
    id bigint NOT NULL,
    experiment bigint NOT NULL,
    phase integer NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    impressions bigint DEFAULT 0 NOT NULL
);

ALTER TABLE armful.experiment_allocation_epoch ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME armful.experiment_allocation_epoch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE armful.experiment_arm (
    experiment bigint NOT NULL,
    variant bigint NOT NULL,
    "position" integer NOT NULL,
    is_control boolean NOT NULL,
    traffic_allocation double precision NOT NULL,
    floor double precision DEFAULT 0 NOT NULL,
    retired boolean DEFAULT false NOT NULL,
    CONSTRAINT experiment_arm_floor_check CHECK (((floor >= (0)::double precision) AND (floor <= (1)::double precision))),
    CONSTRAINT experiment_arm_traffic_allocation_check CHECK (((traffic_allocation >= (0)::double precision) AND (traffic_allocation <= (1)::double precision)))
);

CREATE TABLE armful.experiment_covariate (
    experiment bigint NOT NULL,
    participant_id text NOT NULL,
    value numeric NOT NULL
);

CREATE TABLE armful.experiment_covariate_total (
    experiment bigint NOT NULL,
    allocation_epoch bigint NOT NULL,
    variant bigint NOT NULL,
    day date NOT NULL,
    metric text NOT NULL,
    bin smallint NOT NULL,
    participants bigint NOT NULL,
    covariate numeric NOT NULL,
    covariate_squared numeric NOT NULL,
    total numeric NOT NULL,
    product numeric NOT NULL,
    converted bigint NOT NULL,
    converted_product numeric NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.experiment_crossover (
    experiment bigint NOT NULL,
    participant_id text NOT NULL
);

CREATE TABLE armful.experiment_crossover_total (
    experiment bigint NOT NULL,
    allocation_epoch bigint NOT NULL,
    variant bigint NOT NULL,
    participants bigint NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.experiment_day (
    experiment bigint NOT NULL,
    allocation_epoch bigint NOT NULL,
    variant bigint NOT NULL,
    day date NOT NULL,
    persona_id text DEFAULT ''::text NOT NULL,
    impressions bigint NOT NULL,
    successes bigint NOT NULL,
    anonymous bigint NOT NULL,
    anonymous_successes bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.experiment_evidence (
    experiment bigint NOT NULL,
    phase integer NOT NULL,
    variant bigint NOT NULL,
    metric text NOT NULL,
    side text NOT NULL,
    max_log_e double precision NOT NULL,
    CONSTRAINT experiment_evidence_side_check CHECK ((side = ANY (ARRAY['better'::text, 'worse'::text, 'split'::text])))
);

CREATE TABLE armful.experiment_exclusion (
    experiment bigint NOT NULL,
    participant_id text NOT NULL
);

ALTER TABLE armful.experiment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME armful.experiment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE armful.experiment_lift (
    experiment bigint NOT NULL,
    variant bigint NOT NULL,
    log_lift double precision,
    variance double precision,
    CONSTRAINT experiment_lift_check CHECK (((log_lift IS NULL) = (variance IS NULL))),
    CONSTRAINT experiment_lift_variance_check CHECK ((variance >= (0)::double precision))
);

CREATE TABLE armful.experiment_look (
    experiment bigint NOT NULL,
    versions bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE armful.experiment_metric_day (
    experiment bigint NOT NULL,
    allocation_epoch bigint NOT NULL,
    variant bigint NOT NULL,
    day date NOT NULL,
    metric text NOT NULL,
    successes numeric NOT NULL,
    anonymous numeric DEFAULT 0 NOT NULL,
    anonymous_squared numeric DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.experiment_segment (
    experiment bigint NOT NULL,
    phase integer NOT NULL,
    variant bigint NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    impressions bigint NOT NULL,
    successes bigint NOT NULL,
    participants bigint DEFAULT 0 NOT NULL,
    converted bigint DEFAULT 0 NOT NULL,
    participant_impressions bigint DEFAULT 0 NOT NULL,
    impressions_squared double precision DEFAULT 0 NOT NULL,
    total numeric DEFAULT 0 NOT NULL,
    total_squared numeric DEFAULT 0 NOT NULL,
    product numeric DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.experiment_segment_closed (
    experiment bigint NOT NULL,
    key text NOT NULL
);

CREATE TABLE armful.experiment_share (
    allocation_epoch bigint NOT NULL,
    variant bigint NOT NULL,
    share double precision NOT NULL,
    participants bigint DEFAULT 0 NOT NULL,
    not_assigned bigint DEFAULT 0 NOT NULL,
    CONSTRAINT experiment_share_share_check CHECK (((share >= (0)::double precision) AND (share <= (1)::double precision)))
)
WITH (fillfactor='80');

CREATE TABLE armful.experiment_total (
    experiment bigint NOT NULL,
    allocation_epoch bigint NOT NULL,
    variant bigint NOT NULL,
    day date NOT NULL,
    metric text DEFAULT ''::text NOT NULL,
    participants bigint NOT NULL,
    impressions bigint NOT NULL,
    impressions_squared double precision NOT NULL,
    total numeric NOT NULL,
    total_squared numeric NOT NULL,
    product numeric NOT NULL,
    converted bigint NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.experiment_value_bin (
    experiment bigint NOT NULL,
    day date NOT NULL,
    allocation_epoch bigint NOT NULL,
    variant bigint NOT NULL,
    metric text NOT NULL,
    bin smallint NOT NULL,
    participants bigint NOT NULL,
    impressions bigint NOT NULL,
    impressions_squared double precision NOT NULL,
    total numeric NOT NULL,
    total_squared numeric NOT NULL,
    product numeric NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.function (
    name text NOT NULL,
    digest text NOT NULL,
    version text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE armful.holdout (
    id boolean DEFAULT true NOT NULL,
    share double precision NOT NULL,
    salt text NOT NULL,
    baseline text[] NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT holdout_id_check CHECK (id),
    CONSTRAINT holdout_share_check CHECK (((share > (0)::double precision) AND (share <= (0.5)::double precision)))
);

CREATE TABLE armful.holdout_participant (
    participant_id text NOT NULL,
    held_out boolean NOT NULL,
    converted boolean NOT NULL,
    day date NOT NULL,
    share double precision NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.holdout_total (
    share double precision NOT NULL,
    held_out boolean NOT NULL,
    day date NOT NULL,
    slot smallint NOT NULL,
    participants bigint NOT NULL,
    converted bigint NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE armful.migration (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE armful.performance_event (
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    occurred_at timestamp with time zone,
    variant bigint NOT NULL,
    impressions bigint NOT NULL,
    successes bigint NOT NULL,
    persona_id text,
    experiment_id text,
    participant_id text,
    selection_id uuid,
    event_id text,
    metrics jsonb,
    metadata jsonb,
    value double precision
)
PARTITION BY RANGE (recorded_at);

CREATE TABLE armful.performance_event_key (
    event_id text NOT NULL,
    digest bytea NOT NULL,
    batch uuid NOT NULL,
    counted boolean DEFAULT true NOT NULL,
    week date DEFAULT (date_trunc('week'::text, (now() AT TIME ZONE 'UTC'::text)))::date NOT NULL
)
PARTITION BY RANGE (week);

CREATE TABLE armful.performance_event_key_other (
    event_id text CONSTRAINT performance_event_key_event_id_not_null NOT NULL,
    digest bytea CONSTRAINT performance_event_key_digest_not_null NOT NULL,
    batch uuid CONSTRAINT performance_event_key_batch_not_null NOT NULL,
    counted boolean DEFAULT true CONSTRAINT performance_event_key_counted_not_null NOT NULL,
    week date DEFAULT (date_trunc('week'::text, (now() AT TIME ZONE 'UTC'::text)))::date CONSTRAINT performance_event_key_week_not_null NOT NULL
);

CREATE TABLE armful.performance_event_other (
    recorded_at timestamp with time zone DEFAULT now() CONSTRAINT performance_event_recorded_at_not_null NOT NULL,
    occurred_at timestamp with time zone,
    variant bigint CONSTRAINT performance_event_variant_not_null NOT NULL,
    impressions bigint CONSTRAINT performance_event_impressions_not_null NOT NULL,
    successes bigint CONSTRAINT performance_event_successes_not_null NOT NULL,
    persona_id text,
    experiment_id text,
    participant_id text,
    selection_id uuid,
    event_id text,
    metrics jsonb,
    metadata jsonb,
    value double precision
);

CREATE TABLE armful.pool (
    name text NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    salt text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    delay_window integer,
    personas_since timestamp with time zone,
    personas_strength double precision,
    personas_gain double precision,
    CONSTRAINT pool_delay_window_check CHECK ((delay_window > 0))
);

CREATE TABLE armful.pool_control_share (
    pool text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    share double precision NOT NULL
);

CREATE TABLE armful.pool_control_total (
    pool text NOT NULL,
    share double precision NOT NULL,
    control boolean NOT NULL,
    day date NOT NULL,
    slot smallint NOT NULL,
    selections bigint NOT NULL,
    impressions bigint NOT NULL,
    successes bigint NOT NULL,
    impressions_squared bigint NOT NULL,
    products bigint NOT NULL,
    successes_squared bigint NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE armful.pool_delay (
    pool text NOT NULL,
    delay_window integer NOT NULL,
    bin smallint NOT NULL,
    slot smallint NOT NULL,
    count bigint NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE armful.pool_impression (
    pool text NOT NULL,
    variant bigint NOT NULL,
    bucket timestamp with time zone NOT NULL,
    impressions bigint NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.selection_day (
    variant bigint NOT NULL,
    day date NOT NULL,
    selections bigint NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE armful.variant_change (
    id bigint NOT NULL,
    variant bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    changed jsonb NOT NULL
);

ALTER TABLE armful.variant_change ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME armful.variant_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE armful.variant_hour (
    variant bigint NOT NULL,
    hour timestamp with time zone NOT NULL,
    persona_id text DEFAULT ''::text NOT NULL,
    impressions bigint NOT NULL,
    successes bigint NOT NULL
)
WITH (fillfactor='80');

ALTER TABLE armful.variant_performance ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME armful.variant_performance_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE armful.variant_persona (
    variant bigint NOT NULL,
    persona_id text NOT NULL,
    impressions bigint NOT NULL,
    successes bigint NOT NULL,
    version bigint NOT NULL
)
WITH (fillfactor='80');

ALTER TABLE ONLY armful.performance_event_key ATTACH PARTITION armful.performance_event_key_other DEFAULT;

ALTER TABLE ONLY armful.performance_event ATTACH PARTITION armful.performance_event_other DEFAULT;

ALTER TABLE ONLY armful.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY armful.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY armful.change
    ADD CONSTRAINT change_pkey PRIMARY KEY (batch);

ALTER TABLE ONLY armful.experiment_allocation_epoch
    ADD CONSTRAINT experiment_allocation_epoch_pkey PRIMARY KEY (id);

ALTER TABLE ONLY armful.experiment_arm
    ADD CONSTRAINT experiment_arm_pkey PRIMARY KEY (experiment, variant);

ALTER TABLE ONLY armful.experiment_covariate
    ADD CONSTRAINT experiment_covariate_pkey PRIMARY KEY (experiment, participant_id);

ALTER TABLE ONLY armful.experiment_covariate_total
    ADD CONSTRAINT experiment_covariate_total_pkey PRIMARY KEY (experiment, allocation_epoch, variant, day, metric, bin);

ALTER TABLE ONLY armful.experiment_crossover
    ADD CONSTRAINT experiment_crossover_pkey PRIMARY KEY (experiment, participant_id);

ALTER TABLE ONLY armful.experiment_crossover_total
    ADD CONSTRAINT experiment_crossover_total_pkey PRIMARY KEY (experiment, allocation_epoch, variant);

ALTER TABLE ONLY armful.experiment_day
    ADD CONSTRAINT experiment_day_pkey PRIMARY KEY (experiment, allocation_epoch, variant, day, persona_id);

ALTER TABLE ONLY armful.experiment_evidence
    ADD CONSTRAINT experiment_evidence_pkey PRIMARY KEY (experiment, phase, variant, metric, side);

ALTER TABLE ONLY armful.experiment_exclusion
    ADD CONSTRAINT experiment_exclusion_pkey PRIMARY KEY (experiment, participant_id);

ALTER TABLE ONLY armful.experiment
    ADD CONSTRAINT experiment_experiment_id_key UNIQUE (experiment_id);

ALTER TABLE ONLY armful.experiment_lift
    ADD CONSTRAINT experiment_lift_pkey PRIMARY KEY (experiment, variant);

ALTER TABLE ONLY armful.experiment_look
    ADD CONSTRAINT experiment_look_pkey PRIMARY KEY (experiment);

ALTER TABLE ONLY armful.experiment_metric_day
    ADD CONSTRAINT experiment_metric_day_pkey PRIMARY KEY (experiment, allocation_epoch, variant, day, metric);

ALTER TABLE ONLY armful.experiment_participant
    ADD CONSTRAINT experiment_participant_pkey PRIMARY KEY (experiment, participant_id);

ALTER TABLE ONLY armful.experiment
    ADD CONSTRAINT experiment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY armful.experiment_segment_closed
    ADD CONSTRAINT experiment_segment_closed_pkey PRIMARY KEY (experiment, key);

ALTER TABLE ONLY armful.experiment_segment
    ADD CONSTRAINT experiment_segment_pkey PRIMARY KEY (experiment, key, value, phase, variant);

ALTER TABLE ONLY armful.experiment_share
    ADD CONSTRAINT experiment_share_pkey PRIMARY KEY (allocation_epoch, variant);

ALTER TABLE ONLY armful.experiment_total
    ADD CONSTRAINT experiment_total_pkey PRIMARY KEY (experiment, allocation_epoch, variant, day, metric);

ALTER TABLE ONLY armful.experiment_value_bin
    ADD CONSTRAINT experiment_value_bin_pkey PRIMARY KEY (experiment, day, allocation_epoch, variant, metric, bin);

ALTER TABLE ONLY armful.function
    ADD CONSTRAINT function_pkey PRIMARY KEY (name);

ALTER TABLE ONLY armful.holdout_participant
    ADD CONSTRAINT holdout_participant_pkey PRIMARY KEY (participant_id);

ALTER TABLE ONLY armful.holdout
    ADD CONSTRAINT holdout_pkey PRIMARY KEY (id);

ALTER TABLE ONLY armful.holdout_total
    ADD CONSTRAINT holdout_total_pkey PRIMARY KEY (share, held_out, day, slot);

ALTER TABLE ONLY armful.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY armful.performance_event_key
    ADD CONSTRAINT performance_event_key_pkey PRIMARY KEY (event_id, week);

ALTER TABLE ONLY armful.performance_event_key_other
    ADD CONSTRAINT performance_event_key_other_pkey PRIMARY KEY (event_id, week);

ALTER TABLE ONLY armful.pool_control_share
    ADD CONSTRAINT pool_control_share_pkey PRIMARY KEY (pool, since);

ALTER TABLE ONLY armful.pool_control_total
    ADD CONSTRAINT pool_control_total_pkey PRIMARY KEY (pool, day, share, control, slot);

ALTER TABLE ONLY armful.pool_delay
    ADD CONSTRAINT pool_delay_pkey PRIMARY KEY (pool, delay_window, bin, slot);

ALTER TABLE ONLY armful.pool_impression
    ADD CONSTRAINT pool_impression_pkey PRIMARY KEY (pool, variant, bucket);

ALTER TABLE ONLY armful.pool
    ADD CONSTRAINT pool_pkey PRIMARY KEY (name);

ALTER TABLE ONLY armful.selection_day
    ADD CONSTRAINT selection_day_pkey PRIMARY KEY (day, variant);

ALTER TABLE ONLY armful.selection_outcome
    ADD CONSTRAINT selection_outcome_pkey PRIMARY KEY (selection_id, variant);

ALTER TABLE ONLY armful.variant_change
    ADD CONSTRAINT variant_change_pkey PRIMARY KEY (id);

ALTER TABLE ONLY armful.variant_hour
    ADD CONSTRAINT variant_hour_pkey PRIMARY KEY (variant, hour, persona_id);

ALTER TABLE ONLY armful.variant_performance
    ADD CONSTRAINT variant_performance_pkey PRIMARY KEY (id);

ALTER TABLE ONLY armful.variant_performance
    ADD CONSTRAINT variant_performance_variant_id_key UNIQUE (variant_id);

ALTER TABLE ONLY armful.variant_persona
    ADD CONSTRAINT variant_persona_pkey PRIMARY KEY (variant, persona_id);

CREATE INDEX audit_at ON armful.audit USING btree (at);

CREATE INDEX audit_subject ON armful.audit USING btree (kind, subject, id);

CREATE INDEX change_xid ON armful.change USING btree (xid);

CREATE INDEX experiment_active ON armful.experiment USING btree (id) WHERE (status = 'active'::text);

CREATE INDEX experiment_allocation_epoch_experiment ON armful.experiment_allocation_epoch USING btree (experiment);

CREATE INDEX experiment_arm_variant ON armful.experiment_arm USING btree (variant);

CREATE INDEX selection_outcome_at ON armful.selection_outcome USING brin (at) WITH (autosummarize='on');

CREATE INDEX variant_change_variant ON armful.variant_change USING btree (variant, id);

CREATE INDEX variant_hour_hour ON armful.variant_hour USING brin (hour);

CREATE INDEX variant_performance_dimensions ON armful.variant_performance USING gin (dimensions jsonb_path_ops);

CREATE INDEX variant_performance_pool ON armful.variant_performance USING btree (pool) WHERE (pool IS NOT NULL);

ALTER INDEX armful.performance_event_key_pkey ATTACH PARTITION armful.performance_event_key_other_pkey;

CREATE TRIGGER log_variant_change AFTER UPDATE OF dimensions, content, prior_alpha, prior_beta, status, pool, cost, features, embedding ON armful.variant_performance FOR EACH ROW WHEN ((((((((((old.dimensions IS DISTINCT FROM new.dimensions) OR (old.content IS DISTINCT FROM new.content)) OR (old.prior_alpha IS DISTINCT FROM new.prior_alpha)) OR (old.prior_beta IS DISTINCT FROM new.prior_beta)) OR (old.status IS DISTINCT FROM new.status)) OR (old.pool IS DISTINCT FROM new.pool)) OR (old.cost IS DISTINCT FROM new.cost)) OR (old.features IS DISTINCT FROM new.features)) OR (old.embedding IS DISTINCT FROM new.embedding))) EXECUTE FUNCTION armful.log_variant_change();

CREATE TRIGGER refuse_variant AFTER INSERT OR UPDATE OF prior_alpha, prior_beta, status ON armful.variant_performance FOR EACH ROW WHEN ((NOT ((new.prior_alpha > (0)::double precision) AND (new.prior_beta > (0)::double precision) AND (new.status = ANY (ARRAY['active'::text, 'archived'::text]))))) EXECUTE FUNCTION armful.refuse_variant();

CREATE TRIGGER remember_personas AFTER UPDATE OF pool ON armful.variant_performance FOR EACH ROW WHEN (((old.pool IS NULL) AND (new.pool IS NOT NULL))) EXECUTE FUNCTION armful.remember_personas();

ALTER TABLE ONLY armful.api_key
    ADD CONSTRAINT api_key_replaces_fkey FOREIGN KEY (replaces) REFERENCES armful.api_key(key_id);

ALTER TABLE ONLY armful.experiment_allocation_epoch
    ADD CONSTRAINT experiment_allocation_epoch_experiment_fkey FOREIGN KEY (experiment) REFERENCES armful.experiment(id);

ALTER TABLE ONLY armful.experiment
    ADD CONSTRAINT experiment_allocation_epoch_fkey FOREIGN KEY (allocation_epoch) REFERENCES armful.experiment_allocation_epoch(id);

ALTER TABLE ONLY armful.experiment_arm
    ADD CONSTRAINT experiment_arm_experiment_fkey FOREIGN KEY (experiment) REFERENCES armful.experiment(id);

ALTER TABLE ONLY armful.experiment_arm
    ADD CONSTRAINT experiment_arm_variant_fkey FOREIGN KEY (variant) REFERENCES armful.variant_performance(id);

ALTER TABLE ONLY armful.experiment_covariate
    ADD CONSTRAINT experiment_covariate_experiment_fkey FOREIGN KEY (experiment) REFERENCES armful.experiment(id);

ALTER TABLE ONLY armful.experiment_covariate_total
    ADD CONSTRAINT experiment_covariate_total_allocation_epoch_fkey FOREIGN KEY (allocation_epoch) REFERENCES armful.experiment_allocation_epoch(id);

ALTER TABLE ONLY armful.experiment_day
    ADD CONSTRAINT experiment_day_allocation_epoch_fkey FOREIGN KEY (allocation_epoch) REFERENCES armful.experiment_allocation_epoch(id);

ALTER TABLE ONLY armful.experiment_evidence
    ADD CONSTRAINT experiment_evidence_experiment_fkey FOREIGN KEY (experiment) REFERENCES armful.experiment(id);

ALTER TABLE ONLY armful.experiment_lift
    ADD CONSTRAINT experiment_lift_experiment_fkey FOREIGN KEY (experiment) REFERENCES armful.experiment(id);

ALTER TABLE ONLY armful.experiment_look
    ADD CONSTRAINT experiment_look_experiment_fkey FOREIGN KEY (experiment) REFERENCES armful.experiment(id);

ALTER TABLE ONLY armful.experiment_metric_day
    ADD CONSTRAINT experiment_metric_day_allocation_epoch_fkey FOREIGN KEY (allocation_epoch) REFERENCES armful.experiment_allocation_epoch(id);

ALTER TABLE ONLY armful.experiment
    ADD CONSTRAINT experiment_promoted_variant_fkey FOREIGN KEY (promoted_variant) REFERENCES armful.variant_performance(id);

ALTER TABLE ONLY armful.experiment_segment_closed
    ADD CONSTRAINT experiment_segment_closed_experiment_fkey FOREIGN KEY (experiment) REFERENCES armful.experiment(id);

ALTER TABLE ONLY armful.experiment_share
    ADD CONSTRAINT experiment_share_allocation_epoch_fkey FOREIGN KEY (allocation_epoch) REFERENCES armful.experiment_allocation_epoch(id);

ALTER TABLE ONLY armful.experiment_share
    ADD CONSTRAINT experiment_share_variant_fkey FOREIGN KEY (variant) REFERENCES armful.variant_performance(id);

ALTER TABLE ONLY armful.experiment_total
    ADD CONSTRAINT experiment_total_allocation_epoch_fkey FOREIGN KEY (allocation_epoch) REFERENCES armful.experiment_allocation_epoch(id);

ALTER TABLE ONLY armful.experiment_value_bin
    ADD CONSTRAINT experiment_value_bin_allocation_epoch_fkey FOREIGN KEY (allocation_epoch) REFERENCES armful.experiment_allocation_epoch(id);

ALTER TABLE ONLY armful.selection_day
    ADD CONSTRAINT selection_day_variant_fkey FOREIGN KEY (variant) REFERENCES armful.variant_performance(id);

ALTER TABLE ONLY armful.variant_change
    ADD CONSTRAINT variant_change_variant_fkey FOREIGN KEY (variant) REFERENCES armful.variant_performance(id);

ALTER TABLE ONLY armful.variant_hour
    ADD CONSTRAINT variant_hour_variant_fkey FOREIGN KEY (variant) REFERENCES armful.variant_performance(id);

ALTER TABLE ONLY armful.variant_persona
    ADD CONSTRAINT variant_persona_variant_fkey FOREIGN KEY (variant) REFERENCES armful.variant_performance(id);
