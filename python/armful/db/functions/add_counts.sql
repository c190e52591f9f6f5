-- Adds two objects of counts, key by key.
CREATE OR REPLACE FUNCTION armful.add_counts(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN b = '{}' THEN a WHEN a = '{}' THEN b ELSE a || (
        SELECT jsonb_object_agg(key, coalesce((a ->> key)::numeric, 0) + value::numeric) FROM jsonb_each_text(b)
    ) END
$$;
