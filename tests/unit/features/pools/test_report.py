"""The report compares rates over selections, in strata by the share of the control."""

import random
from datetime import date

import pytest

from armful.features.pools.report import ControlTotal, compute_report

DAY, NEXT = date(2026, 1, 1), date(2026, 1, 2)


def total(share: float, control: bool, visits: list[tuple[int, int]], day: date = DAY) -> ControlTotal:
    return ControlTotal(
        share=share, control=control, day=day, selections=len(visits),
        impressions=sum(m for m, _ in visits), successes=sum(y for _, y in visits),
        impressions_squared=sum(m * m for m, _ in visits), products=sum(m * y for m, y in visits),
        successes_squared=sum(y * y for _, y in visits),
    )  # fmt: skip


def visits(count: int, rate: float, seed: int = 1) -> list[tuple[int, int]]:
    chance = random.Random(seed)
    return [
        (m, sum(chance.random() < rate for _ in range(m)))
        for m in (chance.randint(1, 3) for _ in range(count))
    ]


def test_nothing_is_known_without_selections() -> None:
    for totals in ([], [total(0.1, False, visits(100, 0.5))], [total(0.1, True, visits(100, 0.5))]):
        report = compute_report(totals)
        assert (report.difference, report.earned, report.p_value) == (None, None, 1.0)
        assert report.earned_interval == (float("-inf"), float("inf"))
        assert report.learned.rate == (0.0 if not totals or totals[0].control else report.learned.rate)


def test_a_difference_is_found_and_multiplied() -> None:
    good, bad = visits(4000, 0.5), visits(400, 0.3, 2)
    report = compute_report([total(0.1, False, good), total(0.1, True, bad)])
    rate, control = (sum(y for _, y in some) / sum(m for m, _ in some) for some in (good, bad))
    assert report.difference == pytest.approx(rate - control)
    assert report.earned == pytest.approx((rate - control) * sum(m for m, _ in good))
    assert report.lift == pytest.approx(rate / control - 1)
    assert report.earned_interval[0] > 0
    assert report.p_value < 1e-4


def test_a_changed_share_is_no_difference() -> None:
    # A good time with a small control and a bad time with a large one. Within each, control is as good as the rest.
    totals = [
        total(0.05, False, [(1, 1), (1, 0)] * 950), total(0.05, True, [(1, 1), (1, 0)] * 50),
        total(0.5, False, [(1, 1), *[(1, 0)] * 9] * 100, NEXT), total(0.5, True, [(1, 1), *[(1, 0)] * 9] * 100, NEXT),
    ]  # fmt: skip
    report = compute_report(totals)
    assert report.difference == pytest.approx(0.0, abs=1e-12)
    assert report.learned.rate > report.control.rate + 0.1


def test_each_day_has_its_selections_and_what_was_earned_so_far() -> None:
    totals = [
        total(0.5, control, visits(300, 0.3 if control else 0.6, number), day)
        for number, (control, day) in enumerate([(True, DAY), (False, DAY), (True, NEXT), (False, NEXT)])
    ]
    report = compute_report(list(reversed(totals)))
    assert [day.day for day in report.days] == [DAY, NEXT]
    first = compute_report(totals[:2])
    assert (report.days[0].earned, report.days[0].earned_interval) == (first.earned, first.earned_interval)
    assert (report.days[1].earned, report.days[1].earned_interval) == (report.earned, report.earned_interval)
    assert report.days[1].learned.selections == 300
    assert report.learned.selections == 600
