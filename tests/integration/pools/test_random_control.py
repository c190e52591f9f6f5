"""What the random control counts, and what is reported about it."""

import random
import uuid
from typing import Any

import pytest
from tests.conftest import Running
from tests.integration.contract import create, report, select

from armful.domain.unit_hash import unit_hash


def start(service: Running, share: float, **settings: Any) -> str:
    """Make a pool of a good and a bad variant, and return its salt. The share holds from two seconds ago on."""
    create(
        service.client,
        {"variant_id": "good", "pool": "p", "impressions": 1000, "successes": 500},
        {"variant_id": "bad", "pool": "p", "impressions": 1000, "successes": 10},
    )
    answer = service.client.patch("/pools/p", json={"random_control": share, **settings})
    assert answer.status_code == 200, answer.text
    service.sql("UPDATE armful.pool_control_share SET since = since - interval '10 seconds'")
    ((salt,),) = service.sql("SELECT salt FROM armful.pool")
    return str(salt)


def earned(service: Running) -> dict[str, Any]:
    answer = service.client.get("/pools/p/report")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_share_of_selections_is_at_random_and_says_so(service: Running) -> None:
    salt = start(service, 0.5)
    answers = [select(service.client, 1, pool="p") for _ in range(200)]
    for answer in answers:
        is_control = unit_hash(salt, answer["selection_id"]) < 0.5
        assert answer.get("reason") == ("random_control" if is_control else None)
    controls = [one for one in answers if "reason" in one]
    bad = [one for one in controls if one["selected_variants"][0]["variant_id"] == "bad"]
    assert 60 < len(controls) < 140
    assert 0.3 < len(bad) / len(controls) < 0.7
    # A seed asks for the same selection each time, so the control never answers.
    assert all("reason" not in select(service.client, 1, pool="p", seed=7) for _ in range(20))


@pytest.mark.parametrize("by_batch", [False, True])
def test_the_sums_are_those_of_the_selections_whatever_is_reported(service: Running, by_batch: bool) -> None:
    salt = start(service, 0.5)
    chance = random.Random(5)
    updates: list[dict[str, Any]] = []
    expected: dict[bool, list[tuple[int, int]]] = {False: [], True: []}
    for _ in range(60):
        answer = select(service.client, chance.choice([1, 2]), pool="p")
        shown = success = 0
        for one in answer["selected_variants"]:
            fields = {"variant_id": one["variant_id"], "selection_id": answer["selection_id"]}
            turned = chance.random() < 0.4
            reports = [{**fields, "impression": True, "success": False}]
            if turned:
                reports.append({**fields, "impression": False, "success": True})
                if chance.random() < 0.3:
                    reports.append(reports[1])
            chance.shuffle(reports)
            updates += reports
            shown += 1
            success += turned
        expected[unit_hash(salt, answer["selection_id"]) < 0.5].append((shown, success))
    chance.shuffle(updates)
    if by_batch:
        for start_at in range(0, len(updates), 20):
            body = {"updates": updates[start_at : start_at + 20]}
            assert not service.client.post("/performance/batch", json=body).json()["rejected"]
    else:
        for update in updates:
            fields = dict(update)
            report(service.client, fields.pop("variant_id"), **fields)
    found = earned(service)
    for side, control in (("learned", False), ("control", True)):
        units = expected[control]
        assert found[side]["selections"] == len(units)
        assert found[side]["impressions"] == sum(m for m, _ in units)
        assert found[side]["successes"] == sum(y for _, y in units)
        sums = service.sql(
            "SELECT sum(impressions_squared), sum(products), sum(successes_squared) "
            "FROM armful.pool_control_total WHERE control = $1",
            control,
        )[0]
        assert list(sums) == [
            sum(m * m for m, _ in units),
            sum(m * y for m, y in units),
            sum(y * y for _, y in units),
        ]


def test_learning_is_reported_with_an_interval(service: Running) -> None:
    start(service, 0.5)
    for _ in range(400):
        answer = select(service.client, 1, pool="p")
        name = answer["selected_variants"][0]["variant_id"]
        report(
            service.client,
            name,
            selection_id=answer["selection_id"],
            success=name == "good" and random.random() < 0.9,
        )
    found = earned(service)
    assert found["learned"]["success_rate"] > 0.8 > 0.6 > found["control"]["success_rate"]
    assert found["difference"] == pytest.approx(
        found["learned"]["success_rate"] - found["control"]["success_rate"]
    )
    assert found["earned"] == pytest.approx(found["difference"] * found["learned"]["impressions"])
    low, high = found["earned_interval"]
    assert 0 < low < found["earned"] < high
    assert found["p_value"] < 0.01
    (day,) = found["days"]
    assert (day["earned"], day["learned"]) == (found["earned"], found["learned"])


def test_what_no_selection_of_the_pool_can_be_does_not_count(service: Running) -> None:
    start(service, 0.5)
    create(service.client, "elsewhere")
    answer = select(service.client, 1)
    report(service.client, "elsewhere", selection_id=answer["selection_id"])
    report(service.client, "good")
    report(service.client, "good", selection_id=str(uuid.uuid4()))
    future = "ffffffff-ffff-7000-8000-000000000000"
    report(service.client, "good", selection_id=future)
    found = earned(service)
    assert found["learned"]["selections"] + found["control"]["selections"] == 0
    assert (found["difference"], found["earned"], found["p_value"]) == (None, None, 1.0)


def test_held_out_participants_do_not_count(service: Running) -> None:
    start(service, 0.5)
    service.client.put("/holdout", json={"share": 0.5})
    counted = 0
    for number in range(30):
        answer = select(service.client, 1, pool="p", participant_id=f"person {number}")
        name = answer["selected_variants"][0]["variant_id"]
        report(service.client, name, selection_id=answer["selection_id"], participant_id=f"person {number}")
        counted += answer.get("reason") != "holdout"
    found = earned(service)
    assert 0 < counted < 30
    assert found["learned"]["selections"] + found["control"]["selections"] == counted


def test_a_changed_share_is_a_time_of_its_own(service: Running) -> None:
    salt = start(service, 0.5)
    first = select(service.client, 1, pool="p")
    service.client.patch("/pools/p", json={"random_control": 0.1})
    at_once = select(service.client, 1, pool="p")
    service.sql("UPDATE armful.pool_control_share SET since = since - interval '5 seconds' WHERE share = 0.1")
    service.sql(
        "UPDATE armful.pool_control_share SET since = since - interval '20 seconds' WHERE share = 0.5"
    )
    second = select(service.client, 1, pool="p")
    for answer in (first, at_once, second):
        report(
            service.client, answer["selected_variants"][0]["variant_id"], selection_id=answer["selection_id"]
        )
    rows = service.sql("SELECT share, control, selections FROM armful.pool_control_total")
    assert {row["share"] for row in rows} == {0.1}
    assert sum(row["selections"] for row in rows) == 3
    assert (unit_hash(salt, second["selection_id"]) < 0.1) == (second.get("reason") == "random_control")
