-- name: write
INSERT INTO audit (actor, action, kind, subject, details) VALUES ($1, $2, $3, $4, $5);

-- name: read
SELECT id, at, actor, action, kind, subject, details FROM audit
WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR subject = $2) AND id < $3
ORDER BY id DESC LIMIT $4;
