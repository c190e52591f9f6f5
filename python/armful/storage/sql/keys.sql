-- name: insert
INSERT INTO api_key (key_id, name, digest, scopes, rate_limit) VALUES ($1, $2, $3, $4, $5)
RETURNING key_id, name, digest, scopes, rate_limit, created_at, revoked_at;

-- name: everything
SELECT key_id, name, digest, scopes, rate_limit, created_at, revoked_at FROM api_key ORDER BY created_at;

-- name: revoke
-- Revoking twice is revoking once: the first time stands.
UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = $1
RETURNING key_id, name, digest, scopes, rate_limit, created_at, revoked_at;
