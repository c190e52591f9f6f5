-- The first schema: variants and their counters, the event log and its rollups, experiments, keys, and the change feed.
--
-- Tables, types, indexes and data only: functions and triggers are in ../functions. Every name is qualified with the schema
-- `armful` (docs/decisions/2026-11-26-one-schema.md says why).

-- Which migrations were applied, and which text of each function.
CREATE TABLE armful.migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE armful.function (
    name       text PRIMARY KEY,
    digest     text NOT NULL,
    -- The version of armful that applied this text: an older one leaves it alone.
    version    text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- The variants and their counters. A trigger checks priors and statuses (functions/refuse_variant.sql). A CHECK would make
-- counting slower: PostgreSQL parses every CHECK and every generated column of a table in each statement that writes to it.
CREATE TABLE armful.variant_performance (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variant_id   varchar(255) NOT NULL UNIQUE,
    dimensions   jsonb NOT NULL DEFAULT '{}',
    content      text,
    prior_alpha  double precision NOT NULL DEFAULT 1,
    prior_beta   double precision NOT NULL DEFAULT 1,
    impressions  bigint NOT NULL DEFAULT 0,
    successes    bigint NOT NULL DEFAULT 0,
    status       text NOT NULL DEFAULT 'active',
    -- Counts the changes of this row, so that a reader can tell the newer of two copies.
    version      bigint NOT NULL DEFAULT 1,
    last_used    timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (successes BETWEEN 0 AND impressions)
) WITH (fillfactor = 60);  -- counters change all the time: room for updates within the page, and no index on them

CREATE INDEX variant_performance_dimensions ON armful.variant_performance USING gin (dimensions jsonb_path_ops);

-- What was changed about a variant, as {"field": [before, after]}.
CREATE TABLE armful.variant_change (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variant bigint NOT NULL REFERENCES armful.variant_performance (id),
    at      timestamptz NOT NULL DEFAULT now(),
    changed jsonb NOT NULL
);

CREATE INDEX variant_change_variant ON armful.variant_change (variant, id);

-- Impressions and successes by hour, variant and persona ('' for events without a persona).
CREATE TABLE armful.variant_hour (
    variant     bigint NOT NULL REFERENCES armful.variant_performance (id),
    hour        timestamptz NOT NULL,
    persona_id  text NOT NULL DEFAULT '',
    impressions bigint NOT NULL,
    successes   bigint NOT NULL,
    PRIMARY KEY (variant, hour, persona_id)
) WITH (fillfactor = 80);

-- The recent past of all variants at once. Rows arrive in the order of time, and such an index lets updates of
-- counters stay within their page.
CREATE INDEX variant_hour_hour ON armful.variant_hour USING brin (hour);

-- How often each variant was selected, by UTC day. Written about once a second; an unclean end loses that second.
CREATE TABLE armful.selection_day (
    variant    bigint NOT NULL REFERENCES armful.variant_performance (id),
    day        date NOT NULL,
    selections bigint NOT NULL,
    PRIMARY KEY (day, variant)
) WITH (fillfactor = 80);

-- Every update as it was counted. Append-only; a partition a day (make_partitions makes them ahead of time).
CREATE TABLE armful.performance_event (
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    occurred_at    timestamptz,
    variant        bigint NOT NULL,
    impressions    bigint NOT NULL,
    successes      bigint NOT NULL,
    persona_id     text,
    experiment_id  text,
    participant_id text,
    selection_id   uuid,
    event_id       text,
    metrics        jsonb,
    metadata       jsonb
) PARTITION BY RANGE (recorded_at);

CREATE TABLE armful.performance_event_other PARTITION OF armful.performance_event DEFAULT;

-- Event ids that were counted. An id counts once. The digest distinguishes a repeated request from another body with the same
-- id. Within a partition, the primary key makes an id unique. Across partitions, every partition is searched while the id's
-- variant is locked.
CREATE TABLE armful.performance_event_key (
    event_id text NOT NULL,
    digest   bytea NOT NULL,
    batch    uuid NOT NULL,
    -- False if nothing was left to count. A replay says so again.
    counted  boolean NOT NULL DEFAULT true,
    -- The Monday of the week in which it was counted. Whole weeks keep the number of partitions to search small.
    week     date NOT NULL DEFAULT date_trunc('week', now() AT TIME ZONE 'UTC')::date,
    PRIMARY KEY (event_id, week)
) PARTITION BY RANGE (week);

CREATE TABLE armful.performance_event_key_other PARTITION OF armful.performance_event_key DEFAULT;

-- Impressions counted under a selection, and how many of them have become successes. A success that comes later
-- belongs where its impression was counted: at its time, for its persona, in its experiments (experiments[i] under
-- allocation_epochs[i]), with its metadata. `metrics` has the successes so far of each metric of those experiments.
CREATE TABLE armful.selection_outcome (
    selection_id      uuid NOT NULL,
    variant           bigint NOT NULL,
    impressions       bigint NOT NULL,
    successes         bigint NOT NULL,
    metrics           jsonb NOT NULL DEFAULT '{}',
    at                timestamptz NOT NULL,
    persona_id        text,
    participant_id    text,
    experiments       bigint[] NOT NULL DEFAULT '{}',
    allocation_epochs bigint[] NOT NULL DEFAULT '{}',
    metadata          jsonb,
    PRIMARY KEY (selection_id, variant)
);

-- Small, as rows arrive nearly in the order of time.
CREATE INDEX selection_outcome_at ON armful.selection_outcome USING brin (at) WITH (autosummarize = on);

CREATE TABLE armful.experiment (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    experiment_id     text NOT NULL UNIQUE,
    experiment_name   text NOT NULL,
    description       text,
    target_persona    text NOT NULL,
    success_metrics   text[] NOT NULL,
    guardrail_metrics text[] NOT NULL DEFAULT '{}',
    -- For each guardrail, whether an increase of its rate or a decrease is the harm.
    guardrail_harms   text[] NOT NULL DEFAULT '{}',
    -- And how much worse than control it may be, relative to control, before that counts as harm that is not excluded.
    guardrail_margins float8[] NOT NULL DEFAULT '{}',
    duration_days     integer NOT NULL CHECK (duration_days > 0),
    min_sample_size   bigint,
    allocation        text NOT NULL DEFAULT 'fixed' CHECK (allocation IN ('fixed', 'thompson')),
    salt              text NOT NULL,
    namespace         text,
    namespace_from    double precision NOT NULL DEFAULT 0,
    namespace_to      double precision NOT NULL DEFAULT 1,
    -- Days after an impression within which its success counts; null: as long as the experiment is active.
    attribution_days  integer CHECK (attribution_days > 0),
    -- Whether an impression whose window is open counts as a failure or is left out until it closes.
    unresolved        text NOT NULL DEFAULT 'failed' CHECK (unresolved IN ('failed', 'pending')),
    stop_rule         jsonb NOT NULL DEFAULT '{}',
    status            text NOT NULL
        CHECK (status IN ('draft', 'active', 'paused', 'completed', 'stopped', 'promoted')),
    start_time        timestamptz,
    expected_end_time timestamptz,
    end_time          timestamptz,
    promoted_variant  bigint REFERENCES armful.variant_performance (id),
    created_at        timestamptz NOT NULL DEFAULT now(),
    -- The epoch in which participants are assigned now; null in a draft.
    allocation_epoch  bigint,
    CHECK (status = 'draft' OR (start_time IS NOT NULL AND expected_end_time IS NOT NULL AND allocation_epoch IS NOT NULL))
);

-- Whether any experiment is active is asked in every commit.
CREATE INDEX experiment_active ON armful.experiment (id) WHERE status = 'active';

CREATE TABLE armful.experiment_arm (
    experiment         bigint NOT NULL REFERENCES armful.experiment (id),
    variant            bigint NOT NULL REFERENCES armful.variant_performance (id),
    position           integer NOT NULL,
    is_control         boolean NOT NULL,
    traffic_allocation double precision NOT NULL CHECK (traffic_allocation BETWEEN 0 AND 1),
    floor              double precision NOT NULL DEFAULT 0 CHECK (floor BETWEEN 0 AND 1),
    -- A retired arm gets no new participants; what happened to it stays.
    retired            boolean NOT NULL DEFAULT false,
    PRIMARY KEY (experiment, variant)
);

CREATE INDEX experiment_arm_variant ON armful.experiment_arm (variant);

-- A time during which the shares of an experiment's traffic were constant. A fixed split has one epoch a phase (a phase
-- ends when a person changes arms or shares); an adaptive one has an epoch for every renewal of its shares. Whatever is
-- counted is counted under the epoch in which its participant was assigned, so its propensity stays known.
CREATE TABLE armful.experiment_allocation_epoch (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    experiment  bigint NOT NULL REFERENCES armful.experiment (id),
    phase       integer NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    -- Impressions that had been counted in the experiment when these shares were worked out.
    impressions bigint NOT NULL DEFAULT 0
);

