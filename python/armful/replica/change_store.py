"""The change feed, a table through which processes that share a database learn of each other's commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from armful.db.queries import load
from armful.db.sessions import DatabaseIdentity

_SQL = load("armful.replica")

Kind = Literal["variants", "keys", "experiments", "holdout", "pools"]


class Changes(Struct):
    """Changes that other processes committed, and the position to continue from.

    `variants` are the keys of changed variants, and `kinds` the kinds of objects that changed. `snapshot` is a PostgreSQL
    `pg_snapshot` as text. If `running_since` changes or the snapshot goes back, the database may have been restored to an
    earlier state; if `identity` does, it is another database. `now` is the database's time.
    """

    snapshot: str
    running_since: datetime
    identity: DatabaseIdentity
    now: datetime
    variants: set[int]
    kinds: set[Kind]


async def announce(connection: Any, process_id: UUID, kind: Kind, variants: Sequence[int] = ()) -> None:
    """Announce a change to the other processes, in the transaction that makes it."""
    await connection.execute(_SQL["announce"], process_id, kind, list(variants))


async def since(connection: Any, snapshot: str, process_id: UUID) -> Changes:
    """Return the changes of other processes that `snapshot` did not include. Each change is returned exactly once."""
    rows = await connection.fetch(_SQL["since"], snapshot, process_id)
    return Changes(
        *_position(rows[0]),
        variants={key for row in rows if row["kind"] == "variants" for key in row["variants"]},
        kinds={row["kind"] for row in rows if row["kind"]},
    )


async def current_position(connection: Any) -> Changes:
    """Return the present position in the feed, without any changes."""
    return Changes(*_position(await connection.fetchrow(_SQL["position"])), set(), set())


def _position(row: Any) -> tuple[str, datetime, DatabaseIdentity, datetime]:
    return row["next"], row["running_since"], DatabaseIdentity(row["database"], row["tables"]), row["now"]


def went_back(snapshot: str, before: str) -> bool:
    """Whether `snapshot` is of an earlier state than `before`, though it was taken later: the database was restored."""
    next_transaction, next_transaction_before = (int(one.split(":")[1]) for one in (snapshot, before))
    return next_transaction < next_transaction_before


async def delete_seen(connection: Any, snapshot: str) -> None:
    """Delete the changes that `snapshot` included."""
    await connection.execute(_SQL["forget"], snapshot)


async def delete_foreign(connection: Any) -> None:
    """Delete changes announced on another server, which came here with a restored backup."""
    await connection.execute(_SQL["forget_foreign"])
