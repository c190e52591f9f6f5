"""Fatigue: found where there is some, not where the season or chance explains it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import Table2x2

from armful.stats.fatigue import WindowCounts, fatigue

windows = st.tuples(st.integers(0, 5000), st.integers(0, 5000)).flatmap(
    lambda n: st.builds(
        WindowCounts, st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1])
    )
)
STEADY = WindowCounts(1440, 36_000, 2880, 72_000)
DECLINED = WindowCounts(960, 36_000, 2880, 72_000)


def test_a_variant_that_lost_a_third_is_fatigued() -> None:
    judged = fatigue([DECLINED, STEADY, STEADY, STEADY])
    assert [each.status for each in judged] == ["fatigued", "fresh", "fresh", "fresh"]
    # Its own decline is in the all-variant rate too: 1 − (2/3) / (11/12).
    assert judged[0].decline == pytest.approx(1 - (2 / 3) / (11 / 12))


def test_a_season_that_takes_a_third_from_everyone_is_not_fatigue() -> None:
    judged = fatigue([DECLINED] * 4)
    assert {each.status for each in judged} == {"fresh"}
    assert judged[0].decline == pytest.approx(0)
    assert judged[0].p_value == 1.0  # a half each, times four


def test_a_variant_that_holds_while_others_decline_is_fresh() -> None:
    judged = fatigue([STEADY, *[DECLINED] * 3])
    assert judged[0].status == "fresh"
    assert judged[0].decline < 0


def test_little_traffic_is_insufficient_whatever_the_decline() -> None:
    # 10 impressions a day at 4 %: a decline of a quarter is nothing unusual.
    judged = fatigue(
        [WindowCounts(9, 300, 24, 600), WindowCounts(12, 300, 24, 600), WindowCounts(12, 300, 24, 600)]
    )
    assert judged[0].decline > 0.15
    assert {each.status for each in judged} == {"insufficient_data"}


def test_a_small_but_certain_decline_is_not_fatigue() -> None:
    counts = [
        WindowCounts(45_000, 500_000, 100_000, 1_000_000),
        *[WindowCounts(50_000, 500_000, 100_000, 1_000_000)] * 3,
    ]
    judged = fatigue(counts)
    assert judged[0].p_value < 0.001
    assert judged[0].status == "fresh"


def test_a_collapse_is_found_even_where_power_is_low() -> None:
    judged = fatigue([WindowCounts(2, 1500, 120, 3000), *[WindowCounts(60, 1500, 120, 3000)] * 3])
    assert judged[0].status == "fatigued"
    assert judged[0].power < 0.8


def test_p_value_is_that_of_a_change_in_odds_beyond_the_others() -> None:
    own, others = WindowCounts(420, 12_000, 960, 24_000), WindowCounts(2000, 50_000, 3600, 90_000)
    tables = [
        Table2x2(
            [
                [counts.recent_successes, counts.recent_impressions - counts.recent_successes],
                [counts.earlier_successes, counts.earlier_impressions - counts.earlier_successes],
            ]
        )
        for counts in (own, others)
    ]
    change = tables[0].log_oddsratio - tables[1].log_oddsratio
    z = change / np.hypot(tables[0].log_oddsratio_se, tables[1].log_oddsratio_se)
    # Wald's z against a score's, odds against rates: alike, not equal. Holm doubles the smaller of two.
    assert stats.norm.ppf(fatigue([own, others])[0].p_value / 2) == pytest.approx(z, rel=0.03)


@pytest.mark.parametrize(
    ("daily", "rate", "rule_fires"), [(10, 0.04, 0.33), (50, 0.04, 0.155), (100, 0.04, 0.074)]
)
def test_unchanged_variants_are_seldom_called_fatigued(daily: int, rate: float, rule_fires: float) -> None:
    # 400 runs of 20 unchanged variants: any called fatigued in at most 5 % of runs; over 8 % has chance 0.006.
    rng = np.random.default_rng(daily)
    runs, variants = 400, 20
    recent = rng.binomial(30 * daily, rate, size=(runs, variants))
    earlier = rng.binomial(60 * daily, rate, size=(runs, variants))
    wrong = declined = 0
    for run in range(runs):
        judged = fatigue(
            [
                WindowCounts(s, 30 * daily, before, 60 * daily)
                for s, before in zip(recent[run].tolist(), earlier[run].tolist(), strict=True)
            ]
        )
        wrong += any(each.status == "fatigued" for each in judged)
        declined += sum(each.decline is not None and each.decline > 0.15 for each in judged)
    assert wrong <= 0.08 * runs
    # What the 15 % rule alone would have called fatigued.
    assert declined / (runs * variants) == pytest.approx(rule_fires, abs=0.02)


@given(st.lists(windows, min_size=1, max_size=8))
def test_judgements_keep_their_bounds(variants: list[WindowCounts]) -> None:
    judged = fatigue(variants)
    assert len(judged) == len(variants)
    for each in judged:
        assert 0 <= each.p_value <= 1
        assert 0 <= each.power <= 1
        assert each.decline is None or each.decline <= 1
        if each.status == "fatigued":
            assert each.decline > 0.15
            assert each.p_value < 0.05


@given(st.lists(windows, min_size=2, max_size=6))
def test_the_order_of_the_variants_does_not_matter(variants: list[WindowCounts]) -> None:
    forwards, backwards = fatigue(variants), fatigue(variants[::-1])[::-1]
    for one, other in zip(forwards, backwards, strict=True):
        assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
        assert one.status == other.status


def test_with_nothing_to_compare_there_is_insufficient_data() -> None:
    assert fatigue([]) == []
    (alone,) = fatigue([STEADY])
    assert (alone.status, alone.p_value) == ("insufficient_data", 1.0)
    never_shown = fatigue([WindowCounts(0, 0, 0, 0), STEADY])[0]
    assert (never_shown.status, never_shown.decline) == ("insufficient_data", None)
    always = fatigue([WindowCounts(100, 100, 200, 200)] * 2)
    assert {each.status for each in always} == {"insufficient_data"}
    assert not any(math.isnan(each.p_value) for each in always)


def test_a_bad_count_is_named_with_its_value() -> None:
    with pytest.raises(
        ValueError, match=r"earlier_successes must be between 0 and earlier_impressions \(1\), not 2"
    ):
        fatigue([WindowCounts(0, 1, 2, 1)])
