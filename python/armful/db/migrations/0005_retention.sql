-- Old events and event ids go by whole partitions, which costs nothing; late outcomes by an index on their time.

-- A partition of `parent` for `days` days from `first` on, unless it exists or rows of those days lie in the default
-- partition. `column` is the partition's, a date or a time; days are UTC.
CREATE FUNCTION armful_partition(parent text, partition_column text, first date, days integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    name CONSTANT text := parent || '_' || to_char(first, 'YYYYMMDD');
    low CONSTANT timestamptz := first::timestamp AT TIME ZONE 'UTC';
    high CONSTANT timestamptz := (first + days)::timestamp AT TIME ZONE 'UTC';
    taken boolean;
BEGIN
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= $1 AND %I < $2)', parent || '_other', partition_column, partition_column)
        INTO taken USING low, high;
        IF NOT taken THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent, low, high);
        END IF;
    END IF;
END $$;

-- An id counts once in all partitions: within one its key sees to that, and from one to the next the lock on its variant,
-- under which every partition is looked into.
ALTER TABLE performance_event_key RENAME TO performance_event_key_before;
ALTER TABLE performance_event_key_before RENAME CONSTRAINT performance_event_key_pkey TO performance_event_key_before_pkey;

CREATE TABLE performance_event_key (
    event_id text NOT NULL,
    digest   bytea NOT NULL,
    batch    uuid NOT NULL,
    -- The Monday of the week it was counted in: whole weeks, so that there are few partitions to look into.
    week     date NOT NULL DEFAULT date_trunc('week', now() AT TIME ZONE 'UTC')::date,
    PRIMARY KEY (event_id, week)
) PARTITION BY RANGE (week);

CREATE TABLE performance_event_key_other PARTITION OF performance_event_key DEFAULT;

SELECT armful_partition('performance_event_key', 'week', week, 7)
FROM (SELECT DISTINCT date_trunc('week', recorded_at AT TIME ZONE 'UTC')::date AS week FROM performance_event_key_before) AS weeks;

INSERT INTO performance_event_key (event_id, digest, batch, week)
SELECT event_id, digest, batch, date_trunc('week', recorded_at AT TIME ZONE 'UTC')::date FROM performance_event_key_before;

DROP TABLE performance_event_key_before;

-- The partitions from today to `ahead` days on: days of the event log, weeks of the event ids.
CREATE OR REPLACE FUNCTION armful_event_partitions(ahead integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    today CONSTANT date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('armful_event_partitions'));
    PERFORM armful_partition('performance_event', 'recorded_at', day::date, 1)
    FROM generate_series(today::timestamp, today + ahead, '1 day') AS days (day);
    PERFORM armful_partition('performance_event_key', 'week', week::date, 7)
    FROM generate_series(date_trunc('week', today::timestamp), today + ahead, '7 days') AS weeks (week);
END $$;

-- Small, as rows arrive nearly in the order of time.
CREATE INDEX selection_outcome_at ON selection_outcome USING brin (at) WITH (autosummarize = on);
