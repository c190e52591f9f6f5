-- Fills the rollup by persona of a variant that enters a named pool, from its hours: what was counted before, and what
-- count_personas did not count while the variant was in no pool.
CREATE OR REPLACE FUNCTION armful.remember_personas() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM armful.variant_persona WHERE variant = NEW.id;
    WITH most AS (
        SELECT persona_id, sum(impressions)::bigint AS impressions, sum(successes)::bigint AS successes
        FROM armful.variant_hour WHERE variant = NEW.id AND persona_id <> ''
        GROUP BY persona_id ORDER BY 2 DESC, 1 LIMIT 1000
    )
    INSERT INTO armful.variant_persona (variant, persona_id, impressions, successes, version)
    SELECT NEW.id, coalesce(persona_id, ''), sum(impressions), sum(successes), NEW.version
    FROM most GROUP BY GROUPING SETS ((persona_id), ()) HAVING sum(impressions) IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER remember_personas
AFTER UPDATE OF pool ON armful.variant_performance FOR EACH ROW
WHEN (OLD.pool IS NULL AND NEW.pool IS NOT NULL)
EXECUTE FUNCTION armful.remember_personas();