CREATE INDEX experiment_allocation_epoch_experiment ON armful.experiment_allocation_epoch (experiment);

ALTER TABLE armful.experiment ADD FOREIGN KEY (allocation_epoch) REFERENCES armful.experiment_allocation_epoch (id);

CREATE TABLE armful.experiment_share (
    allocation_epoch bigint NOT NULL REFERENCES armful.experiment_allocation_epoch (id),
    variant          bigint NOT NULL REFERENCES armful.variant_performance (id),
    share            double precision NOT NULL CHECK (share BETWEEN 0 AND 1),
    participants     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (allocation_epoch, variant)
) WITH (fillfactor = 80);

-- What happened to an experiment's variants while it was active, by UTC day; successes are the first metric's, anonymous
-- impressions name no participant.
CREATE TABLE armful.experiment_day (
    experiment       bigint NOT NULL,
    allocation_epoch bigint NOT NULL REFERENCES armful.experiment_allocation_epoch (id),
    variant          bigint NOT NULL,
    day              date NOT NULL,
    persona_id       text NOT NULL DEFAULT '',
    impressions      bigint NOT NULL,
    successes        bigint NOT NULL,
    anonymous        bigint NOT NULL,
    PRIMARY KEY (experiment, allocation_epoch, variant, day, persona_id)
) WITH (fillfactor = 80);

