"""What outcomes add up to depends neither on their order nor on the commits that they come in."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.integration.outcomes.test_recording import EXPERIMENTS, connection, shown, soon

from armful.domain.outcome import Outcome, OutcomeStatus, VariantOutcome
from armful.ingest import store as performance

__all__ = ["connection"]

pytestmark = pytest.mark.anyio

# Counts of all days: many commits may begin on one day and end on the next.
STATE = """
    SELECT 'variant', id::text, impressions, successes, NULL FROM armful.variant_performance
    UNION ALL SELECT 'event', variant::text, sum(impressions), sum(successes), NULL
    FROM armful.performance_event GROUP BY variant
    UNION ALL SELECT 'day', concat_ws(' ', experiment, variant, persona_id), sum(impressions), sum(successes),
        concat_ws(' ', sum(anonymous), sum(anonymous_successes))
    FROM armful.experiment_day GROUP BY experiment, variant, persona_id
    UNION ALL SELECT 'metric', concat_ws(' ', experiment, variant, metric), trim_scale(sum(anonymous_squared)),
        trim_scale(sum(successes)), trim_scale(sum(anonymous))::text
    FROM armful.experiment_metric_day GROUP BY experiment, variant, metric
    UNION ALL SELECT 'participant', concat_ws(' ', experiment, participant_id, variant), impressions, successes,
        concat_ws(' ', allocation_epoch, metrics, persona_id, metadata)
    FROM armful.experiment_participant
    UNION ALL SELECT 'total', concat_ws(' ', experiment, variant, metric, now()::date - day),
        sum(participants), sum(converted),
        concat_ws(' ', sum(impressions), sum(impressions_squared), round(sum(total)::numeric, 6),
            round(sum(total_squared)::numeric, 6),
            round(sum(product)::numeric, 6))
    FROM armful.experiment_total GROUP BY experiment, variant, metric, day
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
NUMBERS = """
    UPDATE armful.experiment SET guardrail_metrics = guardrail_metrics || '{minutes}',
        metrics = '{"minutes": {"type": "number"}}'
    WHERE id = 1;
    UPDATE armful.experiment SET metrics = jsonb_build_object(success_metrics[1], '{"type": "number"}'::jsonb) WHERE id = 2;
"""
NOON = datetime.now(UTC).replace(hour=0, minute=1)
RESET = """
    TRUNCATE armful.performance_event, armful.performance_event_key, armful.variant_hour, armful.experiment_day,
        armful.experiment_metric_day, armful.experiment_participant, armful.selection_outcome, armful.experiment_segment,
        armful.experiment_total, armful.experiment_crossover, armful.experiment_crossover_total, armful.change;
    UPDATE armful.variant_performance SET impressions = 0, successes = 0;
    UPDATE armful.experiment_share SET participants = 0, not_assigned = 0;
"""


async def outcome(connection: Any, commits: list[list[VariantOutcome]]) -> tuple[list[Any], list[Any]]:
    """The statuses of all outcomes, and what they leave behind; the counts are as before."""
    statuses = []
    for items in commits:
        parts = await performance._record_all(connection, uuid4(), uuid4(), soon(), items)
        statuses += [answer.outcome for answer in parts]
    left = [tuple(row) for row in await connection.fetch(STATE)]
    await connection.execute(RESET)
    return statuses, left


def differences(one: list[Any], other: list[Any]) -> list[Any]:
    """The rows that only one of two states has, without rows of zeros."""
    rows = [{row for row in state if row[2] or row[3]} for state in (one, other)]
    return sorted(rows[0] ^ rows[1], key=str)


def visits(draw: random.Random) -> list[VariantOutcome]:
    """What is reported of a few people: impressions, successes and metrics, by selection, by participant, or by both."""
    items: list[VariantOutcome] = []
    for person, selections in {"ada": [1, 2], "bob": [3], "eve": [4, 5], None: [6]}.items():
        always: dict[str, Any] = {"persona_id": draw.choice(["somebody", "another", None])}
        always["metadata"] = draw.choice([None, {"channel": "web"}])
        always["experiment_id"] = draw.choice([None, None, "exp_1", "exp_2"])
        variant = draw.choice([1, 2, 3])
        for _ in range(draw.randint(1, 6)):
            said = dict(always)
            selection = draw.choice([None, *selections])
            if person is not None and (selection is None or draw.random() < 0.5):
                said["participant_id"] = person
            if selection is not None:
                said["selection_id"] = UUID(int=selection)
            if draw.random() < 0.5:
                said["metrics"] = {
                    "signup": draw.random() < 0.7, "complaint": draw.random() < 0.3, "minutes": draw.randint(-300, 900) / 100
                }  # fmt: skip
            if draw.random() < 0.3:
                said["value"] = draw.randint(0, 10_000) / 100
            if draw.random() < 0.7:
                said["occurred_at"] = NOON - timedelta(days=draw.randint(0, 3))
            impression = draw.random() < 0.5
            success = not impression or draw.random() < 0.3
            size = draw.choice([1, 1, 1, 2, 3])
            one = Outcome(impression=impression, success=success, batch_size=size, **said)
            items.append((variant, one, f"v{variant}"))
            if draw.random() < 0.2:
                one.event_id = f"event {len(items)}"
                items.append(items[-1])
    return items


@pytest.mark.parametrize("seed", range(60))
async def test_any_order_and_any_commits_end_in_the_same(connection: Any, seed: int) -> None:
    await connection.execute(EXPERIMENTS + ";" + SHARES + ";" + NUMBERS)
    draw = random.Random(seed)
    items = visits(draw)
    _, first = await outcome(
        connection, [[item] for item in sorted(items, key=lambda item: not item[1].impression)]
    )
    for _ in range(4):
        shuffled = draw.sample(items, len(items))
        cuts = sorted(draw.sample(range(len(items) + 1), draw.randint(0, 3)))
        commits = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(items)], strict=True) if a < b]
        _, left = await outcome(connection, commits)
        assert differences(first, left) == [], commits


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


async def test_a_thousand_successes_of_one_participant_are_one_batch(connection: Any) -> None:
    """Also where they name only a selection, and the participant behind it has other successes in the same commit."""
    await connection.execute(EXPERIMENTS + ";" + SHARES)
    selections = [uuid4() for _ in range(1000)]
    shows = [shown(1, participant_id="ada", selection_id=one) for one in selections]
    await performance.record(connection, uuid4(), uuid4(), soon(), shows)
    late = [(1, Outcome(impression=False, success=True, selection_id=one), "v1") for one in selections]
    late += [(1, Outcome(impression=False, success=True, participant_id="ada"), "v1")] * 1000
    answers = await performance.record(connection, uuid4(), uuid4(), soon(), late)
    assert (answers[-1].totals.impressions, answers[-1].totals.successes) == (1000, 1000)
