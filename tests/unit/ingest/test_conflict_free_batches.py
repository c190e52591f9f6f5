"""A commit is split into as few batches as its outcomes depend on each other."""

from typing import Any
from uuid import UUID

import pytest

from armful.domain.outcome import Outcome, VariantOutcome
from armful.ingest.conflict_free_batches import MOST_LATE, LateCounts, conflict_free_batches, excess_late


def shown(variant: int = 1, **said: Any) -> VariantOutcome:
    return variant, Outcome(impression=True, success=False, **said), f"v{variant}"


def late(variant: int = 1, **said: Any) -> VariantOutcome:
    return variant, Outcome(impression=False, success=True, **said), f"v{variant}"


ADA, BOB = {"participant_id": "ada"}, {"participant_id": "bob"}
SELECTION = {"selection_id": UUID(int=1)}


@pytest.mark.parametrize(
    ("items", "batches"),
    [
        ([], []),
        ([shown(), shown()], [[0, 1]]),
        ([shown(**ADA)] * 3, [[0, 1, 2]]),
        ([shown(**SELECTION)] * 3, [[0, 1, 2]]),
        ([shown(event_id="e")] * 3, [[0, 1, 2]]),
        ([late(), late()], [[0, 1]]),
        ([shown(**ADA), late(**ADA)], [[0], [1]]),
        ([shown(**ADA), late(**BOB)], [[0, 1]]),
        ([late(**ADA), late(**ADA), late(**BOB)], [[0, 2], [1]]),
        ([late(**ADA), shown(**ADA), shown(**ADA), late(**ADA)], [[0], [1, 2], [3]]),
        ([shown(1, **SELECTION), late(2, **SELECTION), late(1, **SELECTION)], [[0, 1], [2]]),
        ([shown(**ADA), late(**ADA, event_id="e"), shown(**BOB, event_id="e")], [[0], [1, 2]]),
        ([shown(**ADA, **SELECTION), late(**SELECTION), late(**ADA)], [[0], [1, 2]]),
    ],
)
def test_what_depends_on_earlier_outcomes_comes_later(
    items: list[VariantOutcome], batches: list[list[int]]
) -> None:
    assert conflict_free_batches(items) == batches


def test_what_is_put_off_gets_a_batch_of_its_own() -> None:
    items = [shown(**ADA), late(**SELECTION), late(**BOB), shown()]
    assert conflict_free_batches(items) == [[0, 1, 2, 3]]
    assert conflict_free_batches(items, {1}) == [[0], [1], [2, 3]]
    assert conflict_free_batches(items, {1, 2}) == [[0], [1], [2], [3]]


@pytest.mark.parametrize("said", [ADA, SELECTION])
def test_successes_of_one_name_beyond_the_limit_are_found(said: dict[str, Any]) -> None:
    items = [late(**said)] * (MOST_LATE + 2) + [late(**BOB)]
    named = "participant_id 'ada'" if said is ADA else f"selection_id {UUID(int=1)}"
    assert excess_late(items) == {MOST_LATE: named, MOST_LATE + 1: named}
    assert excess_late([shown(**said)] * 200) == {}


def test_a_commit_takes_successes_of_one_name_up_to_the_limit() -> None:
    counts = LateCounts()
    assert counts.add([late(**ADA)] * 30)
    assert not counts.add([late(**ADA)] * 30)
    assert counts.add([late(**BOB)] * 30)
    assert counts.add([late(**ADA)] * (MOST_LATE - 30))
    assert not counts.add([late(**ADA)])
    assert counts.add([shown(**ADA)] * 1000)


def test_the_first_job_of_a_commit_always_fits() -> None:
    assert LateCounts().add([late(**ADA)] * (MOST_LATE + 1))
