"""Every decision, whatever its policy, says what was chosen, how, and for whom, and reaches every sink."""

from datetime import UTC, datetime
from time import time
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from armful.decisions.engine import DecisionEngine
from armful.decisions.usage import SelectionUsage
from armful.domain.decision import Decision
from armful.domain.variant import Variant
from armful.learning.policies import SELECTION_POLICIES, Settled, SettledParameters, Shares, SharesParameters
from armful.replica.cached_variant import CachedVariant
from armful.replica.variant_cache import VariantCache


def variant(key: int, impressions: int = 10) -> Variant:
    return Variant(
        key=key,
        variant_id=f"v{key}",
        dimensions={},
        content=None,
        prior_alpha=1.0,
        prior_beta=1.0,
        impressions=impressions,
        successes=impressions // 2,
        status="active",
        version=1,
        last_used=None,
        created_at=datetime.now(UTC),
    )


def cache_of(count: int) -> VariantCache:
    cache = VariantCache()
    cache.upsert(variant(key) for key in range(count))
    return cache


def request(**fields: Any) -> Any:
    defaults = {
        "top_k": 3,
        "min_impressions": 100,
        "exploration_ratio": 0.3,
        "dimensions": None,
        "exclude": None,
        "sharpness": None,
        "seed": None,
    }
    return SimpleNamespace(**{**defaults, **fields})


def ids(decision: Decision[CachedVariant]) -> list[str]:
    return [cached.variant.variant_id for cached in decision.chosen]


def test_a_selection_says_what_was_chosen_how_and_for_whom() -> None:
    before = time()
    engine = DecisionEngine(cache_of(20))
    decision = engine.decide(
        SELECTION_POLICIES["thompson_sampling"], request(seed=7), seed=7, persona_id="developers"
    )
    assert UUID(decision.decision_id).version == 7
    assert decision.policy == "thompson_sampling"
    assert decision.candidates == 20
    assert len(decision.chosen) == 3
    assert decision.scores is not None
    assert list(decision.scores) == sorted(decision.scores, reverse=True)
    assert decision.persona_id == "developers"
    assert before <= decision.made_at <= time()


def test_the_same_model_version_and_seed_give_the_same_choice() -> None:
    cache = cache_of(50)
    engine = DecisionEngine(cache)
    policy = SELECTION_POLICIES["thompson_sampling_exploration"]
    first, second = (engine.decide(policy, request(seed=3), seed=3) for _ in range(2))
    assert first.decision_id != second.decision_id
    assert first.model_version == second.model_version
    assert (ids(first), first.scores) == (ids(second), second.scores)
    cache.upsert([variant(100)])
    assert engine.decide(policy, request(seed=3), seed=3).model_version > first.model_version


def test_every_sink_is_told_of_every_decision() -> None:
    told: list[list[Decision[CachedVariant]]] = [[], []]
    engine = DecisionEngine(cache_of(3), [told[0].append, told[1].append])
    decisions = [engine.decide(SELECTION_POLICIES["thompson_sampling"], request()) for _ in range(4)]
    assert told == [decisions, decisions]


def test_a_share_is_the_propensity() -> None:
    cache = cache_of(3)
    arms = cache.unnamed.at_slots(range(3))
    engine = DecisionEngine(cache)
    for place, position in ((0.0, 0), (0.19, 0), (0.2, 1), (0.69, 1), (0.7, 2), (0.999, 2)):
        parameters = SharesParameters(arms, [0.2, 0.5, 0.3], place)
        decision = engine.decide(Shares(), parameters, participant_id="ada", experiment_id="exp_1")
        assert ids(decision) == [arms[position].variant.variant_id]
        assert decision.propensities == [parameters.shares[position]]
        assert decision.candidates == 3
        assert (decision.participant_id, decision.experiment_id) == ("ada", "exp_1")


def test_a_settled_variant_keeps_its_propensity() -> None:
    cache = cache_of(1)
    engine = DecisionEngine(cache)
    held = engine.decide(Settled(), SettledParameters(cache.unnamed.at_slots([0])[0], 0.25))
    assert held.propensities == [0.25]
    assert engine.decide(Settled(), SettledParameters(cache.unnamed.at_slots([0])[0])).propensities is None


def test_only_selections_count_as_uses() -> None:
    cache = cache_of(2)
    engine = DecisionEngine(cache, [SelectionUsage(cache)])
    engine.decide(SELECTION_POLICIES["thompson_sampling"], request(top_k=2))
    engine.decide(Settled(), SettledParameters(cache.unnamed.at_slots([0])[0]), experiment_id="exp_1")
    assert {key: uses for key, (_, _, uses) in cache.take_usage(10).items()} == {0: 1, 1: 1}
    assert cache.selections == 1
