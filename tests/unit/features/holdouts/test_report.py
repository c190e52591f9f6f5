"""The effect since the holdout began: by the planned share, valid at every look."""

import math
import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from armful.domain.holdout import Holdout
from armful.features.holdouts.report import HoldoutTotal, compute_report
from armful.stats.rates.sequential import compare_always_valid

DAY = date(2026, 1, 1)
HOLDOUT = Holdout(0.1, "s", [], datetime(2026, 1, 1, tzinfo=UTC))


def total(
    held_out: bool, participants: int, converted: int, day: int = 0, share: float = 0.1
) -> HoldoutTotal:
    return HoldoutTotal(share, held_out, DAY + timedelta(days=day), participants, converted)


def test_everybody_else_is_compared_with_the_held_out_participants() -> None:
    report = compute_report(HOLDOUT, [total(True, 1000, 100), total(False, 9000, 1080)])
    assert (report.held_out.rate, report.others.rate) == (0.1, 0.12)
    assert report.difference == pytest.approx(0.02)
    expected = compare_always_valid(1080, 100, 0.9)
    assert (report.lift, report.lift_interval, report.p_value) == (
        expected.lift,
        expected.lift_interval,
        expected.p_value,
    )
    assert report.lift == pytest.approx(0.2)
    # ± σ √(2 (tρ² + 1) / (t²ρ²) · ln(√(tρ² + 1) / α)), with 3,600 participants as in an even split.
    lower, upper = report.difference_interval
    deviation = math.sqrt(0.1 * 0.9 / 999 + 0.12 * 0.88 / 8999)
    assert (lower + upper) / 2 == pytest.approx(report.difference)
    assert 2.5 * deviation < (upper - lower) / 2 < 6 * deviation


def test_an_effect_is_found_in_either_direction() -> None:
    for others, sign in ((1800, 1), (500, -1)):
        report = compute_report(HOLDOUT, [total(True, 1000, 100), total(False, 9000, others)])
        assert report.p_value < 0.01
        assert report.lift is not None
        assert math.copysign(1, report.lift) == sign
        lower, upper = report.lift_interval
        assert lower < report.lift < upper
        assert not lower <= 0 <= upper
        assert math.copysign(1, report.difference_interval.lower) == sign
        assert math.copysign(1, report.difference_interval.upper) == sign


def test_the_grouping_and_order_of_counts_make_no_difference() -> None:
    rng = random.Random(1)
    parts = [
        total(rng.random() < 0.1, n := rng.randint(0, 50), rng.randint(0, n), rng.randint(0, 5))
        for _ in range(200)
    ]
    shuffled = rng.sample(parts, len(parts))
    assert compute_report(HOLDOUT, parts) == compute_report(HOLDOUT, shuffled)


def test_days_show_the_effect_up_to_then() -> None:
    report = compute_report(
        HOLDOUT,
        [
            total(True, 100, 10),
            total(False, 900, 95),
            total(True, 100, 5, day=3),
            total(False, 900, 190, day=3),
        ],
    )
    assert [day.day for day in report.days] == [DAY, DAY + timedelta(days=3)]
    assert [(day.held_out.converted, day.others.participants) for day in report.days] == [(10, 900), (5, 900)]
    assert (report.days[1].lift, report.days[1].lift_interval) == (report.lift, report.lift_interval)
    assert report.days[0].lift == pytest.approx(95 / 90 - 1)


def test_a_changed_share_is_no_effect() -> None:
    """Rates fall while more are held out. By the totals alone, that would look like an effect."""
    report = compute_report(
        HOLDOUT,
        [
            total(True, 500, 100, share=0.05), total(False, 9500, 1900, share=0.05),
            total(True, 5000, 250, day=9, share=0.5), total(False, 5000, 250, day=9, share=0.5),
        ],
    )  # fmt: skip
    assert report.difference == pytest.approx(0, abs=1e-12)
    assert report.difference_interval.lower < 0 < report.difference_interval.upper
    assert report.lift == pytest.approx(0, abs=1e-6)
    assert report.p_value > 0.5


def test_without_a_holdout_or_participants_nothing_is_known() -> None:
    for holdout in (None, HOLDOUT):
        report = compute_report(holdout, [])
        assert (report.difference, report.lift, report.p_value, report.days) == (None, None, 1.0, [])
        assert report.lift_interval == (-1.0, math.inf)
        assert report.difference_interval == (-math.inf, math.inf)
    only = compute_report(HOLDOUT, [total(True, 10, 0)])
    assert only.difference is None


def test_without_an_effect_it_is_seldom_significant_at_any_look() -> None:
    """400 runs of 60 days with a season, rates from 0.01 to 0.4, looked at daily: at most 5 % are ever significant.

    At 5 % the count would be 20 with a standard deviation of 4.4; 37 is reached with a probability below 1e-4.
    """
    rng = np.random.default_rng(7)
    false = misses = difference_misses = 0
    for _ in range(400):
        rate = rng.uniform(0.01, 0.4) * (1 + 0.2 * np.sin(np.arange(60)))
        people = rng.binomial(300, 0.1, 60)
        inside, outside = rng.binomial(people, rate), rng.binomial(300 - people, rate)
        totals = [
            one
            for day in range(60)
            for one in (
                total(True, int(people[day]), int(inside[day]), day),
                total(False, int(300 - people[day]), int(outside[day]), day),
            )
        ]
        report = compute_report(HOLDOUT, totals)
        missed = [day for day in report.days if not day.lift_interval.lower <= 0 <= day.lift_interval.upper]
        misses += bool(missed)
        false += report.p_value < 0.05
        difference_misses += any(
            not interval.lower <= 0 <= interval.upper
            for interval in (
                compute_report(HOLDOUT, totals[:end]).difference_interval for end in range(2, 121, 10)
            )
        )
    assert misses < 37
    assert difference_misses < 37
    assert false <= misses
