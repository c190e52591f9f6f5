"""The holdout's report: who has been seen and has converted, counted by the SQL function that a commit calls."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from tests.conftest import Running
from tests.integration.contract import create
from tests.integration.holdouts.test_holdout import put, split

COUNT = """
    SELECT u.status
    FROM unnest(armful.count_in_holdout(ARRAY(
        SELECT jsonb_populate_record(NULL::armful.resolved_outcome, value)
        FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS e (value, i) ORDER BY i
    ))) AS u
"""
SUMS = """
    SELECT share, held_out, day, sum(participants)::bigint, sum(converted)::bigint
    FROM armful.holdout_total GROUP BY share, held_out, day HAVING sum(participants) > 0 ORDER BY share, held_out, day
"""
RECOMPUTED = """
    SELECT share, held_out, day, count(*), count(*) FILTER (WHERE converted)
    FROM armful.holdout_participant GROUP BY share, held_out, day ORDER BY share, held_out, day
"""
NOW = datetime.now(UTC)


def outcome(person: str | None, impressions: int = 1, successes: int = 0, **fields: Any) -> dict[str, Any]:
    """An outcome as a commit has worked it out."""
    return {
        "status": 0, "variant": 1, "impressions": impressions, "successes": successes, "participant_id": person,
        "at": NOW.isoformat(), **fields,
    }  # fmt: skip


def count(service: Running, *outcomes: dict[str, Any]) -> list[int]:
    return [row["status"] for row in service.sql(COUNT, json.dumps(outcomes))]


def report(service: Running) -> dict[str, Any]:
    found: dict[str, Any] = service.client.get("/holdout/report").json()
    return found


def groups(service: Running) -> list[tuple[int, int]]:
    found = report(service)
    return [(found[name]["participants"], found[name]["converted"]) for name in ("held_out", "others")]


def test_participants_count_once_and_convert_once(service: Running) -> None:
    inside, outside = split(put(service.client))
    first = [outcome(inside[0], 3, 1), outcome(outside[0]), outcome(outside[0], 1, 1), outcome(outside[1])]
    for _ in range(2):
        count(service, *first)
        assert groups(service) == [(1, 1), (2, 1)]
    count(service, outcome(outside[1], 0, 1), outcome(inside[1]))
    assert groups(service) == [(2, 1), (2, 2)]


def test_outcomes_of_held_out_participants_add_nothing_to_variants(service: Running) -> None:
    inside, outside = split(put(service.client))
    outcomes = [
        outcome(inside[0], 3, 1),
        outcome(outside[0], 2, 1),
        outcome(None, 5, 4),
        outcome(inside[1], 0, 1),
    ]
    assert count(service, *outcomes) == [3, 0, 0, 3]


def test_a_refused_outcome_of_a_held_out_participant_stays_refused(service: Running) -> None:
    inside, _ = split(put(service.client))
    told = [outcome(inside[0]), outcome(inside[0], status=1), outcome(inside[0], status=2)]
    assert count(service, *told) == [3, 1, 2]


def test_what_did_not_count_is_left_out(service: Running) -> None:
    _, outside = split(put(service.client))
    refused = [outcome(outside[0], status=status) for status in range(1, 8)]
    assert count(service, *refused) == list(range(1, 8))
    count(service, outcome(outside[0], 0, 0), outcome(None))
    assert groups(service) == [(0, 0), (0, 0)]


def test_without_a_holdout_nothing_is_written(service: Running) -> None:
    assert count(service, outcome("ada", 2, 1)) == [0]
    assert service.sql("SELECT FROM armful.holdout_participant") == []
    assert report(service) == {
        "share": 0.0, "started_at": None, "held_out": {"participants": 0, "converted": 0, "conversion_rate": 0.0},
        "others": {"participants": 0, "converted": 0, "conversion_rate": 0.0}, "difference": None,
        "difference_interval": [None, None], "lift": None,
        "lift_interval": [-1.0, None], "p_value": 1.0, "confidence_level": 0.95, "days": [],
    }  # fmt: skip


def test_a_later_holdout_begins_with_an_empty_report(service: Running) -> None:
    inside, outside = split(put(service.client))
    count(service, outcome(inside[0]), outcome(outside[0]))
    put(service.client, 0.4)  # a changed share goes on with the same report
    assert groups(service) == [(1, 0), (1, 0)]
    service.client.delete("/holdout")
    assert groups(service) == [(0, 0), (0, 0)]
    put(service.client)
    assert groups(service) == [(0, 0), (0, 0)]


def test_a_participant_stays_in_the_group_of_the_first_time(service: Running) -> None:
    small = put(service.client, 0.1)
    inside, outside = split(small, 100)
    count(service, *map(outcome, (*inside, *outside)))
    put(service.client, 0.5)
    count(service, *(outcome(person, 0, 1) for person in (*inside, *outside)))
    assert groups(service) == [(len(inside), len(inside)), (len(outside), len(outside))]


@pytest.mark.parametrize("seed", range(5))
def test_the_sums_are_those_over_the_participants_after_any_history(service: Running, seed: int) -> None:
    rng = random.Random(seed)
    people = [f"person {number}" for number in range(60)]
    put(service.client, 0.2)
    expected: dict[str, bool] = {}
    for _ in range(40):
        if rng.random() < 0.1:
            put(service.client, rng.choice([0.1, 0.2, 0.3, 0.5]))
        outcomes = []
        for _ in range(rng.randint(1, 8)):
            person = rng.choice([*people, None])
            impressions, successes = rng.choice([(1, 0), (1, 1), (0, 1), (0, 0), (3, 2)])
            status = rng.choice([0, 0, 0, 3])
            at = NOW + timedelta(days=rng.randint(-2, 3))
            outcomes.append(outcome(person, impressions, successes, status=status, at=at.isoformat()))
            if person is not None and status == 0 and impressions + successes > 0:
                expected[person] = expected.get(person, False) or successes > 0
        count(service, *outcomes)
    assert [tuple(row) for row in service.sql(SUMS)] == [tuple(row) for row in service.sql(RECOMPUTED)]
    found = dict(map(tuple, service.sql("SELECT participant_id, converted FROM armful.holdout_participant")))
    assert found == expected
    assert sum(people for people, _ in groups(service)) == len(expected)


def test_writers_at_once_count_everybody_once(service: Running) -> None:
    """Eight connections report the same 200 people in batches of their own order."""
    put(service.client, 0.3)
    people = [f"person {number}" for number in range(200)]

    async def write(number: int) -> None:
        connection: Any = await asyncpg.connect(service.settings.database_url)
        order = random.Random(number).sample(people, len(people))
        for start in range(0, len(order), 20):
            batch = [outcome(person, 1, int(number == 7)) for person in order[start : start + 20]]
            await connection.fetch(COUNT, json.dumps(batch))
        await connection.close()

    async def write_all() -> None:
        await asyncio.gather(*map(write, range(8)))

    asyncio.run(write_all())
    found = groups(service)
    assert (sum(seen for seen, _ in found), sum(converted for _, converted in found)) == (200, 200)
    assert [tuple(row) for row in service.sql(SUMS)] == [tuple(row) for row in service.sql(RECOMPUTED)]


def test_the_report_by_day(service: Running) -> None:
    create(service.client, "a")
    inside, outside = split(put(service.client), 200)
    later = (NOW + timedelta(days=1)).isoformat()
    count(service, *map(outcome, inside), *(outcome(person, 1, 1) for person in outside[:80]))
    count(service, *(outcome(person, at=later) for person in outside[80:]))
    found = report(service)
    assert found["share"] == 0.5
    assert found["difference"] == pytest.approx(80 / len(outside))
    lower, upper = found["difference_interval"]
    assert lower < found["difference"] < upper
    assert [day["day"] for day in found["days"]] == [NOW.date().isoformat(), later[:10]]
    assert [day["others"]["participants"] for day in found["days"]] == [80, len(outside) - 80]
    assert found["p_value"] < 0.05
