-- Adds a commit's counts to the rollup by persona, for variants of named pools. Called after the variants' totals are written:
-- p_ids and p_versions are theirs. Outcomes without a persona are not written: they are what remains of the variant's totals.
--
-- A variant can have at most 1,000 personas. What further ones report counts as outcomes without a persona.
CREATE OR REPLACE FUNCTION armful.count_personas(
    p_outcomes armful.resolved_outcome[], p_ids bigint[], p_versions bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    WITH added AS (
        SELECT o.variant, o.persona_id, v.version,
               sum(o.impressions)::bigint AS impressions, sum(o.successes)::bigint AS successes
        FROM unnest(p_outcomes) AS o
        JOIN unnest(p_ids, p_versions) AS v (id, version) ON v.id = o.variant
        JOIN armful.variant_performance p ON p.id = o.variant AND p.pool IS NOT NULL
        WHERE o.status = 0 AND o.persona_id <> ''
        GROUP BY 1, 2, 3
    ), known AS (
        SELECT a.*, c.variant IS NOT NULL AS known,
               row_number() OVER (PARTITION BY a.variant, c.variant IS NULL ORDER BY a.persona_id) AS number
        FROM added a LEFT JOIN armful.variant_persona c ON c.variant = a.variant AND c.persona_id = a.persona_id
    ), counted AS (
        SELECT k.* FROM known k
        WHERE CASE WHEN k.known THEN true
                   WHEN k.impressions < 0 OR k.successes < 0 THEN false
                   -- One of the rows is the sum.
                   ELSE (SELECT count(*) FROM armful.variant_persona c WHERE c.variant = k.variant) + k.number <= 1001 END
    )
    INSERT INTO armful.variant_persona AS c (variant, persona_id, impressions, successes, version)
    SELECT variant, coalesce(persona_id, ''), sum(impressions), sum(successes), version
    FROM counted GROUP BY GROUPING SETS ((variant, version, persona_id), (variant, version))
    ORDER BY 1, 2
    ON CONFLICT (variant, persona_id) DO UPDATE SET
        impressions = c.impressions + excluded.impressions, successes = c.successes + excluded.successes,
        version = excluded.version;
END $$;
