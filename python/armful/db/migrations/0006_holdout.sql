-- The global holdout: a share of all participants that no experiment and no policy touches.

-- Of the whole service there is one at most. A participant belongs to it if unit_hash(salt, participant_id) < share
-- (`Holdout.holds_out` in armful/domain/holdout.py). The salt stays while the share changes, so a larger share keeps everybody
-- who was held out.
CREATE TABLE armful.holdout (
    id         boolean PRIMARY KEY DEFAULT true CHECK (id),
    share      double precision NOT NULL CHECK (share > 0 AND share <= 0.5),
    salt       text NOT NULL,
    -- Ids of the variants that held-out participants are shown, in order of preference.
    baseline   text[] NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now()
);

-- Who was named by an outcome since the holdout began, held out or not. A participant counts once, and converts once.
CREATE TABLE armful.holdout_participant (
    participant_id text PRIMARY KEY,
    held_out       boolean NOT NULL,
    converted      boolean NOT NULL,
    -- The UTC day of the first impression, and the holdout's share at that time.
    day            date NOT NULL,
    share          double precision NOT NULL
) WITH (fillfactor = 80);

-- Sums over holdout_participant, for the report. Every commit with a participant adds to them, so there are several rows (slots)
-- for each sum: processes that add to different ones do not wait for each other.
CREATE TABLE armful.holdout_total (
    share        double precision NOT NULL,
    held_out     boolean NOT NULL,
    day          date NOT NULL,
    slot         smallint NOT NULL,
    participants bigint NOT NULL,
    converted    bigint NOT NULL,
    PRIMARY KEY (share, held_out, day, slot)
) WITH (fillfactor = 50);