-- Successes by the metrics after the first, and by the guardrails.
CREATE TABLE armful.experiment_metric_day (
    experiment       bigint NOT NULL,
    allocation_epoch bigint NOT NULL REFERENCES armful.experiment_allocation_epoch (id),
    variant          bigint NOT NULL,
    day              date NOT NULL,
    metric           text NOT NULL,
    successes        bigint NOT NULL,
    PRIMARY KEY (experiment, allocation_epoch, variant, day, metric)
) WITH (fillfactor = 80);

-- Who was assigned to which variant, and what happened to them: impressions counted, how many became successes, and
-- the successes of each metric. No foreign keys: they would cost more than the rows themselves, and only
-- apply_to_experiments and assignment write here, with keys they have just read.
CREATE TABLE armful.experiment_participant (
    experiment       bigint NOT NULL,
    participant_id   text NOT NULL,
    allocation_epoch bigint NOT NULL,
    variant          bigint NOT NULL,
    assigned_at      timestamptz NOT NULL DEFAULT now(),
    impressions      bigint NOT NULL DEFAULT 0,
    successes        bigint NOT NULL DEFAULT 0,
    metrics          jsonb NOT NULL DEFAULT '{}',
    last_impression  timestamptz,
    persona_id       text,
    metadata         jsonb,
    PRIMARY KEY (experiment, participant_id)
) WITH (fillfactor = 80);

-- Counts per value of each metadata key. A key with too many values is closed: it names things, not segments.
CREATE TABLE armful.experiment_segment (
    experiment  bigint NOT NULL,
    phase       integer NOT NULL,
    variant     bigint NOT NULL,
    key         text NOT NULL,
    value       text NOT NULL,
    impressions bigint NOT NULL,
    successes   bigint NOT NULL,
    PRIMARY KEY (experiment, key, value, phase, variant)
) WITH (fillfactor = 80);

