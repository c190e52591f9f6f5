-- The global holdout: a share of all participants that no experiment and no policy touches.

-- Of the whole service there is one at most. A participant belongs to it if unit_hash(salt, participant_id) < share
-- (functions/is_held_out.sql). The salt stays while the share changes, so a larger share keeps everybody who was held out.
CREATE TABLE armful.holdout (
    id         boolean PRIMARY KEY DEFAULT true CHECK (id),
    share      double precision NOT NULL CHECK (share > 0 AND share <= 0.5),
    salt       text NOT NULL,
    -- Ids of the variants that held-out participants are shown, in order of preference.
    baseline   text[] NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now()
);
