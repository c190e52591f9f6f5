-- name: insert
INSERT INTO experiment
    (experiment_id, experiment_name, description, target_persona, success_metrics, duration_days, min_sample_size, expected_end_time)
VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(days => $6))
RETURNING id;

-- name: insert_arms
INSERT INTO experiment_arm (experiment, variant, position, is_control, traffic_allocation)
SELECT $1, variant, position, variant = $4, share
FROM unnest($2::bigint[], $3::float8[]) WITH ORDINALITY AS u (variant, share, position);

-- name: by_id
-- An active experiment past its expected end has completed as planned, whoever asks first.
SELECT e.*, CASE WHEN e.status = 'active' AND now() >= e.expected_end_time THEN 'completed' ELSE e.status END AS state,
       p.variant_id AS promoted_variant_id
FROM experiment e LEFT JOIN variant_performance p ON p.id = e.promoted_variant
WHERE e.experiment_id = $1;

-- name: page
-- $1 the number before which the page starts, $2 its size; newest first.
SELECT e.*, CASE WHEN e.status = 'active' AND now() >= e.expected_end_time THEN 'completed' ELSE e.status END AS state,
       p.variant_id AS promoted_variant_id
FROM experiment e LEFT JOIN variant_performance p ON p.id = e.promoted_variant
WHERE e.id < $1 ORDER BY e.id DESC LIMIT $2;

-- name: count
SELECT count(*) FROM experiment;

-- name: arms
SELECT a.experiment, a.variant, v.variant_id, a.traffic_allocation, a.is_control, a.participants
FROM experiment_arm a JOIN variant_performance v ON v.id = a.variant
WHERE a.experiment = ANY ($1::bigint[]) ORDER BY a.experiment, a.position;

-- name: lock
-- The state a change starts from; the row is held until the change is done.
SELECT id, CASE WHEN status = 'active' AND now() >= expected_end_time THEN 'completed' ELSE status END AS state
FROM experiment WHERE experiment_id = $1 FOR UPDATE;

-- name: change_status
UPDATE experiment SET
    status = $2,
    end_time = CASE WHEN $2 IN ('stopped', 'promoted')
                    THEN coalesce(end_time, least(now(), expected_end_time)) ELSE end_time END,
    promoted_variant = coalesce($3, promoted_variant)
WHERE id = $1;

-- name: days
-- Everything an experiment's results are made of: a row per variant, day and persona.
SELECT variant, day, persona_id, impressions, successes, anonymous FROM experiment_day WHERE experiment = $1;

-- name: segments
SELECT value, variant, impressions, successes FROM experiment_segment WHERE experiment = $1 AND key = $2;

-- name: segment_closed
SELECT EXISTS (SELECT FROM experiment_segment_closed WHERE experiment = $1 AND key = $2);

