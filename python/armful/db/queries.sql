-- name: partitions
-- Make the event log's partitions for today and the next $1 days.
SELECT armful.make_partitions($1);

-- name: brief_locks
SET LOCAL lock_timeout = '200ms';

-- name: settings
-- Make the settings that armful relies on, because a role or a database may have set others. They hold for the session or, if
-- :local is true, for the transaction. default_transaction_read_only is left as it is: administrators and providers set it to
-- stop writes. pg_catalog is removed from the search path, because PostgreSQL then searches it first.
SELECT set_config('search_path', (
        SELECT coalesce(string_agg(name, ', '), '')
        FROM regexp_split_to_table(current_setting('search_path'), ' *, *') AS name WHERE trim('"' FROM name) <> 'pg_catalog'
    ), :local),
    set_config('TimeZone', 'UTC', :local),
    set_config('DateStyle', 'ISO, MDY', :local),
    set_config('IntervalStyle', 'postgres', :local),
    set_config('bytea_output', 'hex', :local),
    set_config('extra_float_digits', '1', :local),
    set_config('standard_conforming_strings', 'on', :local),
    set_config('default_transaction_isolation', 'read committed', :local),
    set_config('default_transaction_deferrable', 'off', :local),
    set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), :local),
    set_config('statement_timeout', '0', :local),
    set_config('lock_timeout', '0', :local),
    set_config('idle_session_timeout', '0', :local),
    set_config('idle_in_transaction_session_timeout', ':idle_in_transaction', :local),
    CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL THEN set_config('transaction_timeout', '0', :local) END

-- name: look
-- Begin a transaction for the first statements on a connection, which run before the settings are made. One message.
BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;

-- name: backend
-- The server process of this session, and its database.
SELECT pg_backend_pid() AS process, (SELECT oid FROM pg_database WHERE datname = current_database())::bigint AS database,
    to_regclass('armful.change')::oid::bigint AS tables;

-- name: writable
-- Whether this is a standby, and whether transactions are read-only.
SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::boolean;
