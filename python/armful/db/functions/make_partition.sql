-- Makes the partition of a table for `days` days from `first` on, unless it exists or rows of those days are in the default
-- partition already. `parent` is a table of the schema armful, `partition_column` its date or time; days are UTC.
CREATE OR REPLACE FUNCTION armful.make_partition(parent text, partition_column text, first date, days integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    name CONSTANT text := parent || '_' || to_char(first, 'YYYYMMDD');
    low CONSTANT timestamptz := first::timestamp AT TIME ZONE 'UTC';
    high CONSTANT timestamptz := (first + days)::timestamp AT TIME ZONE 'UTC';
    taken boolean;
BEGIN
    IF to_regclass('armful.' || name) IS NULL THEN
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM armful.%I WHERE %I >= $1 AND %I < $2)',
            parent || '_other', partition_column, partition_column
        ) INTO taken USING low, high;
        IF NOT taken THEN
            EXECUTE format(
                'CREATE TABLE armful.%I PARTITION OF armful.%I FOR VALUES FROM (%L) TO (%L)', name, parent, low, high
            );
        END IF;
    END IF;
END $$;
