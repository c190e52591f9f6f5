-- Counts an outcome's successes by metric, as {"metric": successes}, of the metrics that an experiment has: those that the
-- outcome reports as true and, where it is a success and says nothing of it, the experiment's first.
--
-- Of a late success, no metric gets more than the impressions it can turn: `p_impressions` less what `p_before` has.
CREATE OR REPLACE FUNCTION armful.count_metrics(
    p_names text[], p_reported jsonb, p_succeeded boolean, p_times bigint,
    p_late boolean, p_impressions bigint, p_before jsonb
) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    counted jsonb := '{}';
    name text;
    n bigint;
BEGIN
    IF p_reported IS NULL AND NOT p_succeeded THEN
        RETURN counted;
    END IF;
    FOREACH name IN ARRAY p_names LOOP
        IF coalesce((p_reported ->> name)::boolean, p_succeeded AND name = p_names[1]) THEN
            n := p_times;
            IF p_late THEN
                n := least(n, p_impressions - coalesce((p_before ->> name)::bigint, 0));
            END IF;
            IF n > 0 THEN
                counted := counted || jsonb_build_object(name, n);
            END IF;
        END IF;
        EXIT WHEN p_reported IS NULL;  -- only the first can count
    END LOOP;
    RETURN counted;
END $$;
