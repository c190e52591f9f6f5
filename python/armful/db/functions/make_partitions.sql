-- Makes the partitions from today to `ahead` days on: days of the event log, weeks of the event ids.
CREATE OR REPLACE FUNCTION armful.make_partitions(ahead integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    today CONSTANT date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('armful.make_partitions'));
    PERFORM armful.make_partition('performance_event', 'recorded_at', day::date, 1)
    FROM generate_series(today::timestamp, today + ahead, '1 day') AS days (day);
    PERFORM armful.make_partition('performance_event_key', 'week', week::date, 7)
    FROM generate_series(date_trunc('week', today::timestamp), today + ahead, '7 days') AS weeks (week);
END $$;
