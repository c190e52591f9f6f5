-- name: partitions
-- The event log's partitions from today on.
SELECT armful.make_partitions($1);

-- name: brief_locks
SET LOCAL lock_timeout = '200ms';

-- name: settings
-- What armful relies on, whatever a role or a database has set: for the session or, where :local is true, the transaction.
-- It does not touch default_transaction_read_only: administrators and providers set that to stop writes. A search path that
-- does not name pg_catalog has it first.
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
-- For the statements before the settings are made, in one message.
BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;

-- name: backend
-- The server's process that this session has, and the database it is in.
SELECT pg_backend_pid() AS process, (SELECT oid FROM pg_database WHERE datname = current_database())::bigint AS database,
    to_regclass('armful.change')::oid::bigint AS tables;

-- name: writable
-- Whether this is a standby, and whether transactions are read-only.
SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::boolean;
