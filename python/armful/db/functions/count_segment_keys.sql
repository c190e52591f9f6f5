-- Counts the metadata keys that an experiment has segments of, with one look-up for each key.
CREATE OR REPLACE FUNCTION armful.count_segment_keys(p_experiment bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
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
