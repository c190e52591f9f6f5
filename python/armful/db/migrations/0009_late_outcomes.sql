-- Late outcomes in pools: how old impressions are, and how long successes take.

-- The attribution window of the pool's outcomes, in seconds; null: an impression counts as a failure at once. What was set is in
-- `settings`; this is what follows from it.
ALTER TABLE armful.pool ADD COLUMN delay_window integer CHECK (delay_window > 0);

UPDATE armful.pool SET delay_window = 86400 WHERE coalesce(settings ->> 'learning', 'auto') = 'auto';

-- Impressions of a variant, by the time at which they were shown: the start of a bucket of 1/128 of the window, a second at
-- least. Rows older than the window are deleted.
CREATE TABLE armful.pool_impression (
    pool        text NOT NULL,
    variant     bigint NOT NULL,
    bucket      timestamptz NOT NULL,
    impressions bigint NOT NULL,
    PRIMARY KEY (pool, variant, bucket)
) WITH (fillfactor = 80);

-- Successes by the time since their impression, and all impressions, since the pool has this window. Bin 0 has the successes that
-- came with their impression or within a second, the others those of each bucket's length. Bin -1 has the impressions.
-- There are several rows (slots) for each sum, so that processes that add to different ones do not wait for each other.
CREATE TABLE armful.pool_delay (
    pool         text NOT NULL,
    delay_window integer NOT NULL,
    bin          smallint NOT NULL,
    slot         smallint NOT NULL,
    count        bigint NOT NULL,
    PRIMARY KEY (pool, delay_window, bin, slot)
) WITH (fillfactor = 50);
