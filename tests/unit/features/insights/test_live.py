"""How many callers may watch at the same time."""

import gc

import pytest

from armful.domain.errors import Overloaded
from armful.features.insights import live
from armful.replica.variant_cache import VariantCache


def test_a_watch_counts_from_its_creation_until_it_is_closed_or_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "_MAX_STREAMS", 2)
    watches = live.Live(VariantCache())
    first, second = watches.watch([]), watches.watch([])
    with pytest.raises(Overloaded):
        watches.watch([])
    first.close()
    third = watches.watch([])
    with pytest.raises(Overloaded):
        watches.watch([])
    del third
    gc.collect()
    assert watches.watch([]).is_open
    assert second.is_open
