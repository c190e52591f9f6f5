-- Adds participants with covariates to the sums of their experiments, or takes them off. Part of add_participant_totals and of
-- put_covariates.
CREATE OR REPLACE FUNCTION armful.add_covariate_totals(p_changes armful.covariate_change[]) RETURNS void
LANGUAGE plpgsql AS $$
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
