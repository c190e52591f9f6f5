"""Outcomes are completed and checked before they are counted, and each is told its own result."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.samples import variant

from armful.db.clock import DatabaseClock
from armful.domain.errors import ArmfulError, EventConflict, ExperimentNotFound, Refused, VariantNotFound
from armful.domain.outcome import CountedOutcome, Outcome, OutcomeStatus, VariantOutcome
from armful.domain.variant import Totals, Variant
from armful.features.outcomes.service import Outcomes, complete, counted
from armful.ingest.pending_commit import PendingCommit
from armful.ingest.statement import Statement

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TOTALS = Totals(1, 1, 0, 1)


@pytest.fixture
def clock() -> DatabaseClock:
    found = DatabaseClock()
    found.set(NOW)
    return found


def shown(**fields: Any) -> Outcome:
    return Outcome(impression=True, success=False, **fields)


class Port:
    """Counts everything with the status that its event id names."""

    def __init__(self) -> None:
        self.submitted: list[VariantOutcome] = []
        self.statements: list[Statement] = []

    def submit(self, items: Sequence[VariantOutcome], statements: Sequence[Statement] = ()) -> PendingCommit:
        self.submitted += items
        self.statements += statements
        pending = PendingCommit(items, 0.0, 1.0)
        pending.answer(
            [CountedOutcome(OutcomeStatus[outcome.event_id or "COUNTED"], TOTALS) for _, outcome, _ in items]
        )
        return pending


class Variants:
    """Knows v1 in memory, and v2 in the database."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []

    def get_cached(self, variant_id: str) -> Variant | None:
        return variant(1) if variant_id == "v1" else None

    async def read_many(self, variant_ids: Collection[str]) -> list[Variant]:
        self.asked.append(set(variant_ids))
        return [variant(2)] if "v2" in variant_ids else []


@pytest.fixture
def port() -> Port:
    return Port()


@pytest.fixture
def variants() -> Variants:
    return Variants()


@pytest.fixture
def outcomes(port: Port, variants: Variants, clock: DatabaseClock) -> Outcomes:
    return Outcomes(port, variants, clock)  # type: ignore[arg-type]


def results(outcomes: Outcomes, *updates: tuple[str, Outcome], **more: Any) -> list[Any]:
    return asyncio.run(outcomes.record_many(updates, **more))


def test_ids_in_the_metadata_fill_those_that_are_missing(clock: DatabaseClock) -> None:
    outcome = shown(persona_id="given", metadata={"persona_id": "other", "experiment_id": "exp_1", "x": 1})
    complete(outcome, clock)
    assert (outcome.persona_id, outcome.experiment_id) == ("given", "exp_1")


@pytest.mark.parametrize("value", ["", 7, None, "x" * 256])
def test_what_is_no_label_in_the_metadata_is_left_there(clock: DatabaseClock, value: object) -> None:
    outcome = shown(metadata={"persona_id": value})
    complete(outcome, clock)
    assert outcome.persona_id is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"metadata": {"x": "y" * 16_384}}, "metadata has 16392 bytes"),
        ({"occurred_at": NOW + timedelta(minutes=6)}, "in the future"),
        ({"occurred_at": datetime(1, 1, 1, 12, tzinfo=UTC)}, "too early"),
    ],
)
def test_what_cannot_be_stored_is_refused(clock: DatabaseClock, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        complete(shown(**fields), clock)


def test_a_clock_may_be_a_little_ahead(clock: DatabaseClock) -> None:
    assert complete(shown(occurred_at=NOW + timedelta(minutes=4)), clock) is None


def test_every_outcome_has_its_own_result(outcomes: Outcomes, port: Port, variants: Variants) -> None:
    found = results(
        outcomes,
        ("v1", shown()),
        ("nobody", shown()),
        ("v2", shown(event_id="CONFLICT")),
        ("v1", shown(occurred_at=NOW + timedelta(days=1))),
        ("v1", shown(event_id="DUPLICATE")),
    )
    assert [getattr(one, "outcome", type(one)) for one in found] == [
        OutcomeStatus.COUNTED, VariantNotFound, EventConflict, Refused, OutcomeStatus.DUPLICATE,
    ]  # fmt: skip
    assert [key for key, _, _ in port.submitted] == [1, 2, 1]
    assert variants.asked == [{"nobody", "v2"}]


def test_statements_run_even_if_every_outcome_is_refused(outcomes: Outcomes, port: Port) -> None:
    statement = Statement("UPDATE consumer_offset SET next_offset = 1")
    (found,) = results(outcomes, ("nobody", shown()), statements=[statement])
    assert isinstance(found, VariantNotFound)
    assert (port.submitted, port.statements) == ([], [statement])
    assert results(outcomes) == []


def test_the_only_one_is_returned_or_raised(outcomes: Outcomes) -> None:
    assert asyncio.run(outcomes.record("v1", shown())).totals == TOTALS
    with pytest.raises(VariantNotFound):
        asyncio.run(outcomes.record("nobody", shown()))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (OutcomeStatus.CONFLICT, EventConflict),
        (OutcomeStatus.NO_EXPERIMENT, ExperimentNotFound),
        (OutcomeStatus.NO_ARM, Refused),
        (OutcomeStatus.NOTHING_LEFT, None),
        (OutcomeStatus.DUPLICATE, None),
        (OutcomeStatus.TOO_LATE, None),
    ],
)
def test_some_statuses_are_errors(status: OutcomeStatus, error: type[ArmfulError] | None) -> None:
    one = CountedOutcome(status, TOTALS)
    if error is None:
        assert counted([one], "a", shown()) is one
    else:
        with pytest.raises(error):
            counted([one], "a", shown(event_id="e", experiment_id="exp_1"))
