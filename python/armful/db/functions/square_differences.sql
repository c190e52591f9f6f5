-- What numeric metrics of a selection without participant add to the sums of squares, where they had `p_before` and have `p_after`.
CREATE OR REPLACE FUNCTION armful.square_differences(p_after jsonb, p_before jsonb, p_declared jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, value::numeric ^ 2 - coalesce((p_before ->> key)::numeric, 0) ^ 2), '{}')
    FROM jsonb_each_text(p_after)
    WHERE p_declared -> key ->> 'type' = 'number'
$$;
