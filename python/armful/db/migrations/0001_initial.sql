-- The first schema: variants and their counters, the event log and its rollups, experiments, keys, and the change feed.

CREATE TABLE variant_performance (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variant_id   varchar(255) NOT NULL UNIQUE,
    dimensions   jsonb NOT NULL DEFAULT '{}',
    content      text,
    prior_alpha  double precision NOT NULL DEFAULT 1 CHECK (prior_alpha > 0),
    prior_beta   double precision NOT NULL DEFAULT 1 CHECK (prior_beta > 0),
    impressions  bigint NOT NULL DEFAULT 0,
    successes    bigint NOT NULL DEFAULT 0,
    success_rate double precision GENERATED ALWAYS AS
        (CASE WHEN impressions = 0 THEN 0 ELSE successes::double precision / impressions END) STORED,
    status       text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
    -- Counts the changes of this row, so that a reader can tell the newer of two copies.
    version      bigint NOT NULL DEFAULT 1,
    last_used    timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (successes BETWEEN 0 AND impressions)
) WITH (fillfactor = 60);  -- counters change all the time: room for updates within the page, and no index on them

CREATE INDEX variant_performance_dimensions ON variant_performance USING gin (dimensions jsonb_path_ops);

-- What happened, hour by hour, per variant and persona ('' where the event names none).
CREATE TABLE variant_hour (
    variant     bigint NOT NULL REFERENCES variant_performance (id),
    hour        timestamptz NOT NULL,
    persona_id  text NOT NULL DEFAULT '',
    impressions bigint NOT NULL,
    successes   bigint NOT NULL,
    PRIMARY KEY (variant, hour, persona_id)
) WITH (fillfactor = 80);

