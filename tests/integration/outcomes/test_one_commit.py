"""Outcomes in one commit count as they would one after the other, however often they name the same participant."""

import random
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.integration.outcomes.test_recording import EXPERIMENTS, connection, shown, soon

from armful.domain.errors import Refused
from armful.domain.outcome import Outcome, OutcomeStatus, VariantOutcome
from armful.ingest import store as performance

__all__ = ["connection"]

pytestmark = pytest.mark.anyio

# Counts of all days: many commits may begin on one day and end on the next.
STATE = """
    SELECT 'variant', id::text, impressions, successes, NULL FROM armful.variant_performance
    UNION ALL SELECT 'event', variant::text, sum(impressions), sum(successes), count(*)::text
    FROM armful.performance_event GROUP BY variant
    UNION ALL SELECT 'day', concat_ws(' ', experiment, variant, persona_id), sum(impressions), sum(successes),
        concat_ws(' ', sum(anonymous), sum(anonymous_successes))
    FROM armful.experiment_day GROUP BY experiment, variant, persona_id
    UNION ALL SELECT 'metric', concat_ws(' ', experiment, variant, metric), NULL, sum(successes), sum(anonymous)::text
    FROM armful.experiment_metric_day GROUP BY experiment, variant, metric
    UNION ALL SELECT 'participant', concat_ws(' ', experiment, participant_id, variant), impressions, successes,
        concat_ws(' ', allocation_epoch, metrics, persona_id, metadata)
    FROM armful.experiment_participant
    UNION ALL SELECT 'total', concat_ws(' ', experiment, variant, metric), sum(participants), sum(converted),
        concat_ws(' ', sum(impressions), sum(impressions_squared), sum(total), sum(total_squared), sum(product))
    FROM armful.experiment_total GROUP BY experiment, variant, metric
    UNION ALL SELECT 'crossover', concat_ws(' ', experiment, variant), participants, NULL, NULL
    FROM armful.experiment_crossover_total
    UNION ALL SELECT 'share', concat_ws(' ', allocation_epoch, variant), participants, not_assigned, NULL
    FROM armful.experiment_share
    UNION ALL SELECT 'selection', concat_ws(' ', selection_id, variant), impressions, successes,
        concat_ws(' ', metrics, persona_id, participant_id, experiments, allocation_epochs, metadata)
    FROM armful.selection_outcome
    UNION ALL SELECT 'segment', concat_ws(' ', experiment, phase, variant, key, value), impressions, successes,
        concat_ws(' ', participants, converted)
    FROM armful.experiment_segment
    ORDER BY 1, 2
"""
SHARES = """
    INSERT INTO armful.experiment_share (allocation_epoch, variant, share)
    SELECT g.id, a.variant, 0.5
    FROM armful.experiment_arm a JOIN armful.experiment_allocation_epoch g ON g.experiment = a.experiment
"""
RESET = """
    TRUNCATE armful.performance_event, armful.performance_event_key, armful.variant_hour, armful.experiment_day,
        armful.experiment_metric_day, armful.experiment_participant, armful.selection_outcome, armful.experiment_segment,
        armful.experiment_total, armful.experiment_crossover, armful.experiment_crossover_total, armful.change;
    UPDATE armful.variant_performance SET impressions = 0, successes = 0;
    UPDATE armful.experiment_share SET participants = 0, not_assigned = 0;
"""
SELECTIONS = {"ada": [UUID(int=1), UUID(int=2)], "bob": [UUID(int=3)]}


def drawn(draw: random.Random) -> VariantOutcome:
    """An outcome that has something in common with many others."""
    impression = draw.random() < 0.6
    said: dict[str, Any] = {}
    participant = draw.choice(["ada", "bob"])
    if draw.random() < 0.7:
        said["participant_id"] = participant
    if draw.random() < 0.5:
        said["selection_id"] = draw.choice(SELECTIONS[participant])
    if draw.random() < 0.3:
        said["event_id"] = draw.choice(["e1", "e2", "e3"])
    if draw.random() < 0.4:
        said["metrics"] = {"signup": draw.random() < 0.7, "complaint": draw.random() < 0.3}
    if draw.random() < 0.3:
        said["metadata"] = {"channel": draw.choice(["web", "mail"])}
    if draw.random() < 0.2:
        said["persona_id"] = draw.choice(["somebody", "another"])
    if draw.random() < 0.1:
        said["experiment_id"] = draw.choice(["exp_1", "exp_2", "exp_unknown"])
    success = not impression or draw.random() < 0.4
    variant = draw.choice([1, 2, 3])
    outcome = Outcome(impression=impression, success=success, batch_size=draw.choice([1, 1, 2]), **said)
    return variant, outcome, f"v{variant}"


