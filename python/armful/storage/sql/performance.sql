-- name: record
SELECT outcomes, ids, impressions, successes, versions
FROM record_performance($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: totals
SELECT id, impressions, successes, version FROM variant_performance WHERE id = ANY ($1::bigint[]);

-- name: partitions
-- The event log's partitions from today on.
SELECT armful_event_partitions($1);
