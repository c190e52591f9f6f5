"""Traces: a span per request and per commit where they are wanted, and nothing of OpenTelemetry where they are not."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from tests.conftest import ADMIN_KEY, Running, new_database
from tests.integration.contract import create
from tests.processes import HOW, serving, wait_until

from armful.app import create_app
from armful.observability.tracing import Tracing
from armful.ops.postgres import EmbeddedPostgres
from armful.settings import Settings

UPDATE = {"impression": True, "success": False}


class Spans(InMemorySpanExporter):
    """What was exported, by name."""

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.get_finished_spans() if span.name == name]


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture
def traced(database: str, spans: Spans) -> Iterator[Running]:
    """A service whose spans are kept in memory."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    settings = Settings(database_url=database, api_key=ADMIN_KEY)
    running = Running(settings, create_app(settings, Tracing(provider)))
    running.start()
    try:
        create(running.client, "a")
        spans.clear()
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("method", "path", "body", "route", "status"),
    [
        ("POST", "/variants/select", {"top_k": 1, **HOW}, "/variants/select", 200),
        ("GET", "/variants/a/stats", None, "/variants/{variant_id}/stats", 200),
        ("GET", "/variants/a", None, "/variants/{variant_id}", 200),
        ("GET", "/variants/none/stats", None, "/variants/{variant_id}/stats", 404),
        ("POST", "/variants/select", {}, "/variants/select", 422),
        ("GET", "/no/such/path", None, "other", 404),
    ],
)
def test_a_span_tells_of_its_request(
    traced: Running, spans: Spans, method: str, path: str, body: Any, route: str, status: int
) -> None:
    answer = traced.client.request(method, path, json=body, headers={"X-Request-ID": "abc"})
    assert answer.status_code == status
    wait_until(lambda: spans.named(f"{method} {route}"))
    (span,) = spans.get_finished_spans()
    assert span.kind == SpanKind.SERVER
    assert dict(span.attributes or {}) == {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "url.scheme": "http",
        "armful.request_id": "abc",
        "armful.key_id": "settings",
    }
    assert span.status.status_code == StatusCode.UNSET


def test_without_a_key_there_is_a_span_too(traced: Running, spans: Spans) -> None:
    traced.client.get("/variants", headers={"Authorization": ""})
    wait_until(lambda: spans.get_finished_spans())
    (span,) = spans.get_finished_spans()
    assert (span.attributes or {})["http.response.status_code"] == 401
    assert "armful.key_id" not in (span.attributes or {})


def test_a_trace_goes_on_that_began_elsewhere(traced: Running, spans: Spans) -> None:
    trace_id, span_id = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    traced.client.get("/variants", headers={"traceparent": f"00-{trace_id}-{span_id}-01"})
    traced.client.get("/variants", headers={b"traceparent": b"nonsense\xff"})
    wait_until(lambda: len(spans.get_finished_spans()) == 2)
    ours, fresh = spans.get_finished_spans()
    assert ours.context is not None
    assert ours.parent is not None
    assert (f"{ours.context.trace_id:032x}", f"{ours.parent.span_id:016x}") == (trace_id, span_id)
    assert fresh.parent is None


def test_a_commit_is_linked_to_the_requests_it_answers(traced: Running, spans: Spans) -> None:
    count = 40
    with ThreadPoolExecutor(count) as threads:
        list(threads.map(lambda _: traced.client.post("/variants/a/performance", json=UPDATE), range(count)))
    wait_until(lambda: len(spans.named("POST /variants/{variant_id}/performance")) == count)
    requests = {
        span.context.span_id: span
        for span in spans.get_finished_spans()
        if span.name != "commit" and span.context
    }
    commits = spans.named("commit")
    linked = [link.context.span_id for commit in commits for link in commit.links]
    assert sorted(linked) == sorted(requests)
    assert sum(int(str((commit.attributes or {})["armful.updates"])) for commit in commits) == count
    for commit in commits:
        assert commit.parent is not None
        first = requests[commit.parent.span_id]
        assert first.start_time is not None
        assert commit.start_time is not None
        assert commit.end_time is not None
        assert first.start_time <= commit.end_time
        assert commit.start_time <= commit.end_time


def test_nothing_of_opentelemetry_is_imported_unless_asked_for(database: str) -> None:
    program = (
        "import sys; from armful.app import create_app; from armful.settings import Settings;"
        f"create_app(Settings(database_url={database!r}));"
        # Litestar itself looks for names of attributes.
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.trace')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class _Collector(BaseHTTPRequestHandler):
    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """The address of something that takes OTLP over HTTP, and what it took."""
    received: list[tuple[str, bytes]] = []
    handler = type("Handler", (_Collector,), {"received": received})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


def test_the_environment_says_where_traces_go(
    tmp_path: Path, postgres: EmbeddedPostgres, collector: tuple[str, list[tuple[str, bytes]]]
) -> None:
    address, received = collector
    settings = {
        "ARMFUL_DATABASE_URL": new_database(postgres),
        "ARMFUL_TRACES": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with serving(tmp_path / "data", **settings) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        service.show()
        wait_until(lambda: b"commit" in b"".join(body for _, body in received))
    assert {path for path, _ in received} == {"/v1/traces"}
    together = b"".join(body for _, body in received)
    assert b"POST /variants/{variant_id}/performance" in together
    assert b"armful" in together
    assert service.key.encode() not in together


def test_a_collector_out_of_reach_stops_nothing(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    settings = {
        "ARMFUL_DATABASE_URL": new_database(postgres),
        "ARMFUL_TRACES": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with (tmp_path / "log").open("w") as log, serving(tmp_path / "data", errors=log, **settings) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        for _ in range(20):
            service.show()
        service.process.terminate()
        assert service.wait() == 0
