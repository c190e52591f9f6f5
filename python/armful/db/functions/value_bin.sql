-- The bin of a participant's total, by which winsorised metrics are summed up: its sign, exponent and the first bits of its fraction
-- (armful.stats.means.winsorize).
CREATE OR REPLACE FUNCTION armful.value_bin(y double precision) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
    SELECT (sign(y)::integer * ((get_byte(float8send(abs(y)), 0) << 7) | (get_byte(float8send(abs(y)), 1) >> 1)))::smallint
$$;
