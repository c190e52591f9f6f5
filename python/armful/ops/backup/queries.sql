-- name: begin
-- Everything that is read from here on is of one moment, however long it takes and whatever is written meanwhile.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL statement_timeout = 0;

-- name: moment
-- That moment, for other sessions to read of; the schema that armful's tables are in, null where there are none.
SELECT pg_export_snapshot() AS snapshot, now() AS at, current_setting('server_version') AS server,
    (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('armful_migration')) AS schema;

-- name: number
-- The newest migration.
SELECT coalesce(max(number), 0) FROM armful_migration;

-- name: tables
-- The tables of the schema $1, those of a partitioned one left to it; and whether they have both counters.
SELECT c.relname AS name, count(a.attname) = 2 AS counts
FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('impressions', 'successes') AND NOT a.attisdropped
WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY c.relname ORDER BY c.relname;

-- name: count
-- Rows, impressions and successes of a table that has such counters.
SELECT count(*)::bigint AS rows, coalesce(sum(impressions), 0)::bigint AS impressions, coalesce(sum(successes), 0)::bigint AS successes
FROM :table;

-- name: count_rows
SELECT count(*)::bigint AS rows, NULL::bigint AS impressions, NULL::bigint AS successes FROM :table;

-- name: used_by
-- Other sessions of armful's on this database.
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'armful';

-- name: filled
-- Whether there is anything that would be lost.
SELECT EXISTS (SELECT FROM variant_performance) OR EXISTS (SELECT FROM experiment) OR EXISTS (SELECT FROM api_key);

-- name: clear
-- Make room: the tables named (partitions go with them) and the routines named, in whatever schema of the path they are;
-- that no program migrates meanwhile, it has to wait for the lock.
SET LOCAL lock_timeout = '10s';
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('transaction_timeout', 'statement_timeout');
SELECT pg_advisory_xact_lock(:lock);
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY :tables::text[] LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', name);
    END LOOP;
    FOR name IN
        SELECT format('%s %s', CASE prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, oid::regprocedure)
        FROM pg_proc WHERE proname = ANY (:routines::text[]) AND pg_function_is_visible(oid)
        ORDER BY prokind  -- aggregates first, as they use functions
    LOOP
        EXECUTE 'DROP ' || name || ' CASCADE';
    END LOOP;
    IF to_regnamespace(:schema) IS NULL THEN
        EXECUTE 'CREATE SCHEMA ' || :schema;
    END IF;
END $$;

-- name: check
-- Refuse to commit a table with other contents than those it had.
DO $$
DECLARE
    found text;
BEGIN
    SELECT concat_ws(', ', rows, impressions, successes) INTO found FROM (:count) AS c;
    IF found <> :expected THEN
        RAISE EXCEPTION 'table % has (%) and had (%) when it was copied', :name, found, :expected;
    END IF;
END $$;
