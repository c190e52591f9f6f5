-- The lifts of experiments that have ended.

-- The lift of each comparison with control, by the first metric, in the last phase. Later experiments shrink the lifts of their
-- winners by them. One row per planned comparison, whoever won, so that the experiment is known to be done.
CREATE TABLE armful.experiment_lift (
    experiment bigint NOT NULL REFERENCES armful.experiment (id),
    variant    bigint NOT NULL,
    -- ln(1 + lift), and its variance. Null if there is none: too few participants, no conversions, or a sample-ratio alarm.
    log_lift   double precision,
    variance   double precision CHECK (variance >= 0),
    PRIMARY KEY (experiment, variant),
    CHECK ((log_lift IS NULL) = (variance IS NULL))
);
