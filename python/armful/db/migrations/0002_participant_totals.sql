-- Participants as the unit of evidence: sums over participants, who crossed over, and who takes no part.

ALTER TABLE armful.experiment_participant
    -- The day of a participant is that of their first impression; null before it.
    ADD COLUMN first_impression timestamptz,
    -- Whether armful assigned the variant. Otherwise the first outcome that named the participant did.
    ADD COLUMN assigned boolean NOT NULL DEFAULT true;

UPDATE armful.experiment_participant SET first_impression = least(assigned_at, last_impression) WHERE impressions > 0;

-- Sums over the participants that have at least one impression, by the UTC day of their first one. With m a participant's
-- impressions and y their total of the metric, a row has: how many participants, and the sums of m, m², y, y², my, and of
-- participants with y > 0. The row of metric '' has those of all participants (y = 0). The row of a metric has those of the
-- participants for whom it was reported; for all others y is 0. apply_to_experiments keeps them; they always equal the sums over
-- experiment_participant.
CREATE TABLE armful.experiment_total (
    experiment          bigint NOT NULL,
    allocation_epoch    bigint NOT NULL REFERENCES armful.experiment_allocation_epoch (id),
    variant             bigint NOT NULL,
    day                 date NOT NULL,
    metric              text NOT NULL DEFAULT '',
    participants        bigint NOT NULL,
    impressions         bigint NOT NULL,
    impressions_squared double precision NOT NULL,
    total               double precision NOT NULL,
    total_squared       double precision NOT NULL,
    product             double precision NOT NULL,
    converted           bigint NOT NULL,
    PRIMARY KEY (experiment, allocation_epoch, variant, day, metric)
) WITH (fillfactor = 80);

INSERT INTO armful.experiment_total
SELECT p.experiment, p.allocation_epoch, p.variant, (p.first_impression AT TIME ZONE 'UTC')::date, y.metric, count(*),
       sum(p.impressions), sum(p.impressions::double precision ^ 2), sum(y.total), sum(y.total ^ 2), sum(p.impressions * y.total),
       count(*) FILTER (WHERE y.total > 0)
FROM armful.experiment_participant p
CROSS JOIN LATERAL (
    SELECT '' AS metric, 0::double precision AS total
    UNION ALL
    SELECT key, value::double precision FROM jsonb_each_text(p.metrics)
) AS y
WHERE p.impressions > 0
GROUP BY 1, 2, 3, 4, 5;

-- Of outcomes that name no participant: the successes. Each of their impressions counts as another participant.
ALTER TABLE armful.experiment_day ADD COLUMN anonymous_successes bigint NOT NULL DEFAULT 0;
ALTER TABLE armful.experiment_metric_day ADD COLUMN anonymous bigint NOT NULL DEFAULT 0;

UPDATE armful.experiment_day d SET anonymous_successes = least(
    d.anonymous,
    greatest(0, d.successes - coalesce((
        SELECT sum(coalesce((p.metrics ->> e.success_metrics[1])::bigint, 0))
        FROM armful.experiment_participant p JOIN armful.experiment e ON e.id = p.experiment
        WHERE p.experiment = d.experiment AND p.allocation_epoch = d.allocation_epoch AND p.variant = d.variant
          AND (p.first_impression AT TIME ZONE 'UTC')::date = d.day AND coalesce(p.persona_id, '') = d.persona_id
    ), 0))
)
WHERE d.anonymous > 0;

UPDATE armful.experiment_metric_day d SET anonymous = greatest(0, d.successes - coalesce((
    SELECT sum(coalesce((p.metrics ->> d.metric)::bigint, 0))
    FROM armful.experiment_participant p
    WHERE p.experiment = d.experiment AND p.allocation_epoch = d.allocation_epoch AND p.variant = d.variant
      AND (p.first_impression AT TIME ZONE 'UTC')::date = d.day
), 0));

-- Participants in a segment, and those of them that converted by the first metric. An impression without a participant is one.
-- The key `persona_id` has the personas of participants; those of other impressions are in experiment_day.
ALTER TABLE armful.experiment_segment
    ADD COLUMN participants bigint NOT NULL DEFAULT 0,
    ADD COLUMN converted bigint NOT NULL DEFAULT 0;

-- Before this, segments counted impressions only. From now on they count participants, too.
INSERT INTO armful.experiment_segment AS s (experiment, phase, variant, key, value, impressions, successes, participants, converted)
SELECT p.experiment, g.phase, p.variant, m.key, m.value, 0, 0, count(*),
       count(*) FILTER (WHERE (p.metrics ->> e.success_metrics[1])::bigint > 0)
FROM armful.experiment_participant p
JOIN armful.experiment e ON e.id = p.experiment
JOIN armful.experiment_allocation_epoch g ON g.id = p.allocation_epoch
CROSS JOIN LATERAL (
    SELECT key, value #>> '{}' AS value FROM jsonb_each(p.metadata)
    WHERE jsonb_typeof(value) IN ('string', 'number', 'boolean') AND length(key) <= 255 AND length(value #>> '{}') <= 255
      AND key <> 'persona_id'
    UNION ALL
    SELECT 'persona_id', p.persona_id WHERE p.persona_id IS NOT NULL
) AS m
WHERE p.impressions > 0
  AND NOT EXISTS (SELECT FROM armful.experiment_segment_closed c WHERE c.experiment = p.experiment AND c.key = m.key)
GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (experiment, key, value, phase, variant) DO UPDATE SET
    participants = excluded.participants, converted = excluded.converted;

-- Participants that outcomes named under another variant than theirs. They stay in the variant that they were assigned.
CREATE TABLE armful.experiment_crossover (
    experiment     bigint NOT NULL,
    participant_id text NOT NULL,
    PRIMARY KEY (experiment, participant_id)
);

-- How many of them there are, under the variant that they were assigned.
CREATE TABLE armful.experiment_crossover_total (
    experiment       bigint NOT NULL,
    allocation_epoch bigint NOT NULL,
    variant          bigint NOT NULL,
    participants     bigint NOT NULL,
    PRIMARY KEY (experiment, allocation_epoch, variant)
) WITH (fillfactor = 80);

-- Participants that asked for a variant and got control because they take no part in the experiment. They never count as
-- participants of control.
CREATE TABLE armful.experiment_exclusion (
    experiment     bigint NOT NULL,
    participant_id text NOT NULL,
    PRIMARY KEY (experiment, participant_id)
);

-- How many participants were not assigned by armful, of those that the shares count.
ALTER TABLE armful.experiment_share ADD COLUMN not_assigned bigint NOT NULL DEFAULT 0;

ALTER TYPE armful.attributed_outcome
    DROP ATTRIBUTE is_new,  -- count_participants sees it by `before`
    -- Why the experiment does not count the outcome; null if it does. Then the other attributes are of no use.
    ADD ATTRIBUTE reason text,
    -- The participant before the outcome; null for a new one.
    ADD ATTRIBUTE before armful.experiment_participant;

-- A participant before and after a commit.
CREATE TYPE armful.participant_change AS (
    before armful.experiment_participant,
    after  armful.experiment_participant
);

DROP FUNCTION IF EXISTS armful.count_participants(armful.attributed_outcome[]);
DROP FUNCTION IF EXISTS armful.count_segments(armful.attributed_outcome[]);
