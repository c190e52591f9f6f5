"""`ArmTable` over many changes, and used by several threads at once."""

import threading

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from armful.core import ArmTable


class Model(RuleBasedStateMachine):
    """The table against a dictionary that holds what it should hold."""

    names = st.sampled_from(["a", "b", "c", "d", "e"])
    versions = st.integers(0, 12)

    def __init__(self):
        super().__init__()
        self.table = ArmTable()
        self.live = {}
        self.buried = {}
        self.held = {}

    @rule(
        rows=st.lists(st.tuples(names, versions, st.integers(0, 9)), max_size=6),
        tone=st.sampled_from([None, "x", "y"]),
    )
    def upsert(self, rows, tone):
        ids = [name for name, _, _ in rows]
        ones = [1.0] * len(rows)
        versions = [version for _, version, _ in rows]
        dimensions = None if tone is None else [{"tone": tone}] * len(rows)
        self.table.upsert(ids, ones, ones, [count for _, _, count in rows], versions, dimensions)
        for name, version, count in rows:
            if version > self.held.get(name, -1):
                before = self.live.get(name, self.buried.get(name, (None, None)))
                self.held[name] = version
                self.live[name] = (count, before[1] if tone is None else tone)

    @rule(name=names, version=versions)
    def remove(self, name, version):
        self.table.remove([name], version)
        if version >= self.held.get(name, -1):
            self.held[name] = version
            if name in self.live:
                self.buried[name] = self.live.pop(name)

    @invariant()
    def holds_what_it_should(self):
        slots = self.table.slots()
        names = self.table.ids(slots)
        assert set(names) == set(self.live)
        assert len(self.table) == len(self.live)
        impressions = dict(zip(names, self.table.arms()[2].tolist(), strict=True))
        assert impressions == {name: count for name, (count, _) in self.live.items()}
        for tone in ("x", "y"):
            expected = {name for name, (_, held) in self.live.items() if held == tone}
            assert set(self.table.ids(self.table.select(9, where={"tone": tone})[0])) == expected


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=60, stateful_step_count=30)


def test_threads_share_a_table():
    table = ArmTable()
    ids = [f"arm{i}" for i in range(5000)]
    # Each has dimensions of its own, and a filter leaves every tenth.
    dimensions = [{"tone": "warm" if i % 10 == 0 else "bold", "serial": str(i)} for i in range(5000)]
    table.upsert(ids, [2.0] * 5000, [3.0] * 5000, [0] * 5000, [1] * 5000, dimensions)
    failures = []

    def follow(first_version):
        for version in range(first_version, first_version + 40, 2):
            table.upsert(
                ids, np.full(5000, 2.0), np.full(5000, 3.0), np.zeros(5000, np.int64), np.full(5000, version)
            )

    def draw():
        for _ in range(200):
            slots, scores = table.select(3)
            if len(set(slots.tolist())) != 3 or (np.diff(scores) > 0).any():
                failures.append((slots, scores))
            if (table.select(3, where={"tone": "warm"})[0] % 10).any():
                failures.append("not what the filter leaves")

    def come_and_go():
        for version in range(50, 90, 2):
            table.remove(["arm10", "arm11"], version)
            table.upsert(
                ["arm11"], [2.0], [3.0], [0], [version + 1], [{"tone": "bold", "serial": str(version)}]
            )

    threads = [threading.Thread(target=come_and_go)]
    threads += [threading.Thread(target=follow, args=(version,)) for version in (2, 3)]
    threads += [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(table) == 4999
    assert sorted(table.arms()[3].tolist())[:-1] == [41] * 4998


def test_a_selection_waits_for_a_batch_of_an_upsert_not_for_all_of_it():
    """While a million rows are put in, others see the table between the batches of 1,000."""
    n, batch = 1_000_000, 1_000
    ids = [f"arm{i}" for i in range(n)]
    ones, counts = np.ones(n), np.ones(n, np.int64)
    table = ArmTable()
    upsert = threading.Thread(target=table.upsert, args=(ids, ones, ones, counts, counts))
    selected = []
    upsert.start()
    while upsert.is_alive():
        slots, _ = table.select(1)
        selected.append((slots.tolist(), len(table)))
    upsert.join()
    assert len(table) == n
    sizes = [size for _, size in selected]
    assert sizes == sorted(sizes)
    assert all(size % batch == 0 for size in sizes), "seen within a batch"
    assert len({size for size in sizes if 0 < size < n}) >= 3, "seen at the beginning and the end only"
    assert all(not slots or slots[0] < size for slots, size in selected)


@pytest.mark.parametrize("version", [None, 2])
def test_a_selection_waits_for_a_batch_of_a_removal_not_for_all_of_it(version):
    n, batch = 500_000, 1_000
    ids = [f"arm{i}" for i in range(n)]
    ones, counts = np.ones(n), np.ones(n, np.int64)
    table = ArmTable()
    table.upsert(ids, ones, ones, counts, counts)
    removal = threading.Thread(target=table.remove, args=(ids, version))
    selected = []
    removal.start()
    while removal.is_alive():
        slots, _ = table.select(1)
        selected.append((slots.tolist(), len(table)))
    removal.join()
    assert len(table) == 0
    sizes = [size for _, size in selected]
    assert sizes == sorted(sizes, reverse=True)
    assert all(size % batch == 0 for size in sizes), "seen within a batch"
    assert len({size for size in sizes if 0 < size < n}) >= 3, "seen at the beginning and the end only"
    assert all(slots for slots, size in selected if size > 0)
