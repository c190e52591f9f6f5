"""`GET /metrics`: the reference's names and labels, right with several processes."""

from pathlib import Path
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from tests.conftest import Running, serving
from tests.integration.contract import create, problem, report, select
from tests.integration.test_experiments import start


def scrape(client: httpx2.Client) -> dict[tuple[str, ...], float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *(f"{label}={value}" for label, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_what_happened_is_counted_under_the_references_names(service: Running) -> None:
    client = service.client
    create(client, {"variant_id": "a", "impressions": 100, "successes": 10}, "b")
    experiment = start(client)
    for persona in ("dev", "dev", "ops"):
        select(client, 1, persona_id=persona)
    report(client, "a", participant_id="ada")
    client.get("/variants/a/stats")
    client.get("/variants/none")
    client.post("/variants/select", json={})
    client.get("/nothing/here")
    found = scrape(client)

    def requests(method: str, endpoint: str, status: int) -> float:
        return found[
            "ab_testing_requests_total", f"endpoint={endpoint}", f"method={method}", f"status_code={status}"
        ]

    assert requests("POST", "/variants/select", 200) == 3
    assert requests("POST", "/variants/select", 422) == 1
    assert requests("POST", "/variants/{variant_id}/performance", 200) == 1
    assert requests("GET", "/variants/{variant_id}/stats", 200) == 1
    assert requests("GET", "/variants/{variant_id}", 404) == 1
    assert requests("GET", "other", 404) == 1
    assert requests("POST", "/variants", 201) == 1
    durations = ("ab_testing_request_duration_seconds_count", "endpoint=/variants/select", "method=POST")
    assert found[durations] == 4
    selections = "ab_testing_variant_selections_total"
    assert found[selections, "algorithm=thompson_sampling", "persona_id=dev"] == 2
    assert found[selections, "algorithm=thompson_sampling", "persona_id=ops"] == 1
    assert found["ab_testing_thompson_sampling_duration_seconds_count",] == 3
    assert found["ab_testing_active_experiments_count",] == 1
    assert found["ab_testing_experiment_participants", f"experiment_id={experiment}"] == 1
    assert found["posts_engagement_rate",] == 10 / 101
    assert found["ab_testing_api_uptime",] > 0
    assert found["armful_commit_updates_count",] == 1
    assert found["armful_commit_updates_sum",] == 1
    assert found["armful_database_up",] == 1
    assert found["armful_variants",] == 2
    buckets = [value for name, value in found.items() if name[0] == "armful_commit_duration_seconds_bucket"]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 1


def test_personas_beyond_the_first_hundred_are_other(service: Running) -> None:
    for n in range(120):
        select(service.client, 1, persona_id=f"p{n}")
    select(service.client, 1, persona_id="with\nnewline")
    found = {
        name[2]: value
        for name, value in scrape(service.client).items()
        if name[0] == "ab_testing_variant_selections_total"
    }
    assert len(found) == 101
    assert found["persona_id=other"] == 21


def test_a_key_is_needed_unless_it_is_configured_open(database: str, service: Running) -> None:
    with httpx2.Client(base_url=service.url) as client:
        problem(client.get("/metrics"), 401)
    with (
        serving(database, metrics_open=True) as open_service,
        httpx2.Client(base_url=open_service.url) as client,
    ):
        assert (
            "ab_testing_requests_total" in client.get("/metrics").text
            or client.get("/metrics").status_code == 200
        )


def test_processes_of_one_service_answer_for_each_other(
    database: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """What another process wrote is added; what it wrote last stays when it has ended."""
    import os

    with serving(database, metrics_dir=tmp_path) as one:
        select(one.client, 1)
        one.app._service.meter.write()  # type: ignore[attr-defined]
        mine = tmp_path / f"{os.getpid()}.json"
        mine.rename(tmp_path / "1.json")
        found = scrape(one.client)
        assert found["ab_testing_thompson_sampling_duration_seconds_count",] == 2
