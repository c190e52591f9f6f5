"""The change feed: how processes that share a database learn of each other's commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from armful.db.queries import load

_SQL = load("armful.replica")

Kind = Literal["variants", "keys", "experiments"]


class Changes(Struct):
    """What others committed: which variants (by key), whether keys or experiments, and from where to ask next.

    `snapshot` is PostgreSQL's `pg_snapshot`, as text. Once `running_since` changes, or the snapshot goes back, the database
    may be in an earlier state than it was.
    """

    snapshot: str
    running_since: datetime
    variants: set[int]
    kinds: set[Kind]


async def announce(connection: Any, process_id: UUID, kind: Kind, variants: Sequence[int] = ()) -> None:
    """Tell the other processes of a change made in the same transaction."""
    await connection.execute(_SQL["announce"], process_id, kind, list(variants))


async def since(connection: Any, snapshot: str, process_id: UUID) -> Changes:
    """What other processes than this one have committed and `snapshot` did not show: nothing twice, and nothing omitted."""
    rows = await connection.fetch(_SQL["since"], snapshot, process_id)
    return Changes(
        snapshot=rows[0]["next"],
        running_since=rows[0]["running_since"],
        variants={key for row in rows if row["kind"] == "variants" for key in row["variants"]},
        kinds={row["kind"] for row in rows if row["kind"]},
    )


async def begin(connection: Any) -> Changes:
    """No change, and what is committed now as the place to ask from."""
    row = await connection.fetchrow(_SQL["begin"])
    return Changes(row["next"], row["running_since"], set(), set())


def went_back(snapshot: str, before: str) -> bool:
    """Whether fewer transactions had begun at `snapshot` than at the one taken before it."""
    first_unbegun, first_unbegun_before = (int(one.split(":")[1]) for one in (snapshot, before))
    return first_unbegun < first_unbegun_before


async def forget(connection: Any, snapshot: str) -> None:
    """Delete the announcements that `snapshot` showed."""
    await connection.execute(_SQL["forget"], snapshot)


async def forget_foreign(connection: Any) -> None:
    """Delete what another server announced before its contents were brought here."""
    await connection.execute(_SQL["forget_foreign"])
