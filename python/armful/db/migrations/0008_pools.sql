-- Pools: variants that compete for the same place.

-- The settings of each pool. A variant without a pool belongs to the unnamed one, which has no row and no settings.
CREATE TABLE armful.pool (
    name       text PRIMARY KEY,
    -- What was set; what is not there follows from `learning` (armful/domain/pool.py).
    settings   jsonb NOT NULL DEFAULT '{}',
    -- Decides which selections are the random control. It never changes.
    salt       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE armful.variant_performance
    ADD COLUMN pool text,              -- null: the unnamed pool
    ADD COLUMN cost double precision;  -- of one impression, in the caller's currency; null: not known

-- Of a pool's variants, and of nothing else: most services have none.
CREATE INDEX variant_performance_pool ON armful.variant_performance (pool) WHERE pool IS NOT NULL;

-- The random control of each pool and everything else, in sums over selections (m impressions and y successes of each), by
-- the share of the control when the selection was made and by the UTC day of its first report. There are several rows (slots)
-- for each sum, so that processes that add to different ones do not wait for each other.
CREATE TABLE armful.pool_control_total (
    pool         text NOT NULL,
    share        double precision NOT NULL,
    control      boolean NOT NULL,
    day          date NOT NULL,
    slot         smallint NOT NULL,
    selections   bigint NOT NULL,
    impressions  bigint NOT NULL,
    successes    bigint NOT NULL,
    impressions_squared bigint NOT NULL,
    products     bigint NOT NULL,
    successes_squared   bigint NOT NULL,
    PRIMARY KEY (pool, day, share, control, slot)
) WITH (fillfactor = 50);

-- The shares that a pool's random control has had, each from a time on.
CREATE TABLE armful.pool_control_share (
    pool  text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    share double precision NOT NULL,
    PRIMARY KEY (pool, since)
);
