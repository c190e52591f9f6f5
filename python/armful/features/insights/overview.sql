-- name: server
-- The server's start, its connections and their limit, and the size of the database.
SELECT pg_postmaster_start_time() AS started, pg_database_size(current_database()) AS size,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    current_setting('max_connections')::integer AS most_connections;

-- name: traffic
-- The traffic of each arm of every active experiment in its current phase: the number of participants seen, the number expected
-- from its shares with its variance, and the strongest evidence so far against the planned split.
WITH phase AS (
    SELECT e.id, e.experiment_id, e.allocation, g.phase, r.id AS allocation_epoch
    FROM armful.experiment e
    JOIN armful.experiment_allocation_epoch g ON g.id = e.allocation_epoch
    JOIN armful.experiment_allocation_epoch r ON r.experiment = e.id AND r.phase = g.phase
    WHERE e.status = 'active' AND now() < e.expected_end_time
), arm AS (
    SELECT p.id, p.experiment_id, p.allocation, p.phase, s.variant, s.share::float8 AS share,
        s.participants AS seen,
        sum(s.participants) OVER (PARTITION BY s.allocation_epoch) AS total
    FROM phase p
    JOIN armful.experiment_share s USING (allocation_epoch)
)
SELECT arm.experiment_id, arm.allocation, arm.variant, sum(seen)::bigint AS seen,
    sum(total * share)::float8 AS expected, sum(total * share * (1 - share))::float8 AS variance,
    coalesce(max(e.max_log_e), 0)::float8 AS evidence
FROM arm
LEFT JOIN armful.experiment_evidence e ON e.experiment = arm.id AND e.phase = arm.phase AND e.side = 'split'
GROUP BY 1, 2, 3 ORDER BY 1, 3;
