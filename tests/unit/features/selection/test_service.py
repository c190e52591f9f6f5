"""A selection's policy is found by its name, and the time it takes is observed."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.unit.samples import variant

from armful.contract.selection import SelectRequest
from armful.decisions.engine import DecisionEngine
from armful.domain.errors import Refused
from armful.domain.holdout import Holdout
from armful.features.selection.service import Selections
from armful.observability.metrics import Metrics
from armful.replica.holdout_cache import HoldoutCache
from armful.replica.pool_cache import PoolCache
from armful.replica.variant_cache import VariantCache


def request(**fields: Any) -> SelectRequest:
    defaults = {"top_k": 2, "algorithm": "thompson_sampling", "persona_id": "p"}
    return msgspec.convert({**defaults, **fields}, SelectRequest)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def selections(metrics: Metrics) -> Selections:
    cache = VariantCache()
    cache.upsert(variant(key) for key in range(5))
    return Selections(DecisionEngine(cache), metrics, HoldoutCache(), PoolCache(), cache)


@pytest.mark.parametrize("algorithm", ["thompson_sampling", "thompson_sampling_exploration"])
def test_the_named_policy_decides(selections: Selections, algorithm: str) -> None:
    decision = selections.select(request(algorithm=algorithm, seed=7))
    assert (decision.policy, decision.seed, decision.persona_id) == (algorithm, 7, "p")
    assert len(decision.chosen) == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"algorithm": "ucb"}, "'ucb': use one of thompson_sampling, "),
        ({"scope": "persona"}, "scope 'persona'"),
    ],
)
def test_what_is_not_offered_is_refused(selections: Selections, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        selections.select(request(**fields))


def test_each_selection_is_observed_under_its_persona(selections: Selections, metrics: Metrics) -> None:
    for persona in ("p", "q", "p"):
        selections.select(request(persona_id=persona))
    assert metrics.current.selections == {"thompson_sampling\np": 2, "thompson_sampling\nq": 1}
    assert sum(metrics.current.sampling.counts) == 3


def test_the_baseline_decides_for_a_held_out_participant_only(metrics: Metrics) -> None:
    cache, holdout = VariantCache(), HoldoutCache()
    cache.upsert(variant(key) for key in range(5))
    selections = Selections(DecisionEngine(cache), metrics, holdout, PoolCache(), cache)
    assert selections.select(request(participant_id="ada")).policy == "thompson_sampling"
    holdout.current = Holdout(
        0.5, "salt", [cache.unnamed.at_slots([3])[0].variant.variant_id], datetime.now(UTC)
    )
    people = [f"person {number}" for number in range(200)]
    for person in people:
        decision = selections.select(request(participant_id=person, seed=1))
        assert (decision.policy == "baseline") is holdout.holds_out(person)
        assert decision.participant_id == person
        if decision.policy == "baseline":
            assert [one.variant.key for one in decision.chosen] == [3]
            assert decision.scores == [0.0]
    assert (
        70 < sum(map(holdout.holds_out, people)) < 130
    )  # 100, with a standard deviation of 7; the ids are fixed
    for nobody in ({}, {"participant_id": None}):
        assert selections.select(request(**nobody)).policy == "thompson_sampling"
    assert metrics.current.selections["baseline\np"] == sum(map(holdout.holds_out, people))
