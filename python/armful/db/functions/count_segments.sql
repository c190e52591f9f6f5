-- Adds outcomes to the segments that their metadata put them in, and participants to those of their metadata and persona. Part of
-- apply_to_experiments.
--
-- A participant is in the segments of the first metadata and the first persona that are known of them. An impression without a
-- participant counts as another one. The personas of those impressions are in experiment_day.
--
-- If the first metric is a declared one, a segment also has the sums of experiment_total over its participants.
--
-- A key that takes too many values is closed and no longer counted: it names things, not segments. An experiment counts its
-- first keys only, so that callers who keep sending new ones do not fill the table.
CREATE OR REPLACE FUNCTION armful.count_segments(
    p_attributed armful.attributed_outcome[], p_changes armful.participant_change[]
) RETURNS void
LANGUAGE plpgsql AS $$
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
