-- name: server
-- The server, and the settings on which the durability of acknowledged updates depends.
SELECT current_setting('server_version_num')::integer AS version,
    current_setting('server_version') AS version_name,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('autovacuum') AS autovacuum,
    current_setting('max_connections')::integer AS max_connections,
    current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() AS standby,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    to_regclass('armful.migration') IS NOT NULL AS ours;

-- name: clock
SELECT clock_timestamp();

-- name: migration
SELECT coalesce(max(number), 0) FROM armful.migration;

-- name: state
-- The state of everything that running processes maintain.
SELECT
    (SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'armful.performance_event'::regclass
       AND substring(c.relname from '_(\d{8})$') > to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD')) AS days_ahead,
    (SELECT count(*) FROM (SELECT FROM armful.performance_event_other LIMIT 100000) AS few) AS strays,
    (SELECT count(*) FROM (SELECT FROM armful.change LIMIT 1000000) AS few) AS changes,
    (SELECT count(*) FROM armful.variant_performance WHERE status = 'active') AS variants,
    (SELECT count(*) FROM armful.api_key) AS keys,
    (SELECT count(*) FROM armful.api_key
     WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) AS valid_keys,
    (SELECT count(*) FROM armful.api_key
     WHERE revoked_at IS NULL AND expires_at BETWEEN now() AND now() + interval '7 days') AS expiring_keys,
    (SELECT min(substring(c.relname from '_(\d{8})$')::date) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'armful.performance_event'::regclass AND c.relname ~ '_\d{8}$') AS oldest_day,
    (SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0)::float8 FROM pg_stat_activity
     WHERE datname = current_database() AND state = 'idle in transaction') AS idle_in_transaction,
    pg_database_size(current_database()) AS size;
