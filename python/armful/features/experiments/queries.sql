-- name: insert
INSERT INTO armful.experiment
    (experiment_id, experiment_name, description, target_persona, success_metrics, guardrail_metrics, guardrail_harms,
     guardrail_margins, duration_days, min_sample_size, allocation, salt, namespace, namespace_from, namespace_to, attribution_days,
     unresolved, stop_rule, metrics, status)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 'draft')
ON CONFLICT (experiment_id) DO NOTHING
RETURNING id;

-- name: put_arm
INSERT INTO armful.experiment_arm AS a (experiment, variant, position, is_control, traffic_allocation, floor)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (experiment, variant) DO UPDATE SET
    traffic_allocation = excluded.traffic_allocation, floor = excluded.floor, retired = false;

-- name: hold_variants
-- Locks variants against archiving and restoring until the transaction ends. Variants are locked before experiments everywhere.
SELECT id, variant_id, status FROM armful.variant_performance WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: running_with
-- The running experiments in which some of these variants get participants. Their rows are held until the change is done.
SELECT experiment_id FROM armful.experiment e
WHERE (e.status = 'paused' OR e.status = 'active' AND now() < e.expected_end_time)
  AND EXISTS (
      SELECT FROM armful.experiment_arm a WHERE a.experiment = e.id AND a.variant = ANY ($1::bigint[]) AND NOT a.retired
  )
ORDER BY e.id FOR UPDATE;

-- name: retire_others
UPDATE armful.experiment_arm SET retired = true, traffic_allocation = 0, floor = 0
WHERE experiment = $1 AND variant <> ALL ($2::bigint[]);

-- name: start
UPDATE armful.experiment
SET status = 'active', start_time = now(), expected_end_time = now() + make_interval(days => duration_days),
    allocation_epoch = $2
WHERE id = $1;

-- name: open_allocation_epoch
-- A new allocation epoch: a further phase, or (where $2 is null) a renewal of the shares within the present one.
INSERT INTO armful.experiment_allocation_epoch (experiment, phase, impressions)
SELECT $1, coalesce($2, (SELECT max(phase) FROM armful.experiment_allocation_epoch WHERE experiment = $1)), $3
RETURNING id;

-- name: put_shares
INSERT INTO armful.experiment_share (allocation_epoch, variant, share) SELECT $1, * FROM unnest($2::bigint[], $3::float8[]);

-- name: use_allocation_epoch
UPDATE armful.experiment SET allocation_epoch = $2 WHERE id = $1;

-- name: overlapping
-- Another experiment, not yet ended, whose part of the namespace overlaps this one's.
SELECT o.experiment_id
FROM armful.experiment e JOIN armful.experiment o ON o.namespace = e.namespace AND o.id <> e.id
WHERE e.id = $1 AND o.status IN ('active', 'paused') AND (o.status = 'paused' OR now() < o.expected_end_time)
  AND o.namespace_from < e.namespace_to AND e.namespace_from < o.namespace_to
LIMIT 1;

-- name: lock_namespace
-- Experiments of one namespace start one after the other.
SELECT pg_advisory_xact_lock(hashtext('armful namespace ' || namespace))
FROM armful.experiment WHERE id = $1 AND namespace IS NOT NULL;

-- name: by_id
-- An active experiment past its expected end has completed as planned, whoever asks first.
SELECT e.*, CASE WHEN e.status = 'active' AND now() >= e.expected_end_time THEN 'completed' ELSE e.status END AS state,
       p.variant_id AS promoted_variant_id, coalesce(g.phase, 0) AS phase
FROM armful.experiment e
LEFT JOIN armful.variant_performance p ON p.id = e.promoted_variant
LEFT JOIN armful.experiment_allocation_epoch g ON g.id = e.allocation_epoch
WHERE e.experiment_id = $1;

-- name: page
-- $1 the number before which the page starts, $2 its size; newest first.
SELECT e.*, CASE WHEN e.status = 'active' AND now() >= e.expected_end_time THEN 'completed' ELSE e.status END AS state,
       p.variant_id AS promoted_variant_id, coalesce(g.phase, 0) AS phase
FROM armful.experiment e
LEFT JOIN armful.variant_performance p ON p.id = e.promoted_variant
LEFT JOIN armful.experiment_allocation_epoch g ON g.id = e.allocation_epoch
WHERE e.id < $1 ORDER BY e.id DESC LIMIT $2;

-- name: count
SELECT count(*) FROM armful.experiment;

-- name: arms
SELECT a.experiment, a.variant, v.variant_id, a.traffic_allocation, a.is_control, a.floor, a.retired,
       v.prior_alpha, v.prior_beta, v.status = 'archived' AS archived
FROM armful.experiment_arm a JOIN armful.variant_performance v ON v.id = a.variant
WHERE a.experiment = ANY ($1::bigint[]) ORDER BY a.experiment, a.position;

