-- name: begin
-- Begin a snapshot: all reads of this transaction show the same state, however long they take.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL statement_timeout = 0;

-- name: moment
-- Export the snapshot, so that other sessions can read the same state; and whether armful has ever used this database.
SELECT pg_export_snapshot() AS snapshot, now() AS at, current_setting('server_version') AS server,
    to_regclass('armful.migration') IS NOT NULL AS ours;

-- name: number
-- The newest migration.
SELECT coalesce(max(number), 0) FROM armful.migration;

-- name: tables
-- The tables of armful, without partitions, and whether each has both counters (impressions and successes).
SELECT c.relname AS name, count(a.attname) = 2 AS counts
FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('impressions', 'successes') AND NOT a.attisdropped
WHERE c.relnamespace = to_regnamespace('armful') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY c.relname ORDER BY c.relname;

-- name: count
-- The number of rows, and the sums of impressions and successes, of a table with these counters.
SELECT count(*)::bigint AS rows, coalesce(sum(impressions), 0)::bigint AS impressions,
    coalesce(sum(successes), 0)::bigint AS successes
FROM :table;

-- name: count_rows
SELECT count(*)::bigint AS rows, NULL::bigint AS impressions, NULL::bigint AS successes FROM :table;

-- name: used_by
-- The number of other sessions that armful has on this database.
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'armful';

-- name: filled
-- Whether the database contains data that a restore would delete.
SELECT EXISTS (SELECT FROM armful.variant_performance) OR EXISTS (SELECT FROM armful.experiment)
    OR EXISTS (SELECT FROM armful.api_key);

-- name: not_ours
-- Tables and views that are not armful's, but would be dropped with its schema or would lose a constraint: those in the schema
-- that are not in $1, and those in other schemas that refer to armful's tables. (By default, a role with the name of the schema
-- creates its tables there.)
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
-- Drop armful's schema. The lock makes programs that want to migrate wait.
SET LOCAL lock_timeout = '10s';
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('transaction_timeout', 'statement_timeout');
SELECT pg_advisory_xact_lock(:lock);
DROP SCHEMA IF EXISTS armful CASCADE;

-- name: check
-- Fail, so that nothing is committed, if a table's contents differ from those that were backed up.
DO $$
DECLARE
    found text;
BEGIN
    SELECT concat_ws(', ', rows, impressions, successes) INTO found FROM (:count) AS c;
    IF found <> :expected THEN
        RAISE EXCEPTION 'table % has (%) and had (%) when it was copied', :name, found, :expected;
    END IF;
END $$;
