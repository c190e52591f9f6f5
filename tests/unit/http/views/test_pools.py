"""Pools and their reports as JSON: nothing is infinite."""

from datetime import UTC, date, datetime

from msgspec import json

from armful.domain.pool import PoolSettings, VariantPool
from armful.features.pools.report import ControlTotal, compute_report
from armful.features.pools.service import PoolState
from armful.http.views.pools import pool_view, report_view
from armful.learning.pool_model import PLAIN, PoolModel
from armful.stats.priors import Prior

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POOL = VariantPool(name="p", settings=PoolSettings(), salt="s", created_at=NOW, changed_at=NOW)


def test_a_pool_without_outcomes_has_rate_0() -> None:
    view = pool_view(PoolState(POOL, PLAIN, 0, 0, 0))
    assert (view.success_rate, view.in_force.prior, view.in_force.random_control) == (0.0, None, 0.02)


def test_a_learnt_prior_is_shown() -> None:
    model = PoolModel(prior=Prior(2.0, 38.0), prior_learnt=True, sharpness=2.0)
    view = pool_view(PoolState(POOL, model, 3, 100, 5))
    assert view.in_force.prior is not None
    assert (view.in_force.prior.mean, view.in_force.prior.strength) == (0.05, 40.0)
    assert (view.success_rate, view.in_force.sharpness) == (0.05, 2.0)


def test_unknown_ends_are_null() -> None:
    one = ControlTotal(
        share=0.1, control=False, day=date(2026, 1, 1), selections=3, impressions=3, successes=1,
        impressions_squared=3, products=1, successes_squared=1,
    )  # fmt: skip
    view = json.decode(json.encode(report_view(POOL, compute_report([one]))))
    assert view["earned_interval"] == view["lift_interval"] == view["difference_interval"] == [None, None]
    assert view["days"][0]["learned"] == {
        "selections": 3,
        "impressions": 3,
        "successes": 1,
        "success_rate": 1 / 3,
    }