-- name: lock
-- The state a change starts from; the row is held until the change is done.
SELECT id, CASE WHEN status = 'active' AND now() >= expected_end_time THEN 'completed' ELSE status END AS state,
       allocation_epoch
FROM armful.experiment WHERE experiment_id = $1 FOR UPDATE;

-- name: time_is_over
SELECT now() >= expected_end_time FROM armful.experiment WHERE id = $1;

-- name: change_status
-- What was paused when its time was over had ended before, with the pause: whoever chose that had seen results.
UPDATE armful.experiment SET
    status = $2,
    end_time = CASE
        WHEN $2 NOT IN ('stopped', 'promoted') THEN end_time
        WHEN status = 'paused' AND now() >= expected_end_time THEN
            least((SELECT max(at) FROM armful.audit WHERE kind = 'experiment' AND subject = experiment_id AND action = 'pause'),
                  expected_end_time - interval '1 microsecond')
        ELSE coalesce(end_time, least(now(), expected_end_time)) END,
    promoted_variant = coalesce($3, promoted_variant)
WHERE id = $1;

-- name: variant_id
SELECT variant_id FROM armful.variant_performance WHERE id = $1;

-- name: shares
-- The shares of every allocation epoch, how many distinct participants its events have named, how many of these armful did not
-- assign, and how many participants crossed over.
SELECT s.allocation_epoch, g.phase, s.variant, s.share, s.participants, s.not_assigned,
       coalesce(c.participants, 0) AS crossed_over
FROM armful.experiment_share s
JOIN armful.experiment_allocation_epoch g ON g.id = s.allocation_epoch
LEFT JOIN armful.experiment_crossover_total c
    ON c.experiment = g.experiment AND c.allocation_epoch = g.id AND c.variant = s.variant
WHERE g.experiment = $1;

-- name: totals
SELECT allocation_epoch, variant, day, metric, participants, converted, impressions, impressions_squared, total::float8,
       total_squared::float8, product::float8
FROM armful.experiment_total WHERE experiment = $1;

-- name: totals_over_days
-- The same over all days.
SELECT allocation_epoch, variant, '-infinity'::date AS day, metric, sum(participants)::bigint, sum(converted)::bigint,
       sum(impressions)::bigint, sum(impressions_squared), sum(total)::float8, sum(total_squared)::float8, sum(product)::float8
FROM armful.experiment_total WHERE experiment = $1 GROUP BY 1, 2, 4;

-- name: bins
-- Over all days, or up to the day $2.
SELECT allocation_epoch, variant, metric, bin, sum(participants)::bigint, sum(impressions)::bigint, sum(impressions_squared),
       sum(total)::float8, sum(total_squared)::float8, sum(product)::float8
FROM armful.experiment_value_bin
WHERE experiment = $1 AND CASE WHEN $2::date IS NULL THEN day = 'infinity' ELSE day <= $2 END
GROUP BY 1, 2, 3, 4 HAVING sum(participants) <> 0;

-- name: covariate_totals
-- Over all days, or up to the day $2.
SELECT allocation_epoch, variant, metric, bin, sum(participants)::bigint, sum(covariate)::float8, sum(covariate_squared)::float8,
       sum(total)::float8, sum(product)::float8, sum(converted)::bigint, sum(converted_product)::float8
FROM armful.experiment_covariate_total WHERE experiment = $1 AND ($2::date IS NULL OR day <= $2)
GROUP BY 1, 2, 3, 4 HAVING sum(participants) <> 0;

-- name: limited_days
-- Sums of a metric's values by day, where values in bins beyond $3 are replaced by $4.
SELECT allocation_epoch, variant, day,
       sum(CASE WHEN abs(bin) <= $3 THEN total::float8 ELSE sign(bin) * participants * $4 END),
       sum(CASE WHEN abs(bin) <= $3 THEN total_squared::float8 ELSE participants * $4 * $4 END),
       sum(CASE WHEN abs(bin) <= $3 THEN product::float8 ELSE sign(bin) * impressions * $4 END)
FROM armful.experiment_value_bin WHERE experiment = $1 AND metric = $2 AND day < 'infinity'
GROUP BY 1, 2, 3;

-- name: days
-- Everything an experiment's results are made of: a row per allocation epoch, variant, day and persona.
SELECT allocation_epoch, variant, day, persona_id, impressions, successes, anonymous, anonymous_successes
FROM armful.experiment_day WHERE experiment = $1;

-- name: over_days
-- The same over all days.
SELECT allocation_epoch, variant, '-infinity'::date AS day, persona_id, sum(impressions)::bigint, sum(successes)::bigint,
       sum(anonymous)::bigint, sum(anonymous_successes)::bigint
FROM armful.experiment_day WHERE experiment = $1 GROUP BY 1, 2, 4;

-- name: metric_days
SELECT allocation_epoch, variant, day, metric, successes::float8, anonymous::float8, anonymous_squared::float8
FROM armful.experiment_metric_day WHERE experiment = $1;

