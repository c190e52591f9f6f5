"""The gains of a replay."""

import pytest

from armful.tools.replay._report import ReplayCounters, ReplayFigures


def test_a_gain_is_over_uniform_allocation_and_a_fraction_of_the_possible() -> None:
    figures = ReplayFigures.of(rounds=100, clicks=7, expected=8.0, uniform=5.0, best=11.0)
    assert (figures.gain, figures.gain_share) == (3.0, 0.5)


@pytest.mark.parametrize("best", [5.0, 5.0 + 1e-12])
def test_with_equal_rates_nothing_can_be_gained(best: float) -> None:
    assert ReplayFigures.of(rounds=1, clicks=0, expected=5.0, uniform=5.0, best=best).gain_share is None


def test_a_total_has_the_sums() -> None:
    part = ReplayFigures.of(rounds=100, clicks=7, expected=8.0, uniform=5.0, best=11.0)
    total = ReplayFigures.total([part, part])
    assert (total.rounds, total.clicks, total.gain, total.gain_share) == (200, 14, 6.0, 0.5)
    assert ReplayFigures.total([]).gain_share is None


def test_counters_are_equal_without_mismatches() -> None:
    assert ReplayCounters(1, 2, 1, []).equal
