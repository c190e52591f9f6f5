-- name: stage
-- A temporary table for a file's lines until all of them have been read. Only this session sees it, and it ends with it.
CREATE TEMPORARY TABLE incoming (
    line        bigint PRIMARY KEY,
    variant_id  text NOT NULL,
    dimensions  text NOT NULL,
    content     text,
    prior_alpha double precision NOT NULL,
    prior_beta  double precision NOT NULL,
    impressions bigint NOT NULL,
    successes   bigint NOT NULL,
    status      text NOT NULL,
    pool        text,
    cost        double precision,
    features    text,
    embedding   double precision[]
);

-- name: unstage_taken
-- Remove the lines whose id exists already or is on an earlier line. Returns the first $1 of them, and their total number.
WITH known AS (
    SELECT i.line, i.variant_id, p.id IS NOT NULL AS taken, min(i.line) OVER (PARTITION BY i.variant_id) AS first_line
    FROM incoming i LEFT JOIN armful.variant_performance p ON p.variant_id = i.variant_id
), gone AS (
    DELETE FROM incoming i USING known k
    WHERE k.line = i.line AND (k.taken OR k.line > k.first_line)
    RETURNING k.line, k.variant_id, CASE WHEN k.taken THEN NULL ELSE k.first_line END AS first_line
)
SELECT line, variant_id, first_line, count(*) OVER () AS total FROM gone ORDER BY line LIMIT $1;

-- name: last_line
SELECT coalesce(max(line), 0) FROM incoming;

-- name: insert
-- Create the variants of the lines after $1 up to $2, in the file's order.
INSERT INTO armful.variant_performance
    (variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, pool, cost,
     features, embedding)
SELECT variant_id, dimensions::jsonb, content, prior_alpha, prior_beta, impressions, successes, status, pool, cost,
       features::jsonb, embedding
FROM incoming WHERE line > $1 AND line <= $2 ORDER BY line
RETURNING id;

-- name: dimension_names
SELECT DISTINCT jsonb_object_keys(dimensions) AS name FROM armful.variant_performance WHERE status = ANY ($1::text[]) ORDER BY 1;

-- name: count
SELECT count(*) FROM armful.variant_performance WHERE status = ANY ($1::text[]);

-- name: export
SELECT variant_id, dimensions, content, prior_alpha, prior_beta, impressions, successes, status, pool, cost, features, embedding
FROM armful.variant_performance WHERE status = ANY ($1::text[]) ORDER BY id;

-- name: pools
-- The pools of the staged variants.
SELECT DISTINCT pool FROM incoming WHERE pool IS NOT NULL ORDER BY pool;
