"""What `armful serve` answers in one piece is what it answers in ASGI's messages, however a request comes."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.conftest import ADMIN_KEY, Running, new_database
from tests.integration.contract import create, problem, report
from tests.processes import HOW, Serving, serving

from armful.ops.postgres import EmbeddedPostgres
from armful.settings import Settings

BODY = json.dumps({"top_k": 1, **HOW}).encode()


@pytest.fixture(scope="module")
def service(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    data_dir = tmp_path_factory.mktemp("exchange") / "data"
    with serving(data_dir, ARMFUL_DATABASE_URL=new_database(postgres)) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        yield service


def request(service: Serving, *headers: str, version: str = "1.1", body: bytes = BODY) -> bytes:
    """A selection as it goes over the wire."""
    length = (
        () if any(header.startswith("Transfer-") for header in headers) else (f"Content-Length: {len(body)}",)
    )
    lines = [f"POST /variants/select HTTP/{version}", "Host: armful", f"Authorization: Bearer {service.key}"]
    return "\r\n".join([*lines, "Content-Type: application/json", *length, *headers, "", ""]).encode() + body


@contextmanager
def connected(service: Serving) -> Iterator[tuple[socket.socket, Any]]:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        yield connection, connection.makefile("rb")


def answer(file: Any) -> tuple[str, dict[str, str], Any]:
    """The next answer's first line, headers and JSON."""
    first = file.readline().decode().strip()
    headers = {}
    while line := file.readline().decode().strip():
        name, _, value = line.partition(": ")
        headers[name] = value
    return first, headers, json.loads(file.read(int(headers["content-length"])))


def selected(found: tuple[str, dict[str, str], Any]) -> dict[str, str]:
    """The headers of a selection's answer."""
    first, headers, body = found
    assert first == "HTTP/1.1 200 OK"
    assert [variant["variant_id"] for variant in body["selected_variants"]] == ["a"]
    return headers


def test_the_headers_are_the_same_by_either_way(service: Serving) -> None:
    with connected(service) as (connection, file):
        connection.sendall(request(service))
        whole = selected(answer(file))
        connection.sendall(request(service, "Connection: close"))
        in_messages = selected(answer(file))
        assert file.read() == b""
    assert in_messages.pop("connection") == "close"
    assert list(whole) == list(in_messages)
    assert whole["content-type"] == "application/json"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", whole["date"])


def test_requests_that_come_together_are_answered_in_turn(service: Serving) -> None:
    with connected(service) as (connection, file):
        personas = [f"persona {number}" for number in range(20)]
        bodies = [json.dumps({"top_k": 1, **HOW, "persona_id": persona}).encode() for persona in personas]
        connection.sendall(b"".join(request(service, body=body) for body in bodies))
        assert [answer(file)[2]["selection_metadata"]["persona_id"] for _ in personas] == personas


def test_a_body_in_parts_in_chunks_or_on_demand_is_waited_for(service: Serving) -> None:
    half = len(BODY) // 2
    with connected(service) as (connection, file):
        whole = request(service)
        connection.sendall(whole[:-half])
        assert service.selected() == ["a"]
        connection.sendall(whole[-half:])
        selected(answer(file))
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:half], BODY[half:], b""))
        connection.sendall(request(service, "Transfer-Encoding: chunked", body=chunks))
        selected(answer(file))
        connection.sendall(request(service, "Expect: 100-continue")[: -len(BODY)])
        assert file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert file.readline() == b"\r\n"
        connection.sendall(BODY)
        selected(answer(file))


def test_an_older_client_gets_its_answer_and_the_end_of_the_connection(service: Serving) -> None:
    with connected(service) as (connection, file):
        connection.sendall(request(service, version="1.0"))
        assert selected(answer(file))["connection"] == "close"
        assert file.read() == b""


def test_any_other_server_gets_the_same_answers_in_messages(database: str) -> None:
    running = Running(Settings(database_url=database, api_key=ADMIN_KEY), http="auto")
    running.start()
    try:
        client = running.client
        create(client, "a")
        assert (
            client.post("/variants/select", content=BODY).json()["selected_variants"][0]["variant_id"] == "a"
        )
        told = report(client, "a", success=True)
        assert told["updated_performance"] == {"impressions": 1, "successes": 1, "success_rate": 1.0}
        assert client.get("/variants/a/stats").json()["performance"]["impressions"] == 1
        problem(client.post("/variants/nobody/performance", json={"impression": True, "success": False}), 404)
        problem(client.post("/variants/select", content=b"{"), 422)
    finally:
        running.stop()
