-- Keeps the sums over participants: takes off what participants had before a commit, and adds what they have now. Part of
-- apply_to_experiments.
CREATE OR REPLACE FUNCTION armful.add_participant_totals(p_changes armful.participant_change[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO armful.experiment_total AS t
        (experiment, allocation_epoch, variant, day, metric, participants, impressions, impressions_squared, total,
         total_squared, product, converted)
    SELECT (p.state).experiment, (p.state).allocation_epoch, (p.state).variant,
           ((p.state).first_impression AT TIME ZONE 'UTC')::date, y.metric, sum(p.sign), sum(p.sign * (p.state).impressions),
           sum(p.sign * (p.state).impressions::double precision ^ 2), sum(p.sign * y.total), sum(p.sign * y.total ^ 2),
           sum(p.sign * (p.state).impressions * y.total), sum(p.sign * (y.total > 0)::integer)
    FROM (
        SELECT -1 AS sign, c.before AS state FROM unnest(p_changes) AS c WHERE (c.before).impressions > 0
        UNION ALL
        SELECT 1, c.after FROM unnest(p_changes) AS c
    ) AS p
    CROSS JOIN LATERAL (
        SELECT '' AS metric, 0::double precision AS total
        UNION ALL
        SELECT key, value::double precision FROM jsonb_each_text((p.state).metrics)
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
        converted = t.converted + excluded.converted
$$;
