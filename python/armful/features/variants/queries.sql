-- name: insert
-- Create all variants or none: the statement fails if an id exists already, also if that variant is archived.
INSERT INTO armful.variant_performance
    (variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, pool, cost, features, embedding)
SELECT variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, pool, cost, features,
       CASE WHEN embedding IS NOT NULL THEN ARRAY(SELECT value::float8 FROM jsonb_array_elements_text(embedding::jsonb) AS value) END
FROM unnest($1::text[], $2::jsonb[], $3::text[], $4::float8[], $5::float8[], $6::bigint[], $7::bigint[], $8::text[], $9::float8[],
            $10::jsonb[], $11::text[])
    AS new (variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, pool, cost, features, embedding)
RETURNING id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at, pool, cost, features, embedding;

-- name: existing
SELECT variant_id FROM armful.variant_performance WHERE variant_id = ANY ($1::text[]) LIMIT 1;

-- name: by_id
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at, pool, cost, features, embedding
FROM armful.variant_performance WHERE variant_id = $1;

-- name: by_ids
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at, pool, cost, features, embedding
FROM armful.variant_performance WHERE variant_id = ANY ($1::text[]);

-- name: page
-- Read a page of variants: $1 dimensions that must all match, $2 minimum impressions, $3 statuses, $4 the last id of the page
-- before, $5 the page size, $6 a pool, '' for the unnamed one, or null for all.
SELECT id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at, pool, cost, features, embedding
FROM armful.variant_performance
WHERE dimensions @> $1 AND impressions >= $2 AND status = ANY ($3::text[]) AND id > $4
  AND ($6::text IS NULL OR coalesce(pool, '') = $6)
ORDER BY id LIMIT $5;

-- name: count
SELECT count(*) FROM armful.variant_performance
WHERE dimensions @> $1 AND impressions >= $2 AND status = ANY ($3::text[]) AND ($4::text IS NULL OR coalesce(pool, '') = $4);

-- name: patch
-- Change the fields named in $2. The other fields stay unchanged.
UPDATE armful.variant_performance SET
    dimensions  = CASE WHEN 'dimensions'  = ANY ($2::text[]) THEN $3 ELSE dimensions END,
    content     = CASE WHEN 'content'     = ANY ($2) THEN $4 ELSE content END,
    prior_alpha = CASE WHEN 'prior_alpha' = ANY ($2) THEN $5 ELSE prior_alpha END,
    prior_beta  = CASE WHEN 'prior_beta'  = ANY ($2) THEN $6 ELSE prior_beta END,
    status      = CASE WHEN 'status'      = ANY ($2) THEN $7 ELSE status END,
    pool        = CASE WHEN 'pool'        = ANY ($2) THEN $8 ELSE pool END,
    cost        = CASE WHEN 'cost'        = ANY ($2) THEN $9 ELSE cost END,
    features    = CASE WHEN 'features'    = ANY ($2) THEN $10::jsonb ELSE features END,
    embedding   = CASE WHEN 'embedding'   = ANY ($2) THEN $11::float8[] ELSE embedding END,
    version = version + 1
WHERE variant_id = $1
RETURNING id, variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, version, last_used, created_at, pool, cost, features, embedding;
