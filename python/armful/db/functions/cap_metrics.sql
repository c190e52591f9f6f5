-- What counts of the metrics that were reported for a visitor: a binary metric at most as often as there are impressions, a numeric
-- one in full. Only the metrics `p_names` are returned.
CREATE OR REPLACE FUNCTION armful.cap_metrics(p_reported jsonb, p_names text[], p_declared jsonb, p_impressions bigint)
RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    name text;
    said numeric;
    counted jsonb := p_reported;
BEGIN
    FOR name, said IN SELECT key, value::numeric FROM jsonb_each_text(p_reported) LOOP
        IF name <> ALL (p_names) THEN
            counted := counted - name;
        ELSIF said > p_impressions AND p_declared -> name ->> 'type' IS DISTINCT FROM 'number' THEN
            counted := CASE WHEN p_impressions = 0 THEN counted - name ELSE jsonb_set(counted, ARRAY[name], to_jsonb(p_impressions)) END;
        END IF;
    END LOOP;
    RETURN counted;
END $$;
