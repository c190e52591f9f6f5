-- Counting that does not depend on the order in which a visitor's events are reported.
--
-- A success without an impression brings its own impression. The first impression that is reported for the same selection or
-- participant afterwards is that one, so it adds nothing. What was reported is therefore kept beside what counts, where the
-- two differ. functions/README.md has the formulas.

ALTER TABLE armful.selection_outcome
    ADD COLUMN reported_impressions bigint,  -- null: as many as `impressions`
    ADD COLUMN reported_successes   bigint;  -- null: as many as `successes`

-- Metrics as reported, by experiment: {"1": {"signup": 2}}. The same success may be another metric in each.
UPDATE armful.selection_outcome s
SET metrics = (SELECT jsonb_object_agg(experiment, s.metrics) FROM unnest(s.experiments) AS experiment)
WHERE metrics <> '{}' AND experiments <> '{}';

ALTER TABLE armful.experiment_participant
    ADD COLUMN direct_impressions   bigint,  -- reported without a selection; null: all but the selected ones
    ADD COLUMN selected_impressions bigint,  -- reported with a selection; null: none
    ADD COLUMN own_impressions      bigint,  -- brought by successes of selections; null: none
    ADD COLUMN largest_lone         bigint,  -- the largest number of successes in a report without impression and selection, if that decides
    ADD COLUMN reported_successes   bigint,  -- null: as many as `successes`
    ADD COLUMN reported_metrics     jsonb;   -- null: the same as `metrics`

ALTER TABLE armful.performance_event ADD COLUMN value double precision;

ALTER TYPE armful.resolved_outcome
    ADD ATTRIBUTE impression boolean,                  -- whether an impression was reported
    ADD ATTRIBUTE own bigint,                          -- how many more impressions its selection has than reported; null without selection
    ADD ATTRIBUTE selection armful.selection_outcome,  -- its selection before the commit; null for a new one
    ADD ATTRIBUTE described jsonb,                     -- the metadata of its selection's impression
    ADD ATTRIBUTE value double precision,
    ADD ATTRIBUTE moved boolean;                       -- no outcome of its own: what its selection had before, for another participant

ALTER TYPE armful.attributed_outcome
    ADD ATTRIBUTE late boolean,                        -- whether it is a success whose impression the experiment has counted before
    ADD ATTRIBUTE moved boolean,
    ADD ATTRIBUTE reported_by_metric jsonb,            -- what was reported; by_metric has what of that counts
    ADD ATTRIBUTE squared jsonb;                       -- without participant: what it adds to the sum of squares, by numeric metric

-- What was reported for a participant (functions/settle_participants.sql).
CREATE TYPE armful.visitor_state AS (
    selected  bigint,  -- impressions with a selection
    own       bigint,  -- impressions that successes of selections brought
    direct    bigint,  -- impressions without a selection
    lone      bigint,  -- most successes in one report without impression and selection
    successes bigint,
    metrics   jsonb
);

DROP FUNCTION IF EXISTS armful.count_participants(armful.attributed_outcome[]);
DROP FUNCTION IF EXISTS armful.apply_to_experiments(armful.attributed_outcome[]);
DROP FUNCTION IF EXISTS armful.mark_nothing_left(armful.resolved_outcome[], armful.attributed_outcome[]);
DROP FUNCTION IF EXISTS armful.count_metrics(text[], jsonb, boolean, bigint, boolean, bigint, jsonb);
DROP FUNCTION IF EXISTS armful.resolve_outcomes(
    uuid, bigint[], boolean[], bigint[], bigint[], timestamptz[], text[], text[], text[], uuid[], text[], bytea[], jsonb[], jsonb[]
);
DROP FUNCTION IF EXISTS armful.record_outcomes_v2(
    uuid, uuid, timestamptz, bigint[], boolean[], bigint[], bigint[], timestamptz[], text[], text[], text[], uuid[], text[],
    bytea[], jsonb[], jsonb[]
);
DROP AGGREGATE IF EXISTS armful.merge_counts(jsonb);
DELETE FROM armful.function WHERE name IN ('mark_nothing_left', 'count_metrics', 'merge_counts');
