"""`GET /metrics`: the reference's names and labels, right with several processes."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests import processes
from tests.conftest import Running, serving
from tests.integration.contract import create, problem, report, select
from tests.integration.experiments.steps import start

from armful.observability.metrics import Metrics, ProcessMetrics


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
    assert found["armful_database_size_bytes",] > 1e6
    assert 0 < time.time() - found["armful_database_start_time_seconds",] < 1e5
    assert 1 <= found["armful_database_connections",] < found["armful_database_connections_limit",]
    assert found["armful_workers",] == 1
    assert found["armful_queue_updates",] == 0
    assert found["armful_queue_limit",] == service.settings.queue_limit
    assert 0 <= found["armful_behind_seconds",] < 60
    assert 0 <= found["armful_pool_connections_idle",] <= found["armful_pool_connections",]
    assert found["armful_experiment_sample_ratio_alarm", f"experiment_id={experiment}"] == 0
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
    with serving(database, metrics_dir=tmp_path) as one:
        select(one.client, 1)
        one.app._process.metrics.write()  # type: ignore[attr-defined]
        mine = tmp_path / f"{os.getpid()}.json"
        mine.rename(tmp_path / "1.json")
        found = scrape(one.client)
        assert found["ab_testing_thompson_sampling_duration_seconds_count",] == 2


def test_a_process_that_has_ended_is_counted_and_one_that_fell_silent_falls_behind(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path)
    metrics.selection_observer("thompson_sampling", "dev")(1e-5)
    other = ProcessMetrics(waiting=7, limit=10, behind=0.5, connections=3, idle=1, written=time.time() - 100)
    other.selections["thompson_sampling\ndev"] = 5
    for process in (1, 2**22 + 1):  # one that always is there, and one that cannot be
        (tmp_path / f"{process}.json").write_bytes(msgspec.json.encode(other))
    (tmp_path / "3.json").write_text("{")
    found = metrics.combined()
    assert found.selections == {"thompson_sampling\ndev": 11}
    assert (found.workers, found.waiting, found.limit, found.connections, found.idle) == (2, 7, 10, 3, 1)
    assert 90 < found.behind < 1000
    assert metrics.combined().selections == found.selections


def test_processes_agree_on_the_hundred_personas(tmp_path: Path) -> None:
    meters = [Metrics(tmp_path), Metrics(tmp_path)]
    for n in range(120):
        for metrics in meters[:: 1 if n % 2 else -1]:
            metrics.selection_observer("thompson_sampling", f"p{n}\rü")(1e-5)
    found = meters[0].current.selections
    assert found == meters[1].current.selections
    assert len(found) == 101
    assert found["thompson_sampling\nother"] == 20
    late = Metrics(tmp_path)
    for persona in ("p119\rü", "p3\rü", "\ud800"):
        late.selection_observer("thompson_sampling", persona)(1e-5)
    assert set(late.current.selections) == {"thompson_sampling\nother", "thompson_sampling\np3\rü"}


def test_traffic_that_is_not_split_as_planned_is_an_alarm_in_metrics_and_results(service: Running) -> None:
    create(service.client, "a", "b")
    fair, unfair = start(service.client), start(service.client, target_persona="other")
    for n in range(200):
        report(service.client, "ab"[n % 2], participant_id=f"p{n}", experiment_id=fair)
    updates = [
        {
            "variant_id": "a" if n % 5 else "b",
            "impression": True,
            "success": False,
            "experiment_id": unfair,
            "participant_id": f"p{n}",
        }
        for n in range(300)
    ]
    assert service.client.post("/performance/batch", json={"updates": updates}).json()["accepted"] == 300
    found = scrape(service.client)
    for experiment, alarm in ((fair, 0), (unfair, 1)):
        assert found["armful_experiment_sample_ratio_alarm", f"experiment_id={experiment}"] == alarm
        results = service.client.get(f"/experiments/{experiment}/results").json()
        assert results["sample_ratio"]["alarm"] is bool(alarm)


def test_two_workers_answer_alike_and_one_that_is_killed_stays_counted(tmp_path: Path) -> None:
    name = 'ab_testing_variant_selections_total{algorithm="thompson_sampling",persona_id="anyone"}'
    with processes.serving(tmp_path / "data", "--workers", "2") as service:

        def figure(what: str) -> float:
            text = service.request("GET", "/metrics").text
            return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(what)), 0.0)

        for _ in range(30):  # on a connection each, so that both workers have some
            service.selected()
        # A worker tells the other once a second, and who is asked is left to chance.
        processes.wait_until(lambda: [figure(name) for _ in range(4)] == [30.0] * 4, 60)
        assert figure("armful_workers ") == 2
        os.kill(service.workers[0], signal.SIGKILL)
        processes.wait_until(lambda: len(service.workers) == 2 and figure("armful_workers ") == 2, 60)
        processes.wait_until(lambda: [figure(name) for _ in range(4)] == [30.0] * 4, 60)


def test_the_cost_of_a_success_is_over_variants_with_a_cost(service: Running) -> None:
    client = service.client
    assert ("cost_per_follow_dollars",) not in scrape(client)
    create(
        client,
        {"variant_id": "a", "cost": 0.01, "impressions": 1000, "successes": 100},
        {"variant_id": "b", "cost": 0.05, "pool": "p", "impressions": 1000, "successes": 20},
        {"variant_id": "c", "pool": "p", "impressions": 1000, "successes": 500},
        {"variant_id": "d", "cost": 9, "impressions": 10, "successes": 1},
        {"variant_id": "e", "cost": 9, "impressions": 10, "successes": 1},
    )
    client.delete("/variants/d")
    client.patch("/variants/e", json={"cost": None})
    found = scrape(client)
    assert found["cost_per_follow_dollars",] == pytest.approx((10 + 50) / 120)
    assert found["armful_variant_pool_cost_per_success", "pool=p"] == pytest.approx(2.5)
    assert found["armful_variant_pool_success_rate", "pool=p"] == pytest.approx(0.26)
    assert client.get("/pools/p").json()["cost_per_success"] == pytest.approx(2.5)