-- Every update as it was counted. Append-only; a partition a day (armful_event_partitions makes them ahead of time).
CREATE TABLE performance_event (
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

CREATE TABLE performance_event_other PARTITION OF performance_event DEFAULT;

-- An event id counts once; the digest tells a replay from another body under the same id.
CREATE TABLE performance_event_key (
    event_id    text PRIMARY KEY,
    digest      bytea NOT NULL,
    batch       uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

-- Impressions counted under a selection, and how many of them have become successes. A success that comes later
-- belongs where its impression was counted: at its time, for its persona, in its experiments (experiments[i] under
-- regimes[i]), with its metadata. `metrics` has the successes so far of each metric of those experiments.
CREATE TABLE selection_outcome (
    selection_id uuid NOT NULL,
    variant      bigint NOT NULL,
    impressions  bigint NOT NULL,
    successes    bigint NOT NULL,
    metrics      jsonb NOT NULL DEFAULT '{}',
    at           timestamptz NOT NULL,
    persona_id   text,
    participant_id text,
    experiments  bigint[] NOT NULL DEFAULT '{}',
    regimes      bigint[] NOT NULL DEFAULT '{}',
    metadata     jsonb,
    PRIMARY KEY (selection_id, variant)
);

CREATE TABLE experiment (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    experiment_id     text NOT NULL UNIQUE,
    experiment_name   text NOT NULL,
    description       text,
    target_persona    text NOT NULL,
    success_metrics   text[] NOT NULL,
    guardrail_metrics text[] NOT NULL DEFAULT '{}',
    -- For each guardrail, whether an increase of its rate or a decrease is the harm.
    guardrail_harms   text[] NOT NULL DEFAULT '{}',
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
    promoted_variant  bigint REFERENCES variant_performance (id),
    created_at        timestamptz NOT NULL DEFAULT now(),
    -- The regime under which participants are assigned now; null in a draft.
    regime            bigint,
    CHECK (status = 'draft' OR (start_time IS NOT NULL AND expected_end_time IS NOT NULL AND regime IS NOT NULL))
);

CREATE TABLE experiment_arm (
    experiment         bigint NOT NULL REFERENCES experiment (id),
    variant            bigint NOT NULL REFERENCES variant_performance (id),
    position           integer NOT NULL,
    is_control         boolean NOT NULL,
    traffic_allocation double precision NOT NULL CHECK (traffic_allocation BETWEEN 0 AND 1),
    floor              double precision NOT NULL DEFAULT 0 CHECK (floor BETWEEN 0 AND 1),
    -- A retired arm gets no new participants; what happened to it stays.
    retired            boolean NOT NULL DEFAULT false,
    PRIMARY KEY (experiment, variant)
);

CREATE INDEX experiment_arm_variant ON experiment_arm (variant);

-- A time during which the shares of an experiment's traffic were constant. A fixed split has one regime a phase (a phase
-- ends when a person changes arms or shares); an adaptive one has a regime for every renewal of its shares. Whatever is
-- counted is counted under the regime its participant was assigned in, so propensities are known for good.
CREATE TABLE experiment_regime (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    experiment  bigint NOT NULL REFERENCES experiment (id),
    phase       integer NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    -- Impressions that had been counted in the experiment when these shares were worked out.
    impressions bigint NOT NULL DEFAULT 0
);

CREATE INDEX experiment_regime_experiment ON experiment_regime (experiment);

ALTER TABLE experiment ADD FOREIGN KEY (regime) REFERENCES experiment_regime (id);

CREATE TABLE experiment_share (
    regime       bigint NOT NULL REFERENCES experiment_regime (id),
    variant      bigint NOT NULL REFERENCES variant_performance (id),
    share        double precision NOT NULL CHECK (share BETWEEN 0 AND 1),
    participants bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (regime, variant)
) WITH (fillfactor = 80);

-- What happened to an experiment's variants while it was active, by UTC day; successes are the first metric's, anonymous
-- impressions name no participant.
CREATE TABLE experiment_day (
    experiment  bigint NOT NULL,
    regime      bigint NOT NULL REFERENCES experiment_regime (id),
    variant     bigint NOT NULL,
    day         date NOT NULL,
    persona_id  text NOT NULL DEFAULT '',
    impressions bigint NOT NULL,
    successes   bigint NOT NULL,
    anonymous   bigint NOT NULL,
    PRIMARY KEY (experiment, regime, variant, day, persona_id)
) WITH (fillfactor = 80);

-- Successes by the metrics after the first, and by the guardrails.
CREATE TABLE experiment_metric_day (
    experiment  bigint NOT NULL,
    regime      bigint NOT NULL REFERENCES experiment_regime (id),
    variant     bigint NOT NULL,
    day         date NOT NULL,
    metric      text NOT NULL,
    successes   bigint NOT NULL,
    PRIMARY KEY (experiment, regime, variant, day, metric)
) WITH (fillfactor = 80);

-- Who was assigned to which variant, and what happened to them: impressions counted, how many became successes, and
-- the successes of each metric. No foreign keys: they would cost more than the rows themselves, and only
-- record_performance and assignment write here, with keys they have just read.
CREATE TABLE experiment_participant (
    experiment      bigint NOT NULL,
    participant_id  text NOT NULL,
    regime          bigint NOT NULL,
    variant         bigint NOT NULL,
    assigned_at     timestamptz NOT NULL DEFAULT now(),
    impressions     bigint NOT NULL DEFAULT 0,
    successes       bigint NOT NULL DEFAULT 0,
    metrics         jsonb NOT NULL DEFAULT '{}',
    last_impression timestamptz,
    persona_id      text,
    metadata        jsonb,
    PRIMARY KEY (experiment, participant_id)
) WITH (fillfactor = 80);

-- Counts per value of each metadata key. A key with too many values is closed: it names things, not segments.
CREATE TABLE experiment_segment (
    experiment  bigint NOT NULL,
    phase       integer NOT NULL,
    variant     bigint NOT NULL,
    key         text NOT NULL,
    value       text NOT NULL,
    impressions bigint NOT NULL,
    successes   bigint NOT NULL,
    PRIMARY KEY (experiment, key, value, phase, variant)
) WITH (fillfactor = 80);

CREATE TABLE experiment_segment_closed (
    experiment bigint NOT NULL REFERENCES experiment (id),
    key        text NOT NULL,
    PRIMARY KEY (experiment, key)
);

-- The strongest always-valid evidence any look at a comparison has found, so that no later look takes it back.
CREATE TABLE experiment_evidence (
    experiment bigint NOT NULL REFERENCES experiment (id),
    phase      integer NOT NULL,
    variant    bigint NOT NULL,
    metric     text NOT NULL,
    max_log_e  double precision NOT NULL,
    PRIMARY KEY (experiment, phase, variant, metric)
);

-- Who changed what, and when.
CREATE TABLE audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    actor   text NOT NULL,
    action  text NOT NULL,
    kind    text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_subject ON audit (kind, subject, id);

CREATE TABLE api_key (
    key_id     text PRIMARY KEY,
    name       text NOT NULL,
    digest     bytea NOT NULL,
    scopes     text[] NOT NULL,
    rate_limit integer CHECK (rate_limit > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

-- The change feed: one row a commit that other processes must learn of. Readers ask for xid >= the oldest transaction
-- that was unfinished when they last looked, so that a commit out of order is never skipped.
CREATE TABLE change (
    batch    uuid PRIMARY KEY,
    xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
    source   uuid NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('variants', 'keys', 'experiments')),
    variants bigint[] NOT NULL DEFAULT '{}',
    -- For a commit of performance updates where not every item was counted: each item's outcome, for a writer that
    -- lost its connection and asks again.
    outcomes smallint[]
);

CREATE INDEX change_xid ON change (xid);

-- Make the event log's partitions from today to `ahead` days on. Days are UTC. A day that already has rows in the
-- default partition is left there.
CREATE FUNCTION armful_event_partitions(ahead integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    day date;
    name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('armful_event_partitions'));
    FOR day IN SELECT generate_series((now() AT TIME ZONE 'UTC')::date, (now() AT TIME ZONE 'UTC')::date + ahead, '1 day')
    LOOP
        name := 'performance_event_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        CONTINUE WHEN EXISTS (
            SELECT FROM performance_event_other
            WHERE recorded_at >= day::timestamp AT TIME ZONE 'UTC' AND recorded_at < (day + 1)::timestamp AT TIME ZONE 'UTC'
        );
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF performance_event FOR VALUES FROM (%L) TO (%L)',
            name, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
        );
    END LOOP;
END $$;
