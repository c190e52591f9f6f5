-- Why an experiment counts nothing new at present, or nothing of a persona; null if it does.
CREATE OR REPLACE FUNCTION armful.why_closed(p_experiment armful.experiment, p_persona_id text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN (p_experiment).status = 'paused' THEN 'paused'
        WHEN (p_experiment).status <> 'active' OR now() >= (p_experiment).expected_end_time THEN 'ended'
        WHEN (p_experiment).target_persona NOT IN ('*', p_persona_id) THEN 'other_persona'
    END
$$;
