"""`ArmTable`: versions, tombstones, eligibility, the exploration split, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armful.core import ArmTable


def table_of(*ids, impressions=0, dimensions=None):
    table = ArmTable()
    n = len(ids)
    table.upsert(ids, [2.0] * n, [3.0] * n, [impressions] * n, [1] * n, dimensions)
    return table


def chosen(table, k, **keywords):
    slots, scores = table.select(k, **keywords)
    assert slots.dtype == np.intp
    assert scores.dtype == np.float64
    assert slots.shape == scores.shape
    assert (np.diff(scores) <= 0).all()
    assert len(set(slots.tolist())) == len(slots)
    return table.ids(slots)


def test_slots_are_given_in_order_and_kept():
    table = ArmTable()
    assert table.upsert(["a", "b", "a"], [1.0] * 3, [1.0] * 3, [0, 1, 2], [1, 1, 2]).tolist() == [0, 1, 0]
    assert (len(table), "a" in table, "x" in table, repr(table)) == (2, True, False, "<ArmTable of 2 arms>")
    assert table.slot("b") == 1
    assert table.slot("x") is None
    assert table.ids([1, 0, 1]) == ["b", "a", "b"]
    assert table.slots().tolist() == [0, 1]
    alpha, beta, impressions, version = table.arms(np.array([0]))
    assert (alpha.tolist(), beta.tolist(), impressions.tolist(), version.tolist()) == ([1.0], [1.0], [2], [2])
    assert table.nbytes > 0


def test_ids_may_be_any_text():
    ids = ["", "é", "漢字", "🎲", "a" * 255, "a\0b"]
    table = table_of(*ids)
    assert table.ids(table.slots()) == ids


def test_an_update_by_slot_is_versioned_too():
    table = table_of("a", "b")
    assert table.update([0, 1, 0], [9.0] * 3, [8.0] * 3, [7, 6, 5], [1, 2, 3]) == 2
    assert [column.tolist() for column in table.arms()] == [[9.0, 9.0], [8.0, 8.0], [5, 6], [3, 2]]


def test_a_removed_arm_returns_only_with_news():
    table = table_of("a", "b")
    assert table.remove(["a"], version=5) == 1
    assert chosen(table, 9) == ["b"]
    table.upsert(["a"], [1.0], [1.0], [0], [5])
    assert table.update([0], [1.0], [1.0], [0], [6]) == 0
    assert len(table) == 1
    assert table.upsert(["a"], [1.0], [1.0], [0], [6]).tolist() == [0]
    assert len(table) == 2
    assert table.remove(["a", "b"], version=np.array([5, 1])) == 1, "a holds a newer state than the removal"
    assert table.slots().tolist() == [0]


def test_removing_without_a_version():
    table = table_of("a", "b")
    with pytest.raises(KeyError, match="no arm has the id 'x'"):
        table.remove(["a", "x"])
    assert len(table) == 2
    assert table.remove(["a", "a"]) == 1
    table.upsert(["a"], [1.0], [1.0], [0], [-5])
    assert len(table) == 2


def test_removing_what_was_never_there_is_remembered_with_its_version():
    table = ArmTable()
    assert table.remove(["a"], version=5) == 0
    table.upsert(["a"], [1.0], [1.0], [0], [5])
    assert len(table) == 0


def test_selection_of_fewer_than_k():
    assert sorted(chosen(table_of("a", "b"), 50)) == ["a", "b"]
    assert chosen(ArmTable(), 3) == []


def test_selection_by_dimensions_and_exclusion():
    dimensions = [{"tone": "warm", "length": "short"}, {"tone": "warm"}, {"tone": "cold"}, {}]
    table = table_of("a", "b", "c", "d", dimensions=dimensions)
    assert sorted(chosen(table, 9, where={"tone": "warm"})) == ["a", "b"]
    assert chosen(table, 9, where={"tone": "warm", "length": "short"}) == ["a"]
    assert chosen(table, 9, where={"tone": "loud"}) == []
    assert len(chosen(table, 9, where={})) == 4
    assert sorted(chosen(table, 9, exclude=["a", "nobody", "d"])) == ["b", "c"]
    table.upsert(["a"], [1.0], [1.0], [0], [2])
    assert sorted(chosen(table, 9, where={"tone": "warm"})) == ["a", "b"], "left as they were"
    table.upsert(["a"], [1.0], [1.0], [0], [3], [{"tone": "cold"}])
    assert sorted(chosen(table, 9, where={"tone": "cold"})) == ["a", "c"]
    # Of an ignored row nothing is taken.
    table.upsert(["a"], [1.0], [1.0], [0], [3], [{"tone": "warm"}])
    assert sorted(chosen(table, 9, where={"tone": "cold"})) == ["a", "c"], (
        "of an ignored row nothing is taken"
    )


@given(st.integers(0, 6), st.integers(0, 6), st.integers(1, 8), st.floats(0, 1), st.integers(0, 2**64 - 1))
def test_the_exploration_split(new, old, k, ratio, seed):
    table = ArmTable()
    ids = [f"new{i}" for i in range(new)] + [f"old{i}" for i in range(old)]
    n = new + old
    table.upsert(ids, [1.0] * n, [1.0] * n, [9] * new + [10] * old, [1] * n)
    picked = chosen(table, k, min_impressions=10, exploration_ratio=ratio, seed=seed)
    explored = sum(id.startswith("new") for id in picked)
    assert len(picked) == min(k, n)
    whole = int(k * ratio)
    fewest, most = min(whole, k), min(whole + 1, k)
    # Each group has its share, or all it has, or what the other could not fill.
    assert min(fewest, new) <= explored <= max(min(most, new), k - old)
    assert explored >= min(k, n) - old


def test_the_share_of_exploration_at_one_place():
    table = table_of("old", impressions=100)
    table.upsert(["new"], [1.0], [1.0], [99], [1])
    picks = [chosen(table, 1, min_impressions=100, exploration_ratio=0.3, seed=seed) for seed in range(4000)]
    # Five standard errors of a share of 0.3 in 4,000.
    assert abs(picks.count(["new"]) / 4000 - 0.3) < 5 * (0.3 * 0.7 / 4000) ** 0.5


def test_without_min_impressions_there_is_no_split():
    table = table_of("a", "b", "c")
    plain = table.select(2, seed=3)
    for mine, other in zip(plain, table.select(2, exploration_ratio=0.9, seed=3), strict=True):
        assert (mine == other).all()


def test_same_state_and_seed_same_answer_whatever_came_before():
    one = table_of("a", "b", "c", "d")
    other = table_of("a", "b", "c", "d")
    other.update([2, 3], [50.0] * 2, [1.0] * 2, [60] * 2, [2] * 2)
    other.remove(["d"], version=3)
    other.upsert(["c", "d"], [2.0] * 2, [3.0] * 2, [0] * 2, [4] * 2)
    for seed in range(20):
        assert [part.tolist() for part in one.select(3, seed=seed)] == [
            part.tolist() for part in other.select(3, seed=seed)
        ]


@pytest.mark.parametrize("others", [1, 61, 5_000])
def test_a_filter_that_leaves_few_arms_draws_as_if_there_were_no_others(others):
    mine = [{"test": "mine"}] * 3
    alone = table_of("a", "b", "c", dimensions=mine)
    ids = [f"other{number}" for number in range(others)]
    beside = table_of(*ids, "a", "b", "c", dimensions=[{"test": "theirs"}] * others + mine)
    for seed in range(20):
        one, other = (table.select(2, where={"test": "mine"}, seed=seed) for table in (alone, beside))
        assert (one[0] + others).tolist() == other[0].tolist()
        assert one[1].tolist() == other[1].tolist()


class TestRefusals:
    def test_rows_are_all_checked_before_any_is_applied(self):
        table = ArmTable()
        ids = [f"arm{i}" for i in range(3000)]
        alpha = np.ones(3000)
        alpha[2999] = np.nan
        counts = np.zeros(3000, dtype=np.int64)
        with pytest.raises(ValueError, match=r"alpha\[2999\] is NaN"):
            table.upsert(ids, alpha, np.ones(3000), counts, counts)
        assert len(table) == 0

    @pytest.mark.parametrize(
        ("argument", "value", "error", "message"),
        [
            ("ids", "ab", TypeError, "ids must be a sequence of strings, not str"),
            ("ids", ["a", 1], TypeError, r"ids\[1\] must be a string, not int"),
            ("ids", ["a"], ValueError, "alpha has length 2, but ids has length 1"),
            ("ids", ["a", "\ud800"], UnicodeEncodeError, "surrogates"),
            ("alpha", [1.0, 0.0], ValueError, r"alpha\[1\] is 0"),
            ("beta", [1.0], ValueError, "beta has length 1, but ids has length 2"),
            ("beta", [1.0, None], TypeError, r"beta\[1\] must be a number that fits float64, not NoneType"),
            ("impressions", [0, -1], ValueError, r"impressions\[1\] is -1"),
            ("impressions", np.zeros(2), TypeError, "impressions must be of dtype int64, not float64"),
            (
                "impressions",
                [0, 1.5],
                TypeError,
                r"impressions\[1\] must be a number that fits int64",
            ),
            ("version", [0, 2**63], TypeError, r"version\[1\] must be a number that fits int64, not int"),
            ("dimensions", [{}], ValueError, "dimensions has length 1, but ids has length 2"),
            ("dimensions", [{}, 1], TypeError, r"dimensions\[1\] must be a mapping, not int"),
            (
                "dimensions",
                [{}, {"a": 1}],
                TypeError,
                r"dimensions\[1\] must map strings to strings",
            ),
        ],
    )
    def test_upsert(self, argument, value, error, message):
        table = ArmTable()
        arguments = {
            "ids": ["a", "b"],
            "alpha": [1.0, 1.0],
            "beta": [1.0, 1.0],
            "impressions": [0, 0],
            "version": [1, 1],
        }
        with pytest.raises(error, match=message):
            table.upsert(**(arguments | {argument: value}))
        assert len(table) == 0

    @pytest.mark.parametrize("slots", [[2], [-1], np.array([0, 7])])
    def test_slots_that_were_never_given_out(self, slots):
        table = table_of("a", "b")
        n = len(slots)
        with pytest.raises(IndexError, match="slots: "):
            table.ids(slots)
        with pytest.raises(IndexError, match="slots: "):
            table.arms(slots)
        with pytest.raises(IndexError, match="slots: "):
            table.update(slots, [1.0] * n, [1.0] * n, [0] * n, [2] * n)

    @pytest.mark.parametrize(
        ("keywords", "error", "message"),
        [
            ({"k": 0}, ValueError, "k is 0: it must be at least 1"),
            ({"k": -3}, ValueError, "k is -3"),
            ({"k": 1.0}, TypeError, "k must be an integer, not float"),
            ({"min_impressions": -1}, ValueError, "min_impressions is -1"),
            ({"min_impressions": 0.5}, TypeError, "min_impressions must be an integer or None, not float"),
            ({"exploration_ratio": 1.01}, ValueError, "exploration_ratio is 1.01"),
            ({"exploration_ratio": float("nan")}, ValueError, "exploration_ratio is NaN"),
            ({"exploration_ratio": "x"}, TypeError, "exploration_ratio"),
            ({"where": [("a", "b")]}, TypeError, "where must be a mapping, not list"),
            ({"where": {"a": None}}, TypeError, "where must map strings to strings, not NoneType"),
            ({"exclude": "abc"}, TypeError, "exclude must be a sequence of strings, not str"),
            ({"exclude": [1]}, TypeError, r"exclude\[0\] must be a string, not int"),
            ({"seed": -1}, ValueError, "seed is -1"),
            ({"seed": "x"}, TypeError, "seed must be an integer or None, not str"),
        ],
    )
    def test_select(self, keywords, error, message):
        with pytest.raises(error, match=message):
            table_of("a").select(**({"k": 1} | keywords))

    def test_an_id_that_is_no_string(self):
        with pytest.raises(TypeError, match="id must be a string, not int"):
            table_of("a").slot(1)

    def test_it_cannot_be_changed_or_subclassed(self):
        with pytest.raises(AttributeError):
            ArmTable().anything = 1
        with pytest.raises(TypeError):
            type("Sub", (ArmTable,), {})
