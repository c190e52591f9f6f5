-- name: days
-- Impressions and successes of the variant $1 since $2, by UTC day.
SELECT (hour AT TIME ZONE 'UTC')::date, sum(impressions)::bigint, sum(successes)::bigint
FROM armful.variant_hour WHERE variant = $1 AND hour >= $2 GROUP BY 1 ORDER BY 1;

-- name: personas
-- The same by persona, the one with most impressions first; '' stands for events without a persona.
SELECT persona_id, sum(impressions)::bigint AS impressions, sum(successes)::bigint
FROM armful.variant_hour WHERE variant = $1 AND hour >= $2 GROUP BY 1 ORDER BY impressions DESC, persona_id LIMIT 100;

-- name: changes
-- Changes of the variant $1, newest first, each with its actor: the actor of the same transaction's entry in the audit log.
SELECT c.at, c.changed, a.actor
FROM armful.variant_change c JOIN armful.variant_performance v ON v.id = c.variant
LEFT JOIN armful.audit a ON a.kind = 'variant' AND a.subject = v.variant_id AND a.at = c.at
WHERE c.variant = $1 ORDER BY c.id DESC LIMIT 50;

-- name: creator
-- Who created the variant $1, by the audit log.
SELECT a.actor
FROM armful.variant_performance v JOIN armful.audit a ON a.kind = 'variant' AND a.subject = v.variant_id AND a.action = 'create'
WHERE v.id = $1 LIMIT 1;

-- name: trend
-- Daily counts of every variant since $1: one row per variant, with arrays of days (0 is the day of $1), impressions and
-- successes.
SELECT variant, array_agg(day), array_agg(impressions), array_agg(successes)
FROM (
    SELECT variant, (hour AT TIME ZONE 'UTC')::date - ($1::timestamptz AT TIME ZONE 'UTC')::date AS day,
           sum(impressions)::bigint AS impressions, sum(successes)::bigint AS successes
    FROM armful.variant_hour WHERE hour >= $1 GROUP BY 1, 2
) AS by_day
GROUP BY variant;

-- name: selections
-- How often each variant was selected since the day $1.
SELECT variant, sum(selections)::bigint FROM armful.selection_day WHERE day >= $1 GROUP BY 1;
