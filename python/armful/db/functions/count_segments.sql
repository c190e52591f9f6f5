-- Adds outcomes to the segments that their metadata put them in. A key that takes too many values is closed and no longer
-- counted: it names things, not segments. Part of apply_to_experiments.
CREATE OR REPLACE FUNCTION armful.count_segments(p_attributed armful.attributed_outcome[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_most_values CONSTANT integer := 1000;
BEGIN
    WITH counted AS (
        INSERT INTO armful.experiment_segment AS s (experiment, phase, variant, key, value, impressions, successes)
        SELECT a.experiment, g.phase, a.variant, m.key, m.value #>> '{}', sum(a.impressions), sum(a.successes)
        FROM unnest(p_attributed) AS a
        JOIN armful.experiment_allocation_epoch g ON g.id = a.allocation_epoch
        CROSS JOIN LATERAL jsonb_each(a.metadata) AS m
        WHERE jsonb_typeof(m.value) IN ('string', 'number', 'boolean')
          AND length(m.key) <= 255 AND length(m.value #>> '{}') <= 255
          AND NOT EXISTS (
              SELECT FROM armful.experiment_segment_closed c WHERE c.experiment = a.experiment AND c.key = m.key
          )
        GROUP BY 1, 2, 3, 4, 5
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
    ON CONFLICT DO NOTHING;
END $$;
