-- Metrics that are numbers.

-- Exact, so that sums which participants leave and enter stay equal to a recomputation.
ALTER TABLE armful.experiment_total
    ALTER COLUMN total TYPE numeric,
    ALTER COLUMN total_squared TYPE numeric,
    ALTER COLUMN product TYPE numeric;

-- Of a metric of type number, the sums of values; and of impressions without a participant also the sum of squares.
ALTER TABLE armful.experiment_metric_day
    ALTER COLUMN successes TYPE numeric,
    ALTER COLUMN anonymous TYPE numeric,
    ADD COLUMN anonymous_squared numeric NOT NULL DEFAULT 0;

-- The sums of experiment_total for metrics that are winsorised, by bins of the participants' totals (armful.stats.winsorize).
-- Participants for whom the metric was not reported are in none. The rows of the day 'infinity' have the sums over all days, so
-- that results need not read the days. add_participant_totals keeps them.
CREATE TABLE armful.experiment_value_bin (
    experiment          bigint NOT NULL,
    day                 date NOT NULL,
    allocation_epoch    bigint NOT NULL REFERENCES armful.experiment_allocation_epoch (id),
    variant             bigint NOT NULL,
    metric              text NOT NULL,
    bin                 smallint NOT NULL,
    participants        bigint NOT NULL,
    impressions         bigint NOT NULL,
    impressions_squared double precision NOT NULL,
    total               numeric NOT NULL,
    total_squared       numeric NOT NULL,
    product             numeric NOT NULL,
    PRIMARY KEY (experiment, day, allocation_epoch, variant, metric, bin)
) WITH (fillfactor = 80);

-- The same sums over the participants in a segment, of the first metric, if that is a declared one. Otherwise they are 0.
ALTER TABLE armful.experiment_segment
    ADD COLUMN participant_impressions bigint NOT NULL DEFAULT 0,
    ADD COLUMN impressions_squared double precision NOT NULL DEFAULT 0,
    ADD COLUMN total numeric NOT NULL DEFAULT 0,
    ADD COLUMN total_squared numeric NOT NULL DEFAULT 0,
    ADD COLUMN product numeric NOT NULL DEFAULT 0;
