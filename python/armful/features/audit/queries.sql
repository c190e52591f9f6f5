-- name: write
INSERT INTO armful.audit (actor, key_id, request_id, action, kind, subject, details) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: write_created_variants
-- Write an entry for each of the variants with the keys $4. Contents are left out, because they can be long.
INSERT INTO armful.audit (actor, key_id, request_id, action, kind, subject, details)
SELECT $1, $2, $3, 'create', 'variant', variant_id, jsonb_build_object(
    'dimensions', dimensions, 'prior_alpha', prior_alpha, 'prior_beta', prior_beta,
    'impressions', impressions, 'successes', successes, 'status', status)
FROM armful.variant_performance WHERE id = ANY ($4::bigint[]) ORDER BY id;

-- name: write_changed_variant
-- Write what this transaction has changed in the variant $5. A trigger has recorded it. Writes nothing if nothing changed.
INSERT INTO armful.audit (actor, key_id, request_id, action, kind, subject, details)
SELECT $1, $2, $3,
       CASE WHEN c.changed #>> '{status,1}' = 'archived' THEN 'archive' ELSE 'change' END,
       'variant', $4, jsonb_build_object('changed', c.changed)
FROM armful.variant_change c WHERE c.variant = $5 AND c.at = now() ORDER BY c.id DESC LIMIT 1;

-- name: read
-- Read the newest entries before the id $6, at most $7. Filters, each optional: $1 the kind, $2 the subject, $3 a key's id, a
-- key's name or the whole `actor`, $4 the earliest time (inclusive), $5 the latest time (exclusive).
SELECT id, at, actor, action, kind, subject, details, key_id, request_id FROM armful.audit
WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR subject = $2)
  AND ($3::text IS NULL OR key_id = $3 OR actor = $3 OR actor = $3 || ' (' || key_id || ')')
  AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at < $5)
  AND id < $6
ORDER BY id DESC LIMIT $7;
