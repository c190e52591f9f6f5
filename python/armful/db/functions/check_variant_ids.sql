-- Refuses to count where a key does not belong to the variant with this id. True otherwise. The database may have been replaced
-- by another one under a running process, whose variants have the same keys.
CREATE OR REPLACE FUNCTION armful.check_variant_ids(p_variant bigint[], p_variant_id text[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(p_variant, p_variant_id) AS named (variant, variant_id)
        JOIN armful.variant_performance v ON v.id BETWEEN named.variant AND named.variant
        WHERE v.variant_id <> named.variant_id
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a variant has another id in this database';
    END IF;
    RETURN true;
END $$;
