-- Adds outcomes to the segments that their metadata put them in. Part of apply_to_experiments.
--
-- A key that takes too many values is closed and no longer counted: it names things, not segments. An experiment counts its
-- first keys only, so that callers who keep sending new ones do not fill the table.
CREATE OR REPLACE FUNCTION armful.count_segments(p_attributed armful.attributed_outcome[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_most_values CONSTANT integer := 1000;
    c_most_keys CONSTANT integer := 100;
BEGIN
    WITH described AS (
        SELECT a.experiment, g.phase, a.variant, m.key, m.value #>> '{}' AS value,
               sum(a.impressions) AS impressions, sum(a.successes) AS successes
        FROM unnest(p_attributed) AS a
        JOIN armful.experiment_allocation_epoch g ON g.id = a.allocation_epoch
        CROSS JOIN LATERAL jsonb_each(a.metadata) AS m
        WHERE jsonb_typeof(m.value) IN ('string', 'number', 'boolean')
          AND length(m.key) <= 255 AND length(m.value #>> '{}') <= 255
        GROUP BY 1, 2, 3, 4, 5
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
        INSERT INTO armful.experiment_segment AS s (experiment, phase, variant, key, value, impressions, successes)
        SELECT experiment, phase, variant, key, value, impressions, successes
        FROM described JOIN counted_key USING (experiment, key)
        ON CONFLICT (experiment, key, value, phase, variant) DO UPDATE SET
            impressions = s.impressions + excluded.impressions, successes = s.successes + excluded.successes
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
