-- Successes per impression of a variant, for whoever queries the database: SELECT armful.success_rate(v) FROM
-- armful.variant_performance v. The service works it out by itself; a stored column would cost every commit.
CREATE OR REPLACE FUNCTION armful.success_rate(v armful.variant_performance) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN v.impressions = 0 THEN 0 ELSE v.successes::double precision / v.impressions END
$$;
