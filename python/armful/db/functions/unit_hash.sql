-- Hashes a participant to a number in [0, 1) that depends only on the salt and the id: the first 8 bytes, big-endian, of
-- SHA-256(salt + "\n" + participant_id), divided by 2^64. The same as `unit_hash` in armful/domain/unit_hash.py.
CREATE OR REPLACE FUNCTION armful.unit_hash(p_salt text, p_participant_id text) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
    SELECT (('x' || encode(substr(h, 1, 4), 'hex'))::bit(32)::bigint::double precision * 4294967296
            + ('x' || encode(substr(h, 5, 4), 'hex'))::bit(32)::bigint::double precision) / 18446744073709551616
    FROM (SELECT sha256(convert_to(p_salt || E'\n' || p_participant_id, 'UTF8')) AS h) AS digest
$$;
