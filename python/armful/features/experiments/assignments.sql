-- name: find
-- Where a participant was assigned, and with which chance: null if an outcome put them there, under a variant that had no share
-- at that time.
SELECT p.variant, p.allocation_epoch, s.share
FROM armful.experiment_participant p
LEFT JOIN armful.experiment_share s ON s.allocation_epoch = p.allocation_epoch AND s.variant = p.variant
WHERE p.experiment = $1 AND p.participant_id = $2;

-- name: remember
-- The first to assign a participant decides; nothing comes back for the others.
INSERT INTO armful.experiment_participant (experiment, participant_id, allocation_epoch, variant, persona_id)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING variant;

-- name: move
-- Assigns another variant to a participant whose variant was retired. Outcomes so far stay where they were counted.
UPDATE armful.experiment_participant SET
    allocation_epoch = $3, variant = $4, impressions = 0, successes = 0, metrics = '{}',
    selected_impressions = NULL, own_impressions = NULL, direct_impressions = NULL, largest_lone = NULL,
    reported_successes = NULL, reported_metrics = NULL,
    first_impression = NULL, last_impression = NULL, assigned = true, assigned_at = now()
WHERE experiment = $1 AND participant_id = $2 AND variant <> $4;

-- name: exclude
-- Somebody who asked for a variant and takes no part: their outcomes never count as control's.
INSERT INTO armful.experiment_exclusion (experiment, participant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: allocation_epoch
-- The column `impressions` has the number of participants that the shares were computed from.
SELECT s.variant, s.share, g.impressions AS participants
FROM armful.experiment_share s JOIN armful.experiment_allocation_epoch g ON g.id = s.allocation_epoch WHERE g.id = $1;

-- name: counts
-- Participants by variant, and how many of them converted by the first metric. The row of metric '' has all participants.
SELECT t.variant, sum(CASE WHEN t.metric = '' THEN t.participants ELSE 0 END)::bigint AS participants,
       sum(CASE WHEN t.metric = '' THEN 0 ELSE t.converted END)::bigint AS converted
FROM armful.experiment_total t JOIN armful.experiment e ON e.id = t.experiment
WHERE t.experiment = $1 AND t.metric IN ('', e.success_metrics[1]) AND ($2::date IS NULL OR t.day <= $2)
GROUP BY t.variant;
