-- name: lock
-- One change after the other: also the first, for which there is no row to lock.
SELECT pg_advisory_xact_lock(hashtext('armful holdout'));

-- name: put
-- A changed holdout keeps its salt and its start.
INSERT INTO armful.holdout (share, salt, baseline) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET share = excluded.share, baseline = excluded.baseline;

-- name: delete
DELETE FROM armful.holdout;

-- name: forget
-- A new holdout begins with an empty report. TRUNCATE takes no longer for many participants than for few.
TRUNCATE armful.holdout_participant, armful.holdout_total;

-- name: totals
SELECT share, held_out, day, sum(participants)::bigint AS participants, sum(converted)::bigint AS converted
FROM armful.holdout_total GROUP BY share, held_out, day;
