-- name: lock
-- One change of pools after the other, so that their number stays limited.
SELECT pg_advisory_xact_lock(hashtext('armful pools'));

-- name: missing
-- Those of the names $1 that are no pools yet.
SELECT name FROM unnest($1::text[]) AS wanted (name) WHERE NOT EXISTS (SELECT FROM armful.pool p WHERE p.name = wanted.name);

-- name: count
SELECT count(*) FROM armful.pool;

-- name: create
INSERT INTO armful.pool (name, settings, salt, delay_window) SELECT name, $3, salt, $4 FROM unnest($1::text[], $2::text[]) AS new (name, salt);

-- name: set_shares
-- From now on the random control of the pools $1 has the share $2.
INSERT INTO armful.pool_control_share (pool, share) SELECT name, $2 FROM unnest($1::text[]) AS name
ON CONFLICT (pool, since) DO UPDATE SET share = excluded.share;

-- name: locked
SELECT name, settings, salt, created_at, changed_at, personas_since, personas_strength, personas_gain
FROM armful.pool WHERE name = $1 FOR UPDATE;

-- name: change
UPDATE armful.pool SET settings = $2, delay_window = $3, changed_at = now() WHERE name = $1
RETURNING name, settings, salt, created_at, changed_at, personas_since, personas_strength, personas_gain;

-- name: find_personas
-- The personas of the pool $1 differ, with strength $2 and gain $3: selections draw for them from now on.
UPDATE armful.pool SET personas_since = now(), personas_strength = $2, personas_gain = $3
WHERE name = $1 AND personas_since IS NULL
RETURNING name, settings, salt, created_at, changed_at, personas_since, personas_strength, personas_gain;

-- name: lose_personas
-- The personas of the pool $1 no longer differ.
UPDATE armful.pool SET personas_since = NULL, personas_strength = NULL, personas_gain = NULL
WHERE name = $1 AND personas_since IS NOT NULL
RETURNING name, settings, salt, created_at, changed_at, personas_since, personas_strength, personas_gain;

-- name: control_totals
-- The sums of the pool $1, by share, control or not, and day.
SELECT share, control, day, sum(selections)::bigint AS selections, sum(impressions)::bigint AS impressions,
       sum(successes)::bigint AS successes, sum(impressions_squared)::bigint AS impressions_squared,
       sum(products)::bigint AS products, sum(successes_squared)::bigint AS successes_squared
FROM armful.pool_control_total WHERE pool = $1
GROUP BY share, control, day ORDER BY day, share, control;

-- name: delays
-- Of the pool $1: how many successes came in each bin of its window, and in bin -1 all impressions since it has this window.
SELECT d.bin, sum(d.count)::bigint AS count
FROM armful.pool_delay d JOIN armful.pool p ON p.name = d.pool AND p.delay_window = d.delay_window
WHERE d.pool = $1 GROUP BY d.bin;

-- name: recent_impressions
-- Of the pool $1: the impressions of each bucket within the window of $2 seconds, and the age of the bucket's start in seconds.
SELECT bucket, sum(impressions)::bigint AS impressions, extract(epoch FROM now() - bucket)::double precision AS age
FROM armful.pool_impression WHERE pool = $1 AND bucket > now() - make_interval(secs => $2::integer) GROUP BY bucket;

-- name: pending
-- Of each variant of the pool $1: the impressions in the buckets $2, each counted by its weight in $3.
SELECT i.variant, sum(i.impressions * w.weight) AS pending
FROM armful.pool_impression i JOIN unnest($2::timestamptz[], $3::double precision[]) AS w (bucket, weight) USING (bucket)
WHERE i.pool = $1 GROUP BY i.variant;

-- name: forget_impressions
-- Delete the impressions that are older than the window of their pool, and everything of pools without one.
DELETE FROM armful.pool_impression i USING armful.pool p
WHERE p.name = i.pool AND (p.delay_window IS NULL OR i.bucket < now() - make_interval(secs => p.delay_window));

-- name: forgotten
-- Of each variant of the pool $1: what is lost of its impressions and successes if each counts half after $2 seconds. What
-- was counted without an hour, such as history that was brought along, is as old as the variant.
SELECT v.id AS variant, v.impressions - h.impressions - (v.impressions - h.counted) * power(0.5, h.age / $2) AS impressions,
       v.successes - h.successes - (v.successes - h.succeeded) * power(0.5, h.age / $2) AS successes
FROM armful.variant_performance v
CROSS JOIN LATERAL (
    SELECT coalesce(sum(h.impressions * w.weight), 0)::double precision AS impressions,
           coalesce(sum(h.successes * w.weight), 0)::double precision AS successes,
           coalesce(sum(h.impressions), 0)::bigint AS counted, coalesce(sum(h.successes), 0)::bigint AS succeeded,
           extract(epoch FROM now() - v.created_at)::double precision AS age
    FROM armful.variant_hour h
    CROSS JOIN LATERAL (
        SELECT power(0.5, greatest(0, extract(epoch FROM now() - h.hour))::double precision / $2::double precision) AS weight
    ) AS w
    WHERE h.variant = v.id
) AS h
WHERE v.pool = $1;
