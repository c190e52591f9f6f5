-- name: insert
INSERT INTO armful.api_key (key_id, name, digest, scopes, rate_limit, expires_at, replaces) VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING key_id, name, digest, scopes, rate_limit, created_at, revoked_at, expires_at, last_used, replaces;

-- name: lock
-- Read a key that will be changed, and lock it: no other transaction can change it meanwhile.
SELECT key_id, name, digest, scopes, rate_limit, created_at, revoked_at, expires_at, last_used, replaces
FROM armful.api_key WHERE key_id = $1 FOR NO KEY UPDATE;

-- name: revoke
UPDATE armful.api_key SET revoked_at = now() WHERE key_id = $1
RETURNING key_id, name, digest, scopes, rate_limit, created_at, revoked_at, expires_at, last_used, replaces;

-- name: end
-- Let a key expire at $2, unless it expires earlier.
UPDATE armful.api_key SET expires_at = least(expires_at, $2) WHERE key_id = $1
RETURNING key_id, name, digest, scopes, rate_limit, created_at, revoked_at, expires_at, last_used, replaces;
