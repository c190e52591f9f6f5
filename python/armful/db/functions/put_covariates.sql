-- Sets covariates of distinct participants of an experiment, whether or not they have been seen. Replaced ones are taken off the
-- sums. Returns how many participants have one now. The caller holds the experiment and all its variants, so that no outcome of
-- these is counted meanwhile.
CREATE OR REPLACE FUNCTION armful.put_covariates(p_experiment bigint, p_participants text[], p_values double precision[])
RETURNS bigint LANGUAGE plpgsql AS $$
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