-- name: metrics_over_days
-- The same over all days.
SELECT allocation_epoch, variant, '-infinity'::date AS day, metric, sum(successes)::float8, sum(anonymous)::float8,
       sum(anonymous_squared)::float8
FROM armful.experiment_metric_day WHERE experiment = $1 GROUP BY 1, 2, 4;

-- name: segments
SELECT value, variant, impressions, successes, participants, converted, participant_impressions, impressions_squared,
       total::float8, total_squared::float8, product::float8
FROM armful.experiment_segment WHERE experiment = $1 AND key = $2 AND phase = $3;

-- name: segment_closed
SELECT EXISTS (SELECT FROM armful.experiment_segment_closed WHERE experiment = $1 AND key = $2);

-- name: evidence
SELECT variant, metric, side, max_log_e FROM armful.experiment_evidence WHERE experiment = $1 AND phase = $2;

-- name: keep_evidence
INSERT INTO armful.experiment_evidence AS e (experiment, phase, variant, metric, side, max_log_e)
SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[], $6::float8[])
ON CONFLICT (experiment, phase, variant, metric, side) DO UPDATE SET max_log_e = greatest(e.max_log_e, excluded.max_log_e);

-- name: claim_looks
-- Claim the experiments whose evidence is due to be looked at: those that count, and have counted something since the last
-- look, which is more than $1 seconds ago. At most $2 of them, first those that nobody has looked at for longest. Each goes to
-- one process only.
WITH counting AS (
    SELECT e.id, e.experiment_id, sum(v.version)::bigint AS versions
    FROM armful.experiment e
    JOIN armful.experiment_arm a ON a.experiment = e.id
    JOIN armful.variant_performance v ON v.id = a.variant
    WHERE e.status IN ('active', 'completed')
      AND now() < e.expected_end_time + make_interval(days => coalesce(e.attribution_days, 0))
    GROUP BY e.id
), due AS (
    SELECT c.id, c.experiment_id, c.versions
    FROM counting c LEFT JOIN armful.experiment_look l ON l.experiment = c.id
    WHERE l.experiment IS NULL OR (l.versions <> c.versions AND l.at < now() - make_interval(secs => $1))
    ORDER BY l.at NULLS FIRST LIMIT $2
), claimed AS (
    INSERT INTO armful.experiment_look AS l (experiment, versions) SELECT id, versions FROM due ORDER BY id
    ON CONFLICT (experiment) DO UPDATE SET versions = excluded.versions, at = now()
    WHERE l.versions <> excluded.versions AND l.at < now() - make_interval(secs => $1)
    RETURNING experiment
)
SELECT d.experiment_id FROM due d JOIN claimed c ON c.experiment = d.id;

-- name: phases
SELECT phase, min(started_at) AS started_at
FROM armful.experiment_allocation_epoch WHERE experiment = $1 GROUP BY phase ORDER BY phase;

-- name: active
-- The participants of every active experiment: distinct where events name them, else impressions.
SELECT e.experiment_id,
       ((SELECT coalesce(sum(s.participants), 0)
         FROM armful.experiment_share s JOIN armful.experiment_allocation_epoch g ON g.id = s.allocation_epoch
         WHERE g.experiment = e.id)
        + (SELECT coalesce(sum(d.anonymous), 0)
           FROM armful.experiment_day d WHERE d.experiment = e.id))::bigint AS participants
FROM armful.experiment e WHERE e.status = 'active' AND now() < e.expected_end_time;

-- name: ended_without_lifts
-- Experiments that have ended, and whose late successes no longer count, but whose lifts are not stored. At most $1, oldest first.
SELECT e.experiment_id
FROM armful.experiment e
WHERE e.status NOT IN ('draft', 'paused')
  AND now() >= coalesce(e.end_time, e.expected_end_time) + make_interval(days => coalesce(e.attribution_days, 0))
  AND EXISTS (SELECT FROM armful.experiment_arm a WHERE a.experiment = e.id AND NOT a.is_control AND NOT a.retired)
  AND NOT EXISTS (SELECT FROM armful.experiment_lift l WHERE l.experiment = e.id)
ORDER BY e.id LIMIT $1;

-- name: keep_lifts
INSERT INTO armful.experiment_lift (experiment, variant, log_lift, variance)
SELECT $1, * FROM unnest($2::bigint[], $3::float8[], $4::float8[])
ON CONFLICT DO NOTHING;

-- name: past_lifts
-- The lifts of the newest ended experiments, other than $1. At most $2. One row: arrays are read faster than rows.
SELECT coalesce(array_agg(log_lift), '{}') AS log_lifts, coalesce(array_agg(variance), '{}') AS variances,
       count(DISTINCT experiment) AS experiments
FROM (
    SELECT l.log_lift, l.variance, l.experiment
    FROM armful.experiment_lift l WHERE l.experiment <> $1 AND l.log_lift IS NOT NULL
    ORDER BY l.experiment DESC, l.variant DESC LIMIT $2
) AS newest;
