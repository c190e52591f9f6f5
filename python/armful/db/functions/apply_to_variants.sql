-- Adds a commit's counts to its variants: to their counters, and to their hours. The fourth part of counting, for every
-- outcome. Returns each variant's totals.
--
-- The first three arrays have an element per variant, in the order of their ids unless they are locked already. The others have one per variant, hour and
-- persona; without hours they are of this one, without personas of none.
--
-- The UPDATE locks the variants in that order, as all writers do: BETWEEN can be neither hashed nor merged, so that what is
-- added is looked up row by row, and on a connection that was prepared for it (armful/ingest/queries.sql) by index only. The
-- hours of a variant are guarded by its row's lock: of the statements in a WITH that nobody reads from, PostgreSQL runs the
-- main one first.
CREATE OR REPLACE FUNCTION armful.apply_to_variants(
    p_variant bigint[], p_impressions bigint[], p_successes bigint[],
    p_hour_variant bigint[], p_hour timestamptz[], p_persona_id text[],
    p_hour_impressions bigint[], p_hour_successes bigint[]
) RETURNS TABLE (id bigint, impressions bigint, successes bigint, version bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    this_hour CONSTANT timestamptz := date_trunc('hour', now(), 'UTC');
BEGIN
    RETURN QUERY
    WITH rolled_up AS (
        INSERT INTO armful.variant_hour AS h (variant, hour, persona_id, impressions, successes)
        SELECT variant, coalesce(hour, this_hour), coalesce(persona_id, ''), impressions, successes
        FROM unnest(p_hour_variant, p_hour, p_persona_id, p_hour_impressions, p_hour_successes)
            AS added (variant, hour, persona_id, impressions, successes)
        ON CONFLICT (variant, hour, persona_id) DO UPDATE SET
            impressions = h.impressions + excluded.impressions, successes = h.successes + excluded.successes
    )
    UPDATE armful.variant_performance v
    SET impressions = v.impressions + added.impressions, successes = v.successes + added.successes, version = v.version + 1
    FROM unnest(p_variant, p_impressions, p_successes) AS added (variant, impressions, successes)
    WHERE v.id BETWEEN added.variant AND added.variant
    RETURNING v.id, v.impressions, v.successes, v.version;
END $$;
