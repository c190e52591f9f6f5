"""`armful.client` against a real service, in person and through a network that loses things."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

import pytest
from tests.conftest import ADMIN_KEY, Running

from armful.client import (
    ABTestingClient,
    ApiError,
    Client,
    ConflictError,
    NotFoundError,
    UnavailableError,
    UnreachableError,
)
from armful.contract.experiments import NewGuardrail, NewMetric
from armful.contract.variants import PerformanceView
from armful.domain.experiment import Metric

EXPERIMENT: Any = {
    "experiment_name": "hooks",
    "traffic_allocation": [0.5, 0.5],
    "target_persona": "developers",
    "success_metrics": ["click"],
    "duration_days": 14,
}

Mishap = Literal["lose the answer", "be busy"]


@contextmanager
def network(service: Running, *mishaps: Mishap) -> Iterator[str]:
    """A way to the service, one request a connection, where these things happen to the first requests."""
    to_come = list(mishaps)
    listener = socket.create_server(("127.0.0.1", 0))

    def carry() -> None:
        with suppress(OSError):  # until the listener is closed
            while True:
                near, _ = listener.accept()
                with near, socket.create_connection(("127.0.0.1", service.port)) as far:
                    mishap = to_come.pop(0) if to_come else None
                    if mishap == "be busy":
                        read_message(near)
                        near.sendall(
                            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy"
                        )
                        continue
                    far.sendall(read_message(near))
                    answer = read_message(far)
                    if mishap is None:
                        near.sendall(answer.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))

    thread = threading.Thread(target=carry)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def read_message(connection: socket.socket) -> bytes:
    """One HTTP message: its head, and as much body as the head says."""
    message = b""
    while b"\r\n\r\n" not in message:
        message += connection.recv(65536)
    head, _, body = message.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def armful(shared: Running) -> Iterator[Client]:
    with Client(shared.url, ADMIN_KEY) as client:
        yield client


def test_variants_from_creation_to_archive(armful: Client) -> None:
    created = armful.create_variants(
        [{"variant_id": "v1", "dimensions": {"limit": "short"}, "impressions": 10, "successes": 4}]
    )
    assert created[0].performance == PerformanceView(10, 4, 0.4)
    assert armful.list_variants(dimensions={"limit": "short"}, min_impressions=10).total_count == 1
    assert armful.change_variant("v1", content="new").dimensions == {"limit": "short"}
    assert armful.get_variant("v1").content == "new"
    assert armful.archive_variant("v1").status == "archived"


def test_a_selection_a_report_and_what_is_known_then(armful: Client) -> None:
    armful.create_variants([{"variant_id": "s1", "dimensions": {"test": "selection"}}])
    selection = armful.select("developers", 3, dimensions={"test": "selection"})
    assert [variant.variant_id for variant in selection.selected_variants] == ["s1"]
    recorded = armful.track_performance("s1", True, selection_id=selection.selection_id)
    assert recorded.updated_performance == PerformanceView(1, 1, 1.0)
    assert armful.get_variant_stats("s1", 0.9).confidence_intervals.confidence_level == 0.9


def test_a_batch(armful: Client) -> None:
    armful.create_variants([{"variant_id": "b1"}])
    answer = armful.track_batch(
        [
            {"variant_id": "b1", "success": True},
            {"variant_id": "b1", "success": False, "batch_size": 8},
            {"variant_id": "b2", "success": False},
        ]
    )
    assert (answer.accepted, answer.duplicates, answer.rejected[0].index) == (2, 0, 2)
    assert armful.get_variant("b1").performance.impressions == 9


def test_an_experiment_from_start_to_promotion(armful: Client) -> None:
    armful.create_variants([{"variant_id": "e1"}, {"variant_id": "e2"}])
    experiment = armful.start_experiment(**EXPERIMENT, variant_ids=["e1", "e2"]).experiment_id
    assert armful.list_experiments(limit=1).experiments[0].experiment_id == experiment
    assignment = armful.assign(experiment, "ada")
    assert armful.assign(experiment, "ada").variant_id == assignment.variant_id
    armful.track_performance(assignment.variant_id, True, experiment_id=experiment, participant_id="ada")
    assert armful.set_covariates(experiment, {"ada": 1.5, "bob": 2}).accepted == 2
    assert armful.get_covariates(experiment).covariates == 2
    results = armful.get_results(experiment, include_interim=True)
    assert results.results_summary.total_participants == 1
    assert results.interim_results.progress == "ongoing"
    assert armful.change_experiment(experiment, "pause").status == "paused"
    assert armful.promote(experiment, "e2").promoted_variant_id == "e2"
    assert armful.get_experiment(experiment).status == "promoted"


def test_a_metric_is_declared_as_an_object(armful: Client) -> None:
    armful.create_variants([{"variant_id": "n1"}, {"variant_id": "n2"}])
    fields = {**EXPERIMENT, "success_metrics": [NewMetric("spend", "number", winsorize=0.99), "click"]}
    guardrail = NewGuardrail("wait", type="number", unit="impression", goal="decrease")
    started = armful.start_experiment(**fields, variant_ids=["n1", "n2"], guardrail_metrics=[guardrail])
    assert started.success_metrics == ["spend", "click"]
    assert started.metrics["spend"] == Metric("number", winsorize=0.99)
    assert started.metrics["wait"] == Metric("number", "impression", "decrease")
    results = armful.get_results(started.experiment_id, include_interim=True)
    assert results.definition.winsorize == 0.99
    assert results.values["n1"].value is None
    assert results.bayesian["n1"].expected_loss is None


@pytest.mark.parametrize("variant_id", ["a/b", "..", ".", "ünï çödé?#%2F&x=1", "a+b", "x" * 255])
def test_any_id_finds_its_way(armful: Client, variant_id: str) -> None:
    armful.create_variants([{"variant_id": variant_id}])
    assert armful.track_performance(variant_id, False).variant_id == variant_id
    assert armful.get_variant(variant_id).performance.impressions == 1


def test_errors_say_what_is_wrong(armful: Client, shared: Running) -> None:
    with pytest.raises(NotFoundError, match="Variant 'nobody' not found"):
        armful.get_variant("nobody")
    armful.create_variants([{"variant_id": "taken"}])
    with pytest.raises(ConflictError) as conflict:
        armful.create_variants([{"variant_id": "taken"}])
    assert (conflict.value.status, conflict.value.title) == (409, "Conflict")
    with pytest.raises(ApiError) as unfit:
        armful.select("developers", 51)
    assert (unfit.value.status, unfit.value.errors[0].field) == (422, "top_k")
    with Client(shared.url, "wrong") as stranger, pytest.raises(ApiError, match="unknown or revoked"):
        stranger.list_variants()


def test_a_service_that_is_not_there_is_unreachable(shared: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}", ADMIN_KEY, retries=1) as client, pytest.raises(UnreachableError):
        client.list_variants()


def test_what_is_reported_counts_once_however_often_the_answer_is_lost(
    armful: Client, shared: Running
) -> None:
    armful.create_variants([{"variant_id": "r1"}])
    with (
        network(shared, "lose the answer", "be busy", "lose the answer") as url,
        Client(url, ADMIN_KEY) as far,
    ):
        recorded = far.track_performance("r1", True)
        assert recorded.updated_performance.impressions == 1
        assert recorded.duplicate
    with network(shared, "lose the answer") as url, Client(url, ADMIN_KEY) as far:
        answer = far.track_batch([{"variant_id": "r1", "success": False}])
        assert (answer.accepted, answer.duplicates) == (0, 1)
    assert armful.get_variant("r1").performance.impressions == 2


def test_what_must_not_be_done_twice_is_not(armful: Client, shared: Running) -> None:
    with (
        network(shared, "lose the answer") as url,
        Client(url, ADMIN_KEY) as far,
        pytest.raises(UnreachableError),
    ):
        far.create_variants([{"variant_id": "c1"}])
    assert armful.get_variant("c1").variant_id == "c1"


def test_patience_ends(shared: Running) -> None:
    with (
        network(shared, "be busy", "be busy") as url,
        Client(url, ADMIN_KEY, retries=1) as far,
        pytest.raises(UnavailableError, match="busy"),
    ):
        far.list_variants()


@pytest.mark.anyio
async def test_an_application_written_for_another_service_runs(armful: Client, shared: Running) -> None:
    armful.create_variants(
        [{"variant_id": f"x{number}", "dimensions": {"tone": "casual"}} for number in range(3)]
    )
    client = ABTestingClient(shared.url, ADMIN_KEY)
    variants = await client.select_variants("tech_enthusiast", top_k=3)
    assert len(variants) == 3
    for variant in variants:
        assert isinstance(variant.dimensions, dict)
        await client.track_performance(variant.variant_id, 0.2 > 0.1)
    stats = await client.get_variant_stats(variants[0].variant_id)
    assert stats.performance.impressions >= 1
    await client.aclose()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_the_asynchronous_client_tries_again_too(
    armful: Client, shared: Running, anyio_backend_name: str
) -> None:
    armful.create_variants([{"variant_id": anyio_backend_name}])
    with network(shared, "lose the answer") as url:
        async with ABTestingClient(url, ADMIN_KEY) as far:
            assert (await far.track_performance(anyio_backend_name, True)).duplicate
