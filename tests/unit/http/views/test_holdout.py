"""The holdout and its report as JSON: nothing is infinite."""

from datetime import UTC, date, datetime

from msgspec import json

from armful.domain.holdout import Holdout
from armful.features.holdouts.report import HoldoutTotal, compute_report
from armful.http.views.holdout import holdout_view, report_view

HOLDOUT = Holdout(0.1, "s", ["a"], datetime(2026, 1, 1, tzinfo=UTC))


def test_without_a_holdout_the_share_is_0() -> None:
    assert json.decode(json.encode(holdout_view(None))) == {
        "share": 0, "baseline": [], "salt": None, "started_at": None,
    }  # fmt: skip
    assert holdout_view(HOLDOUT).baseline == ["a"]


def test_an_infinite_lift_is_null() -> None:
    day = date(2026, 1, 1)
    totals = [HoldoutTotal(0.1, True, day, 10, 0), HoldoutTotal(0.1, False, day, 90, 9)]
    view = report_view(compute_report(HOLDOUT, totals))
    assert (view.lift, view.lift_interval[1], view.days[0].lift) == (None, None, None)
    assert (view.share, view.difference, view.held_out.participants) == (0.1, 0.1, 10)
    assert view.others.conversion_rate == 0.1
    empty = report_view(compute_report(None, []))
    assert (empty.share, empty.started_at, empty.lift_interval, empty.days) == (0, None, (-1, None), [])
