-- name: lock
-- One change of pools after the other, so that their number stays limited.
SELECT pg_advisory_xact_lock(hashtext('armful pools'));

-- name: missing
-- Those of the names $1 that are no pools yet.
SELECT name FROM unnest($1::text[]) AS wanted (name) WHERE NOT EXISTS (SELECT FROM armful.pool p WHERE p.name = wanted.name);

-- name: count
SELECT count(*) FROM armful.pool;

-- name: create
INSERT INTO armful.pool (name, settings, salt) SELECT name, $3, salt FROM unnest($1::text[], $2::text[]) AS new (name, salt);

-- name: set_shares
-- From now on the random control of the pools $1 has the share $2.
INSERT INTO armful.pool_control_share (pool, share) SELECT name, $2 FROM unnest($1::text[]) AS name
ON CONFLICT (pool, since) DO UPDATE SET share = excluded.share;

-- name: locked
SELECT name, settings, salt, created_at, changed_at FROM armful.pool WHERE name = $1 FOR UPDATE;

-- name: change
UPDATE armful.pool SET settings = $2, changed_at = now() WHERE name = $1
RETURNING name, settings, salt, created_at, changed_at;

-- name: control_totals
-- The sums of the pool $1, by share, control or not, and day.
SELECT share, control, day, sum(selections)::bigint AS selections, sum(impressions)::bigint AS impressions,
       sum(successes)::bigint AS successes, sum(impressions_squared)::bigint AS impressions_squared,
       sum(products)::bigint AS products, sum(successes_squared)::bigint AS successes_squared
FROM armful.pool_control_total WHERE pool = $1
GROUP BY share, control, day ORDER BY day, share, control;
