"""An outcome says at least one thing, within its limits."""

from uuid import UUID

import msgspec
import pytest

from armful.domain.outcome import Outcome, OutcomeStatus


@pytest.mark.parametrize(("impression", "success"), [(True, False), (False, True), (True, True)])
def test_an_impression_or_a_success_or_both(impression: bool, success: bool) -> None:
    outcome = Outcome(impression=impression, success=success)
    assert outcome.batch_size == 1
    assert outcome.event_id is None


def test_nothing_is_no_outcome() -> None:
    with pytest.raises(ValueError, match="both false"):
        Outcome(impression=False, success=False)


def test_no_selection_has_an_id_of_zeros() -> None:
    with pytest.raises(ValueError, match="all zeros"):
        Outcome(impression=True, success=False, selection_id=UUID(int=0))


@pytest.mark.parametrize(
    "field",
    [
        {"batch_size": 0},
        {"batch_size": 10**9 + 1},
        {"event_id": ""},
        {"occurred_at": "2026-01-01T00:00:00"},
        {"metrics": {"m": "1"}},
        {"metrics": {"m": 1e13}},
        {"value": True},
        {"value": -2e12},
        {"metrics": {"": True}},
        {"metrics": {str(number): True for number in range(101)}},
        {"participant_id": "x" * 256},
    ],
)
def test_fields_out_of_range_are_refused(field: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"impression": True, "success": False, **field}, Outcome)


def test_the_numbers_of_statuses_are_those_of_the_database() -> None:
    # Stored with every batch in `change.statuses`, so that a number must not change its meaning.
    assert [status.name for status in OutcomeStatus] == [
        "COUNTED", "DUPLICATE", "CONFLICT", "NOTHING_LEFT", "NO_EXPERIMENT", "NO_ARM", "TOO_LATE", "DUPLICATE_NOT_COUNTED",
    ]  # fmt: skip
    assert [int(status) for status in OutcomeStatus] == list(range(8))
