-- What numeric metrics of `p_times` impressions, each of an own participant, add to the sums of squares.
CREATE OR REPLACE FUNCTION armful.squares(p_added jsonb, p_declared jsonb, p_times bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, value::numeric ^ 2 / p_times), '{}')
    FROM jsonb_each_text(p_added)
    WHERE p_declared -> key ->> 'type' = 'number'
$$;
