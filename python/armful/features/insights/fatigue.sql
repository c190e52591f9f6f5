-- name: windows
-- Successes and impressions of each variant shown since $1: those since $2, and those before.
SELECT variant,
       coalesce(sum(successes) FILTER (WHERE hour >= $2), 0)::bigint, coalesce(sum(impressions) FILTER (WHERE hour >= $2), 0)::bigint,
       coalesce(sum(successes) FILTER (WHERE hour < $2), 0)::bigint, coalesce(sum(impressions) FILTER (WHERE hour < $2), 0)::bigint
FROM armful.variant_hour WHERE hour >= $1 GROUP BY 1;
