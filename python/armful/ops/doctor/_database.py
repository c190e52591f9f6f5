"""Examines the database: whether it is reachable, durable, migrated and maintained."""

from collections.abc import AsyncIterator

import asyncpg

from armful.db.failures import OUT_OF_REACH
from armful.db.migrate import OLDEST_SERVER, altered_functions
from armful.db.pool import Connection, connect
from armful.db.sessions import Pooling
from armful.ops.doctor import store as diagnosis
from armful.ops.doctor._finding import Finding, ok, problem, warning
from armful.settings import Settings

SKEW = 1.0
"""Smallest difference of the two clocks, in seconds, that is reported. No decision depends on it."""
CONNECTIONS_BESIDE_POOL = 4
BACKLOG = 200_000
"""Number of entries in the change feed above which old entries are probably not deleted. It keeps those of ten minutes."""
IDLE = 60.0


async def database(settings: Settings, dsn: str) -> AsyncIterator[Finding]:
    """Return all findings about the database at `dsn`."""
    try:
        connection = await connect(dsn)
    except (*OUT_OF_REACH, asyncpg.PostgresError, ValueError) as error:
        yield problem(
            "database",
            f"The database cannot be reached ({str(error) or 'no answer'}): check that it runs, and its address.",
        )
        return
    try:
        if connection.pooling is not Pooling.NONE:
            yield _pooler(connection.pooling)
        server = await diagnosis.server(connection)
        for finding in _server(settings, server):
            yield finding
        if not server.ours:
            yield ok("schema", "The database is empty: the first `armful serve` creates the tables.")
            return
        async for finding in _contents(settings, connection):
            yield finding
    except (*OUT_OF_REACH, asyncpg.PostgresError) as error:
        yield problem("database", f"The database failed to answer a query: {error}.")
    finally:
        connection.terminate()


def _pooler(pooling: Pooling) -> Finding:
    if pooling is Pooling.SESSION:
        return ok("pooler", "armful reaches the database through a pooler in session mode.")
    return warning(
        "pooler",
        "armful reaches the database through a pooler in transaction mode: everything works, but updates take longer. "
        "`armful backup`, `restore` and `import` need the address of the server itself.",
    )


def _server(settings: Settings, server: diagnosis.DatabaseServer) -> list[Finding]:
    found = []
    if server.version < OLDEST_SERVER * 10000:
        found.append(
            problem(
                "database",
                f"This is PostgreSQL {server.version_name}; armful needs {OLDEST_SERVER} or newer.",
            )
        )
    else:
        found.append(ok("database", f"PostgreSQL {server.version_name} answers."))
    if server.standby:
        found.append(
            problem(
                "database",
                "This is a standby, which cannot be written to: set ARMFUL_DATABASE_URL to the primary.",
            )
        )
    for name, value in (("fsync", server.fsync), ("full_page_writes", server.full_page_writes)):
        if value != "on":
            found.append(
                problem(
                    "durability",
                    f"{name} is {value}: a power failure may destroy the database. Set it to on, and restart.",
                )
            )
    if all(finding.subject != "durability" for finding in found):
        found.append(
            ok(
                "durability",
                "Acknowledged updates are on disk (fsync, full_page_writes, synchronous_commit).",
            )
        )
    if server.autovacuum != "on":
        found.append(
            problem(
                "vacuum",
                "autovacuum is off: the table of counters would keep growing. Turn it on.",
            )
        )
    if server.encoding != "UTF8":
        found.append(
            problem(
                "database", f"The database's encoding is {server.encoding}: make one with ENCODING 'UTF8'."
            )
        )
    found += [_clock(server.ahead), _connections(settings, server)]
    return found


def _clock(ahead: float) -> Finding:
    if abs(ahead) > SKEW:
        way = "ahead of" if ahead > 0 else "behind"
        return warning(
            "clock",
            f"The database's clock is {abs(ahead):.1f} s {way} this machine's: synchronise both by NTP.",
        )
    return ok("clock", f"This machine's clock and the database's agree within {max(abs(ahead), 0.01):.2f} s.")


def _connections(settings: Settings, server: diagnosis.DatabaseServer) -> Finding:
    wanted = settings.pool_size + CONNECTIONS_BESIDE_POOL
    free = server.max_connections - server.connections
    text = f"{server.connections} of {server.max_connections} connections are open, and a worker may want {wanted}"
    if free < wanted:
        return warning("connections", f"{text}: raise max_connections, or lower ARMFUL_POOL_SIZE.")
    return ok("connections", f"{text}.")


async def _contents(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    found, known = await diagnosis.schema(connection)
    if found > known:
        yield problem(
            "schema",
            f"The database has schema {found} and this armful knows schemas up to {known}: start a newer armful.",
        )
        return
    if found < known:
        yield warning(
            "schema",
            f"The database has schema {found}, and this armful's is {known}: back it up, then `armful migrate`.",
        )
        return
    yield ok("schema", f"The schema is that of this version, {known}.")
    yield _functions(await altered_functions(connection))
    state = await diagnosis.state(connection)
    if state.days_ahead == 0:
        yield warning(
            "event log",
            "There is no partition for tomorrow's events. A running service creates a week's: is one running?",
        )
    elif state.strays:
        yield warning(
            "event log",
            f"{state.strays} events are outside their day's partition. They are deleted row by row when they are old.",
        )
    else:
        yield ok(
            "event log",
            f"There are partitions from {state.oldest_day} to {state.days_ahead} days ahead.",
        )
    if state.changes > BACKLOG:
        yield warning(
            "change feed",
            f"The change feed has {state.changes} entries, which a running service would delete: is one running?",
        )
    else:
        yield ok("change feed", f"The change feed has {state.changes} entries.")
    if state.idle_in_transaction > IDLE:
        yield warning(
            "transactions",
            f"A session has a transaction open for {state.idle_in_transaction:.0f} s: old rows cannot be removed.",
        )
    yield _keys(settings, state)
    if not state.variants:
        yield warning(
            "variants", "There are no active variants: every selection is empty until some are created."
        )
    else:
        yield ok(
            "variants", f"{state.variants} active variants; the database occupies {state.size / 1e6:.0f} MB."
        )


def _functions(altered: list[str]) -> Finding:
    if not altered:
        return ok("functions", "The SQL functions are those of this version.")
    return problem(
        "functions",
        f"These SQL functions are missing, or differ from this version's: {', '.join(altered)}. Unless a newer armful uses "
        "this database, delete their rows from armful.function, and run `armful migrate`.",
    )


def _keys(settings: Settings, state: diagnosis.State) -> Finding:
    own = settings.api_key is not None or (settings.data_dir / "api-key").exists()
    if state.expiring_keys:
        return warning(
            "keys",
            f"{state.expiring_keys} keys expire within a week: `armful keys rotate` replaces them.",
        )
    if state.valid_keys:
        return ok("keys", f"{state.valid_keys} of {state.keys} keys are valid.")
    if not own:
        return problem(
            "keys",
            f"No key is valid ({state.keys} were made): `armful keys create NAME` makes one, as does `armful serve`.",
        )
    return warning(
        "keys",
        "The only valid key has every scope: `armful keys create NAME` creates keys with fewer scopes for programs.",
    )
