-- name: hold_arms
SELECT v.id FROM armful.variant_performance v
WHERE v.id IN (
    SELECT a.variant FROM armful.experiment_arm a JOIN armful.experiment e ON e.id = a.experiment WHERE e.experiment_id = $1
)
ORDER BY v.id FOR NO KEY UPDATE;

-- name: put
SELECT armful.put_covariates($1, $2::text[], $3::float8[]);

-- name: count
-- The participants of phase $2 that events name, and how many of them have a covariate.
SELECT coalesce((
    SELECT sum(s.participants) FROM armful.experiment_share s
    JOIN armful.experiment_allocation_epoch g ON g.id = s.allocation_epoch WHERE g.experiment = $1 AND g.phase = $2
), 0)::bigint AS participants, coalesce((
    SELECT sum(t.participants) FROM armful.experiment_covariate_total t
    JOIN armful.experiment_allocation_epoch g ON g.id = t.allocation_epoch
    WHERE t.experiment = $1 AND g.phase = $2 AND t.metric = ''
), 0)::bigint AS with_covariate;
