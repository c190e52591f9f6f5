"""Live changes of variants and live rates of this process, for callers that watch them."""

import time
from collections import deque
from collections.abc import Sequence
from weakref import WeakSet

from msgspec import Struct

from armful.domain.errors import Overloaded
from armful.domain.variant import Variant
from armful.learning.beta import BetaPosterior
from armful.replica.variant_cache import VariantCache

_MAX_STREAMS = 1000  # in one process
_TICK_INTERVAL = 1.0  # seconds
_RATE_WINDOW = 2.0  # seconds
_LEAST_WINDOW = 0.25  # seconds


class Tick(Struct, frozen=True):
    """The watched variants that changed since the last tick, and the process's rates per second."""

    variants: list[tuple[Variant, BetaPosterior]]
    selections: float
    updates: float


class Watch:
    """One caller's view of some variants. Each tick holds what changed since the one before; the first holds them all."""

    def __init__(self, cache: VariantCache, variant_ids: Sequence[str]) -> None:
        self._cache = cache
        self._variant_ids = variant_ids
        self._versions: dict[str, int] = {}
        self._ticked_at: float | None = None
        self._past = deque([(time.monotonic(), cache.selections, cache.updates)])
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether the caller still watches."""
        return self._open

    def close(self) -> None:
        """Note that the caller has stopped watching."""
        self._open = False

    def tick(self) -> Tick | None:
        """Return the next tick if a variant has changed or a second has passed, else None."""
        now = time.monotonic()
        found = (self._cache.get(variant_id) for variant_id in self._variant_ids)
        changed = [
            variant
            for variant in found
            if variant is not None and self._versions.get(variant.variant_id) != variant.version
        ]
        if not changed and self._ticked_at is not None and now - self._ticked_at < _TICK_INTERVAL:
            return None
        self._ticked_at = now
        self._versions.update((variant.variant_id, variant.version) for variant in changed)
        self._past.append((now, self._cache.selections, self._cache.updates))
        while now - self._past[0][0] > _RATE_WINDOW and len(self._past) > 2:
            self._past.popleft()
        start, selections, updates = self._past[0]
        seconds = max(now - start, _LEAST_WINDOW)
        return Tick(
            [(variant, self._cache.posterior_of(variant)) for variant in changed],
            (self._cache.selections - selections) / seconds,
            (self._cache.updates - updates) / seconds,
        )


class Live:
    """Watches over this process's cache, which normally lags less than a second behind the database."""

    def __init__(self, cache: VariantCache) -> None:
        self._cache = cache
        # A request may end before its stream begins. A watch to which no reference is left counts as closed.
        self._watches: WeakSet[Watch] = WeakSet()

    def watch(self, variant_ids: Sequence[str]) -> Watch:
        """Watch variants. The watch counts as open from now on, until it is closed.

        Raises:
            Overloaded: Too many are open.
        """
        if sum(one.is_open for one in self._watches) >= _MAX_STREAMS:
            raise Overloaded
        watch = Watch(self._cache, variant_ids)
        self._watches.add(watch)
        return watch
