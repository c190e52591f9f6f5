-- Keeps the sums over participants: takes off what participants had before a commit, and adds what they have now. Part of
-- apply_to_experiments. Metrics that are winsorised have the same sums by bins of their participants' totals, and experiments with
-- covariates have the sums of these.
CREATE OR REPLACE FUNCTION armful.add_participant_totals(p_changes armful.participant_change[]) RETURNS void
LANGUAGE plpgsql AS $$
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
END $$;
