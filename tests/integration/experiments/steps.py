"""What the tests of experiments do again and again."""

from typing import Any

from httpx2 import Client
from tests.conftest import Running
from tests.integration.contract import report


def body(**changes: Any) -> dict[str, Any]:
    return {
        "experiment_name": "Hooks",
        "variant_ids": ["a", "b"],
        "traffic_allocation": [0.5, 0.5],
        "target_persona": "tech",
        "success_metrics": ["engagement_rate"],
        "duration_days": 14,
        **changes,
    }


def start(client: Client, **changes: Any) -> str:
    response = client.post("/experiments/start", json=body(**changes))
    assert response.status_code == 201, response.text
    experiment_id: str = response.json()["experiment_id"]
    return experiment_id


def results(client: Client, experiment_id: str, **query: Any) -> dict[str, Any]:
    response = client.get(f"/experiments/{experiment_id}/results", params=query)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def end_as_planned(service: Running, experiment_id: str) -> None:
    """Let the planned time have passed."""
    service.sql(
        "UPDATE armful.experiment SET start_time = start_time - make_interval(days => duration_days),"
        " expected_end_time = expected_end_time - make_interval(days => duration_days) WHERE experiment_id = $1",
        experiment_id,
    )


def counts(client: Client, experiment_id: str) -> dict[str, tuple[int, int]]:
    performance = results(client, experiment_id)["variant_performance"]
    return {name: (figures["impressions"], figures["successes"]) for name, figures in performance.items()}


def assign(client: Client, experiment: str, participant: str, **fields: Any) -> dict[str, Any]:
    response = client.post(
        f"/experiments/{experiment}/assign", json={"participant_id": participant, **fields}
    )
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def fill(client: Client, experiment: str, **figures: tuple[int, int]) -> None:
    """Report impressions and successes per variant."""
    for name, (impressions, successes) in figures.items():
        if successes:
            report(client, name, success=True, batch_size=successes, experiment_id=experiment)
        report(client, name, batch_size=impressions - successes, experiment_id=experiment)


def report_people(client: Client, experiment: str, **figures: tuple[int, int]) -> None:
    """Report an impression each of so many participants per variant, and of how many it was a success."""
    updates = [
        {
            "variant_id": name,
            "impression": True,
            "success": n < converted,
            "participant_id": f"{name} {n}",
            "experiment_id": experiment,
        }
        for name, (people, converted) in figures.items()
        for n in range(people)
    ]
    answer = client.post("/performance/batch", json={"updates": updates}).json()
    assert answer == {"accepted": len(updates), "duplicates": 0, "rejected": []}
