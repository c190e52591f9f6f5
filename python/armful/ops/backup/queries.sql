-- name: begin
-- Everything that is read from here on is of one moment, however long it takes and whatever is written meanwhile.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL statement_timeout = 0;

-- name: moment
-- That moment, for other sessions to read of; and whether armful has ever been here.
SELECT pg_export_snapshot() AS snapshot, now() AS at, current_setting('server_version') AS server,
    to_regclass('armful.migration') IS NOT NULL AS ours;

-- name: number
-- The newest migration.
SELECT coalesce(max(number), 0) FROM armful.migration;

-- name: tables
-- The tables of armful, those of a partitioned one left to it; and whether they have both counters.
SELECT c.relname AS name, count(a.attname) = 2 AS counts
FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('impressions', 'successes') AND NOT a.attisdropped
WHERE c.relnamespace = to_regnamespace('armful') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY c.relname ORDER BY c.relname;

-- name: count
-- Rows, impressions and successes of a table that has such counters.
SELECT count(*)::bigint AS rows, coalesce(sum(impressions), 0)::bigint AS impressions,
    coalesce(sum(successes), 0)::bigint AS successes
FROM :table;

-- name: count_rows
SELECT count(*)::bigint AS rows, NULL::bigint AS impressions, NULL::bigint AS successes FROM :table;

-- name: used_by
-- Other sessions of armful's on this database.
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'armful';

-- name: filled
-- Whether there is anything that would be lost.
SELECT EXISTS (SELECT FROM armful.variant_performance) OR EXISTS (SELECT FROM armful.experiment)
    OR EXISTS (SELECT FROM armful.api_key);

-- name: not_ours
-- What would go with armful's schema, or lose a constraint, and is not armful's: tables and views in it that are none of $1 (a
-- role of the schema's name makes its own there unless it says otherwise), and those outside that refer to armful's.
SELECT c.oid::regclass::text AS name FROM pg_class c
WHERE c.relnamespace = to_regnamespace('armful') AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND c.relname <> ALL ($1::text[])
UNION
SELECT c.oid::regclass::text
FROM pg_depend d
JOIN pg_class ours ON d.refclassid = 'pg_class'::regclass AND ours.oid = d.refobjid
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
JOIN pg_class c ON c.oid IN (r.ev_class, k.conrelid)
WHERE ours.relnamespace = to_regnamespace('armful') AND c.relnamespace <> ours.relnamespace
ORDER BY name;

-- name: clear
-- Make room; that no program migrates meanwhile, it has to wait for the lock.
SET LOCAL lock_timeout = '10s';
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('transaction_timeout', 'statement_timeout');
SELECT pg_advisory_xact_lock(:lock);
DROP SCHEMA IF EXISTS armful CASCADE;

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
