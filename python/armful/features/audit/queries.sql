-- name: write
INSERT INTO armful.audit (actor, key_id, request_id, action, kind, subject, details) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: write_created_variants
-- An entry for each of the variants with the keys $4; their contents can be long and are not repeated.
INSERT INTO armful.audit (actor, key_id, request_id, action, kind, subject, details)
SELECT $1, $2, $3, 'create', 'variant', variant_id, jsonb_build_object(
    'dimensions', dimensions, 'prior_alpha', prior_alpha, 'prior_beta', prior_beta,
    'impressions', impressions, 'successes', successes, 'status', status)
FROM armful.variant_performance WHERE id = ANY ($4::bigint[]) ORDER BY id;

-- name: write_changed_variant
-- What this transaction has changed about the variant $5 as a trigger has noted it; nothing where all stayed as it was.
INSERT INTO armful.audit (actor, key_id, request_id, action, kind, subject, details)
SELECT $1, $2, $3,
       CASE WHEN c.changed #>> '{status,1}' = 'archived' THEN 'archive' ELSE 'change' END,
       'variant', $4, jsonb_build_object('changed', c.changed)
FROM armful.variant_change c WHERE c.variant = $5 AND c.at = now() ORDER BY c.id DESC LIMIT 1;

-- name: read
-- $1 kind, $2 subject, $3 a key's id, a key's name or both as they stand in `actor`, $4 and $5 from when until before when.
SELECT id, at, actor, action, kind, subject, details, key_id, request_id FROM armful.audit
WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR subject = $2)
  AND ($3::text IS NULL OR key_id = $3 OR actor = $3 OR actor = $3 || ' (' || key_id || ')')
  AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at < $5)
  AND id < $6
ORDER BY id DESC LIMIT $7;
