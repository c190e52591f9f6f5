-- name: insert
-- All or nothing: an id that exists, archived ones included, fails the whole statement.
INSERT INTO variant_performance
    (variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes)
SELECT * FROM unnest($1::text[], $2::jsonb[], $3::text[], $4::float8[], $5::float8[], $6::bigint[], $7::bigint[])
RETURNING id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at;

-- name: existing
SELECT variant_id FROM variant_performance WHERE variant_id = ANY ($1::text[]) LIMIT 1;

-- name: by_id
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at
FROM variant_performance WHERE variant_id = $1;

-- name: by_key
-- In order, so that processes that hear of variants together give them the same slots: a seed then gives the same draws.
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at
FROM variant_performance WHERE id = ANY ($1::bigint[]) ORDER BY id;

-- name: everything
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at
FROM variant_performance ORDER BY id;

-- name: checksums
-- For the periodic comparison: what a range of $1 keys adds up to, here and in a process's memory.
-- With equal versions counters or birthdays differ where the database was put back and went on from there.
SELECT id / $1::bigint AS number, count(*), sum(version), sum(id % $1 * version), sum(impressions) + sum(successes),
    sum(extract(microseconds FROM created_at))
FROM variant_performance GROUP BY 1;

-- name: states
-- What tells the states of the variants from the key $1 up to $2.
SELECT id, version, impressions, successes, created_at FROM variant_performance WHERE id >= $1 AND id < $2;

-- name: page
-- $1 dimensions all of which match, $2 least impressions, $3 statuses, $4 the id before the page, $5 its size.
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at
FROM variant_performance
WHERE dimensions @> $1 AND impressions >= $2 AND status = ANY ($3::text[]) AND id > $4
ORDER BY id LIMIT $5;

-- name: count
SELECT count(*) FROM variant_performance
WHERE dimensions @> $1 AND impressions >= $2 AND status = ANY ($3::text[]);

-- name: patch
-- $2 says which fields change; the others keep what they have.
UPDATE variant_performance SET
    dimensions  = CASE WHEN 'dimensions'  = ANY ($2::text[]) THEN $3 ELSE dimensions END,
    content     = CASE WHEN 'content'     = ANY ($2) THEN $4 ELSE content END,
    prior_alpha = CASE WHEN 'prior_alpha' = ANY ($2) THEN $5 ELSE prior_alpha END,
    prior_beta  = CASE WHEN 'prior_beta'  = ANY ($2) THEN $6 ELSE prior_beta END,
    status      = CASE WHEN 'status'      = ANY ($2) THEN $7 ELSE status END,
    version = version + 1
WHERE variant_id = $1
RETURNING id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at;

-- name: touch
-- When variants were last selected, and how often. Locked in order of id, like every other writer of several rows.
WITH used AS (
    SELECT p.id, u.at, u.times
    FROM variant_performance p
    JOIN unnest($1::bigint[], $2::timestamptz[], $3::bigint[]) AS u (id, at, times) ON u.id = p.id
    ORDER BY p.id FOR NO KEY UPDATE OF p
), counted AS (
    INSERT INTO selection_day AS d (variant, day, selections)
    SELECT id, (at AT TIME ZONE 'UTC')::date, times FROM used ORDER BY id
    ON CONFLICT (day, variant) DO UPDATE SET selections = d.selections + excluded.selections
)
UPDATE variant_performance v SET last_used = greatest(v.last_used, used.at) FROM used WHERE v.id = used.id;
