-- Covariates of participants, known before they took part. They reduce the variance of an experiment's metrics (CUPED).

ALTER TABLE armful.experiment
    -- How many participants have a covariate. While it is 0, counting does nothing for covariates.
    ADD COLUMN covariates bigint NOT NULL DEFAULT 0;

CREATE TABLE armful.experiment_covariate (
    experiment     bigint NOT NULL REFERENCES armful.experiment (id),
    participant_id text NOT NULL,
    value          numeric NOT NULL,
    PRIMARY KEY (experiment, participant_id)
);

-- Sums over the participants that have a covariate and at least one impression. With x a participant's covariate and y their total
-- of the metric, a row has: how many participants, and the sums of x, x², y and xy, and of those with y > 0 how many there are and
-- the sum of their x. The row of metric '' has those of all of them (y = 0), the row of a metric those for whom it was reported.
-- `bin` is that of experiment_value_bin for metrics that are winsorised, else 0. The day is that of the first impression where
-- results leave out the days whose outcomes can still change, else 'infinity'. add_covariate_totals keeps the sums.
CREATE TABLE armful.experiment_covariate_total (
    experiment        bigint NOT NULL,
    allocation_epoch  bigint NOT NULL REFERENCES armful.experiment_allocation_epoch (id),
    variant           bigint NOT NULL,
    day               date NOT NULL,
    metric            text NOT NULL,
    bin               smallint NOT NULL,
    participants      bigint NOT NULL,
    covariate         numeric NOT NULL,
    covariate_squared numeric NOT NULL,
    total             numeric NOT NULL,
    product           numeric NOT NULL,
    converted         bigint NOT NULL,
    converted_product numeric NOT NULL,
    PRIMARY KEY (experiment, allocation_epoch, variant, day, metric, bin)
) WITH (fillfactor = 80);

-- A participant whose covariate is added to the sums (sign 1) or taken off (sign -1).
CREATE TYPE armful.covariate_change AS (
    sign  integer,
    state armful.experiment_participant,
    value numeric
);
