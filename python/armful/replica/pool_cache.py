"""The in-memory copy of all pools."""

from collections.abc import Iterable

from armful.domain.pool import VariantPool


class PoolCache:
    """Holds the pools by name, so that selections need no database query. The change feed keeps it up to date."""

    def __init__(self) -> None:
        self._by_name: dict[str, VariantPool] = {}

    def load(self, pools: Iterable[VariantPool]) -> None:
        """Replace all pools."""
        self._by_name = {pool.name: pool for pool in pools}

    def put(self, pool: VariantPool) -> None:
        """Add or replace one pool, unless a later change of it is there already."""
        held = self._by_name.get(pool.name)
        if held is None or held.changed_at <= pool.changed_at:
            self._by_name[pool.name] = pool

    def get(self, name: str) -> VariantPool | None:
        """Return a pool, or None."""
        return self._by_name.get(name)

    def all(self) -> list[VariantPool]:
        """Return all pools, by name."""
        return [self._by_name[name] for name in sorted(self._by_name)]