async def outcome(connection: Any, commits: list[list[VariantOutcome]]) -> tuple[list[Any], list[Any]]:
    """The statuses of all outcomes, and what they leave behind; the counts are as before."""
    statuses = []
    for items in commits:
        parts = await performance._record_all(connection, uuid4(), uuid4(), soon(), items)
        statuses += [answer.outcome for answer in parts]
    left = [tuple(row) for row in await connection.fetch(STATE)]
    await connection.execute(RESET)
    return statuses, left


@pytest.mark.parametrize("seed", range(25))
async def test_one_commit_counts_what_many_count(connection: Any, seed: int) -> None:
    await connection.execute(EXPERIMENTS + ";" + SHARES)
    draw = random.Random(seed)
    items = [drawn(draw) for _ in range(draw.randint(2, 25))]
    together = await outcome(connection, [items])
    apart = await outcome(connection, [[item] for item in items])
    # Who of two successes gets the only impression may differ where one names it by participant and one by selection.
    assert sorted(together[0]) == sorted(apart[0])
    assert [pair for pair in zip(together[1], apart[1], strict=True) if pair[0] != pair[1]] == []


@pytest.mark.parametrize(
    "said",
    [{"participant_id": "ada"}, {"selection_id": UUID(int=1)}, {"event_id": "e"}],
    ids=["participant", "selection", "event id"],
)
async def test_ten_thousand_of_one_kind_are_one_batch(connection: Any, said: dict[str, Any]) -> None:
    await connection.execute(EXPERIMENTS + ";" + SHARES)
    items = [shown(1, **said) for _ in range(10_000)]
    answers = await performance.record(connection, uuid4(), uuid4(), soon(), items)
    statuses = {answer.outcome for answer in answers}
    counted = 1 if "event_id" in said else 10_000
    assert statuses == (
        {OutcomeStatus.COUNTED} if counted > 1 else {OutcomeStatus.COUNTED, OutcomeStatus.DUPLICATE}
    )
    assert answers[0].totals.impressions == counted


async def test_an_event_id_with_two_bodies_is_a_conflict_within_a_commit(connection: Any) -> None:
    items = [shown(1, event_id="e"), shown(1, success=True, event_id="e"), shown(1, event_id="e")]
    answers = await performance.record(connection, uuid4(), uuid4(), soon(), items)
    assert [answer.outcome for answer in answers] == [
        OutcomeStatus.COUNTED,
        OutcomeStatus.CONFLICT,
        OutcomeStatus.DUPLICATE,
    ]
    assert answers[0].totals.impressions == 1


async def test_an_event_id_of_a_refused_outcome_is_free_for_the_next(connection: Any) -> None:
    items = [shown(1, event_id="e", experiment_id="exp_none"), shown(1, event_id="e")]
    answers = await performance.record(connection, uuid4(), uuid4(), soon(), items)
    assert [answer.outcome for answer in answers] == [OutcomeStatus.NO_EXPERIMENT, OutcomeStatus.COUNTED]


async def test_an_experiment_counts_its_first_hundred_metadata_keys(connection: Any) -> None:
    await connection.execute(EXPERIMENTS + ";" + SHARES)
    for start in (0, 90, 180):
        metadata = {f"key{number:03}": "value" for number in range(start, start + 90)}
        await performance.record(connection, uuid4(), uuid4(), soon(), [shown(1, metadata=metadata)])
    await performance.record(connection, uuid4(), uuid4(), soon(), [shown(1, metadata={"key000": "another"})])
    keys = await connection.fetch("SELECT DISTINCT key FROM armful.experiment_segment WHERE experiment = 1")
    assert len(keys) == 100
    values = await connection.fetch(
        "SELECT value FROM armful.experiment_segment WHERE experiment = 1 AND key = 'key000' ORDER BY 1"
    )
    assert [row["value"] for row in values] == ["another", "value"]


async def test_hidden_dependencies_are_bounded(connection: Any) -> None:
    """Successes that name only a selection take from the impressions of the participant behind it."""
    await connection.execute(EXPERIMENTS + ";" + SHARES)
    selections = [uuid4() for _ in range(100)]
    shows = [shown(1, participant_id="ada", selection_id=one) for one in selections]
    await performance.record(connection, uuid4(), uuid4(), soon(), shows)
    late = [(1, Outcome(impression=False, success=True, selection_id=one), "v1") for one in selections]
    answers = await performance.record(connection, uuid4(), uuid4(), soon(), late[:20])
    assert answers[-1].totals.successes == 20
    with pytest.raises(Refused, match="send them in several requests"):
        await performance.record(connection, uuid4(), uuid4(), soon(), late[20:])
    assert await connection.fetchval("SELECT successes FROM armful.variant_performance WHERE id = 1") == 20
