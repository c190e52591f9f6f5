"""Pools and their reports as JSON: nothing is infinite."""

from datetime import UTC, date, datetime

from msgspec import json, structs

from armful.domain.pool import PersonaFinding, PoolSettings, VariantPool
from armful.features.pools.report import ControlTotal, compute_report
from armful.features.pools.service import PoolState
from armful.http.views.pools import pool_view, report_view
from armful.learning.pool_model import PLAIN, PoolModel
from armful.replica.persona_index import PersonaFit, PersonaIndex
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


def test_the_reason_says_why_selections_draw_for_personas() -> None:
    index = PersonaIndex()
    state = PoolState(POOL, PLAIN, 0, 0, 0, None, index)
    assert pool_view(state).personas.reason == "No outcome names a persona yet."
    index.add("dev")
    index.fit = PersonaFit(12_000.0, -2.0, {"dev": 1.5})
    view = pool_view(state)
    assert (view.in_force.scope, view.personas.since) == ("global", None)
    assert view.personas.reason == "Personas are not seen to differ: their gain is -2.0, and 3 is needed."
    differing = structs.replace(POOL, personas=PersonaFinding(NOW, 30.0, 12.0))
    view = pool_view(PoolState(differing, PLAIN, 0, 0, 0, None, index))
    assert (view.in_force.scope, view.personas.since, view.personas.odds) == ("persona", NOW, {"dev": 1.5})
    assert "their strength was 30 and their gain 12.0" in view.personas.reason
    plain = structs.replace(differing, settings=PoolSettings(learning="plain"))
    view = pool_view(PoolState(plain, PLAIN, 0, 0, 0, None, index))
    assert (view.in_force.scope, view.personas.since) == ("global", None)


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
