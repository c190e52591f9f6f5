"""Who gets which variant: a hash that anybody can compute, or shares that follow the results."""

from hashlib import sha256

import pytest
from tests.unit.samples import experiment

from armful.contract.experiments import AssignRequest
from armful.core import probability_best
from armful.domain.experiment import Arm
from armful.features.experiments.assignment import _exclusion, adaptive_shares, unit_hash


def test_the_hash_is_the_documented_one() -> None:
    expected = int(sha256(b"salt\nada").hexdigest()[:16], 16) / 2**64
    assert unit_hash("salt", "ada") == expected


def test_hashes_are_spread_evenly_and_apart_from_those_of_another_salt() -> None:
    people = [f"person-{number}" for number in range(4000)]
    first, second = ([unit_hash(salt, person) for person in people] for salt in ("one", "two"))
    for hashes in (first, second):
        counts = [sum(int(value * 4) == quarter for value in hashes) for quarter in range(4)]
        # 1000 each, with a standard deviation of 27: the ids are fixed, so that this does not fail by chance.
        assert all(abs(count - 1000) < 110 for count in counts)
    together = sum((a < 0.5) == (b < 0.5) for a, b in zip(first, second, strict=True))
    assert abs(together - 2000) < 130


def arms(*floors: float) -> list[Arm]:
    return [Arm(key, f"v{key}", 0.5, key == 1, floor) for key, floor in enumerate(floors, 1)]


def test_shares_are_chances_to_be_best_above_the_floors() -> None:
    shares = adaptive_shares(arms(0.1, 0.2), {1: (100, 10), 2: (100, 20)})
    chances = probability_best([11.0, 21.0], [91.0, 81.0])
    assert shares[1] == pytest.approx(0.1 + 0.7 * chances[0])
    assert shares[2] == pytest.approx(0.2 + 0.7 * chances[1])


def test_shares_start_from_the_variants_priors() -> None:
    known = [Arm(1, "v1", 0.5, True, prior_alpha=30.0, prior_beta=70.0), Arm(2, "v2", 0.5, False)]
    chances = probability_best([35.0, 2.0], [75.0, 5.0])
    assert adaptive_shares(known, {1: (10, 5), 2: (5, 1)})[1] == pytest.approx(chances[0])


def test_arms_without_data_share_equally() -> None:
    assert adaptive_shares(arms(0.0, 0.0, 0.0), {}) == pytest.approx({1: 1 / 3, 2: 1 / 3, 3: 1 / 3})


@pytest.mark.parametrize(
    ("fields", "persona", "reason"),
    [
        ({}, None, None),
        ({}, "anybody", None),
        ({"target_persona": "readers"}, "readers", None),
        ({"target_persona": "readers"}, None, None),
        ({"target_persona": "readers"}, "writers", "the experiment is for readers"),
        ({"status": "paused"}, None, "the experiment is paused"),
        ({"namespace": "n", "namespace_range": (0.0, 1.0)}, None, None),
        ({"namespace": "n", "namespace_range": (0.0, 0.0)}, None, "range of namespace n"),
    ],
)
def test_who_is_left_out_is_told_why(
    fields: dict[str, object], persona: str | None, reason: str | None
) -> None:
    found = _exclusion(experiment(**fields), AssignRequest(participant_id="ada", persona_id=persona))
    assert found is None if reason is None else found is not None and reason in found.reason


def test_a_namespace_has_room_for_experiments_side_by_side() -> None:
    halves = [experiment(namespace="n", namespace_range=(start, start + 0.5)) for start in (0.0, 0.5)]
    for number in range(100):
        request = AssignRequest(participant_id=f"person-{number}")
        assert sum(_exclusion(half, request) is None for half in halves) == 1
