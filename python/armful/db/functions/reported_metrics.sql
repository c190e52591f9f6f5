-- What an outcome reports of the metrics that an experiment has, as {"metric": number}: how often a binary metric happened, or
-- the sum of a numeric one. If the outcome says nothing of the first metric, that is its success or its value. For a numeric metric
-- `true` is 1, and for a binary one a number above 0 is `true`.
CREATE OR REPLACE FUNCTION armful.reported_metrics(
    p_names text[], p_declared jsonb, p_reported jsonb, p_value double precision, p_succeeded boolean, p_times bigint
) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
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
