-- Adds two objects of counts, key by key.
CREATE OR REPLACE FUNCTION armful.add_counts(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN b = '{}' THEN a ELSE a || (
        SELECT jsonb_object_agg(key, coalesce((a ->> key)::bigint, 0) + value::bigint) FROM jsonb_each_text(b)
    ) END
$$;
