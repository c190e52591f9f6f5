"""A process holds the pools by name, and the latest of each."""

from datetime import UTC, datetime, timedelta

from armful.domain.pool import PoolSettings, VariantPool
from armful.replica.pool_cache import PoolCache

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pool(name: str, seconds: int = 0, **settings: float) -> VariantPool:
    at = NOW + timedelta(seconds=seconds)
    return VariantPool(name=name, settings=PoolSettings(**settings), salt="s", created_at=NOW, changed_at=at)  # type: ignore[arg-type]


def test_pools_are_found_by_name() -> None:
    cache = PoolCache()
    assert (cache.get("a"), cache.all()) == (None, [])
    cache.load([pool("b"), pool("a")])
    assert [one.name for one in cache.all()] == ["a", "b"]
    cache.load([pool("c")])
    assert (cache.get("a"), cache.get("c")) == (None, pool("c"))


def test_an_earlier_change_does_not_replace_a_later_one() -> None:
    cache = PoolCache()
    later = pool("a", 2, sharpness=2.0)
    cache.put(pool("a", 1))
    cache.put(later)
    cache.put(pool("a", 1))
    assert cache.get("a") == later
