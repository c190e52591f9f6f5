-- Subtracts an object of counts from another one, key by key, and leaves out what is 0.
CREATE OR REPLACE FUNCTION armful.subtract_counts(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN b = '{}' THEN a WHEN a = b THEN '{}' ELSE (
        SELECT coalesce(jsonb_object_agg(key, x) FILTER (WHERE x <> 0), '{}')
        FROM (
            SELECT key, coalesce((a ->> key)::numeric, 0) - coalesce((b ->> key)::numeric, 0) AS x
            FROM jsonb_object_keys(a || b) AS key
        ) AS d
    ) END
$$;
