"""The service at a glance, for those who watch it."""

from msgspec import Struct

from armful.errors import Unavailable
from armful.state.registry import Registry
from armful.storage import experiments
from armful.storage.pool import Pool, acquire


class Overview(Struct, frozen=True, kw_only=True):
    """Where things stand; `experiments` has the participants of the active ones, None where the database is away."""

    variants: int
    rate: float
    connections: int
    idle: int
    experiments: dict[str, int] | None


class Overviews:
    """Looks at a process's memory and at the database."""

    def __init__(self, pool: Pool, registry: Registry) -> None:
        self._pool = pool
        self._registry = registry

    async def look(self) -> Overview:
        """How things stand now."""
        participants: dict[str, int] | None
        try:
            async with acquire(self._pool, patience=1.0) as connection:
                participants = await experiments.active(connection)
        except Unavailable:
            participants = None
        impressions, successes = self._registry.totals()
        connections, idle = self._pool.sizes()
        return Overview(
            variants=len(self._registry),
            rate=successes / impressions if impressions else 0.0,
            connections=connections,
            idle=idle,
            experiments=participants,
        )