CREATE TABLE armful.experiment_segment_closed (
    experiment bigint NOT NULL REFERENCES armful.experiment (id),
    key        text NOT NULL,
    PRIMARY KEY (experiment, key)
);

-- The strongest always-valid evidence found so far, which later computations never lower: that a variant is better or worse
-- than control, and (variant 0, metric '') that the traffic does not follow the planned split.
CREATE TABLE armful.experiment_evidence (
    experiment bigint NOT NULL REFERENCES armful.experiment (id),
    phase      integer NOT NULL,
    variant    bigint NOT NULL,
    metric     text NOT NULL,
    side       text NOT NULL CHECK (side IN ('better', 'worse', 'split')),
    max_log_e  double precision NOT NULL,
    PRIMARY KEY (experiment, phase, variant, metric, side)
);

-- When an experiment's evidence was last computed, and the sum of its variants' versions at that time. Every commit that counts
-- in an experiment raises that sum.
CREATE TABLE armful.experiment_look (
    experiment bigint PRIMARY KEY REFERENCES armful.experiment (id),
    versions   bigint NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- Who changed what, and when; by which key and which request (null: the change came from the command line).
CREATE TABLE armful.audit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL,
    action     text NOT NULL,
    kind       text NOT NULL,
    subject    text NOT NULL,
    details    jsonb NOT NULL DEFAULT '{}',
    key_id     text,
    request_id text
);

CREATE INDEX audit_subject ON armful.audit (kind, subject, id);

CREATE INDEX audit_at ON armful.audit (at);

CREATE TABLE armful.api_key (
    key_id     text PRIMARY KEY,
    name       text NOT NULL,
    digest     bytea NOT NULL,
    scopes     text[] NOT NULL,
    rate_limit integer CHECK (rate_limit > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    expires_at timestamptz,
    last_used  timestamptz,
    replaces   text REFERENCES armful.api_key (key_id)
);

-- The change feed: one row a commit that other processes must learn of. Readers ask for xid >= the oldest transaction
-- that was unfinished when they last looked, so that a commit out of order is never skipped.
CREATE TABLE armful.change (
    batch      uuid PRIMARY KEY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    process_id uuid NOT NULL,
    -- What changed: variants, keys or experiments. No CHECK, because PostgreSQL would parse it in every commit.
    kind       text NOT NULL,
    variants   bigint[] NOT NULL DEFAULT '{}',
    -- For a commit of outcomes where not every one was counted: the status of each, for a writer that lost its
    -- connection and asks again.
    statuses   smallint[]
);

CREATE INDEX change_xid ON armful.change (xid);

-- An outcome of a commit, once it is known what it adds to its variant (functions/resolve_outcomes.sql). A late success is
-- one of an impression that was counted before: `at`, `persona_id` and `participant_id` are then that impression's.
CREATE TYPE armful.resolved_outcome AS (
    item           integer,      -- its position in the commit, from 1 on
    status         smallint,     -- what became of it; only those with 0 add anything
    variant        bigint,
    impressions    bigint,       -- what it adds to the variant
    successes      bigint,
    late           boolean,
    succeeded      boolean,      -- whether a success was reported
    times          bigint,       -- how often each metric that it reports happened
    at             timestamptz,  -- when its impression was
    occurred_at    timestamptz,  -- when it happened itself, as reported
    persona_id     text,
    participant_id text,
    experiment_id  text,         -- the one experiment it is for, where it names one
    selection_id   uuid,
    metrics        jsonb,
    metadata       jsonb
);

-- What an outcome adds to one experiment (functions/attribute_to_experiments.sql).
CREATE TYPE armful.attributed_outcome AS (
    item              integer,   -- of the outcome
    experiment        bigint,
    allocation_epoch  bigint,    -- the epoch its participant was assigned in
    variant           bigint,
    impressions       bigint,
    successes         bigint,    -- by the experiment's first metric
    variant_successes bigint,    -- as they were added to the variant
    by_metric         jsonb,     -- successes by metric
    by_other_metric   jsonb,     -- the same without the first metric
    at                timestamptz,
    persona_id        text,
    participant_id    text,
    is_new            boolean,   -- the first impression of this participant
    metadata          jsonb
);
