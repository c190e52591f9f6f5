"""Every answer bears its request's id, and so do the lines that are logged and the changes that are made meanwhile."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.conftest import new_database, run
from tests.integration.contract import problem
from tests.processes import HOW, Serving, serving, wait_until

from armful.ops.postgres import EmbeddedPostgres

SELECT = {"top_k": 1, **HOW}
ID = "Order-7f3a_9.b:c@d/e+f="


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("request-ids") / "log"


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres) -> str:
    return new_database(postgres)


@pytest.fixture(scope="module")
def service(dsn: str, log: Path) -> Iterator[Serving]:
    settings = {
        "ARMFUL_DATABASE_URL": dsn,
        "ARMFUL_LOG_FORMAT": "json",
        "ARMFUL_LOG_REQUESTS": "true",
    }
    with log.open("w") as file, serving(log.parent / "data", errors=file, **settings) as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        yield service


@pytest.fixture
def client(service: Serving) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {service.key}"}
    with httpx2.Client(base_url=service.url, headers=headers, timeout=20) as client:
        yield client


def lines(log: Path) -> list[dict[str, Any]]:
    """All that was logged; a line that is no JSON fails."""
    return [json.loads(line) for line in log.read_text().splitlines()]


ASKED = [
    ("POST", "/variants/select", SELECT, 200),
    ("GET", "/variants/a/stats", None, 200),
    ("GET", "/variants", None, 200),
    ("GET", "/health/live", None, 200),
    ("GET", "/docs", None, 200),
    ("POST", "/variants/select", {}, 422),
    ("GET", "/variants/none/stats", None, 404),
    ("GET", "/no/such/path", None, 404),
    ("POST", "/variants", {"variant_id": "a"}, 409),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), ASKED)
def test_a_good_id_is_taken_and_another_is_made(
    client: httpx2.Client, log: Path, method: str, path: str, body: Any, status: int
) -> None:
    asked = f"{method}-{status}{re.sub('[^a-z]', '.', path)}"
    answer = client.request(method, path, json=body, headers={"X-Request-ID": asked})
    assert (answer.status_code, answer.headers["x-request-id"]) == (status, asked)
    made = [client.request(method, path, json=body).headers["x-request-id"] for _ in range(3)]
    assert len({asked, *made}) == 4
    assert all(re.fullmatch(r"[0-9a-f]{16}-[0-9a-f]+", one) for one in made)
    wait_until(lambda: {asked, *made} <= {line.get("request_id") for line in lines(log)})
    (line,) = [line for line in lines(log) if line.get("request_id") == asked]
    assert (line["event"], line["method"], line["status"]) == ("request", method, status)
    assert line["client"] == "127.0.0.1"
    assert set(line) <= {
        "event", "level", "timestamp", "request_id", "method", "endpoint", "status", "milliseconds", "key_id", "client",
    }  # fmt: skip


def test_without_a_key_there_is_one_too(client: httpx2.Client) -> None:
    answer = client.get("/variants", headers={"Authorization": "", "X-Request-ID": ID})
    problem(answer, 401)
    assert answer.headers["x-request-id"] == ID


BAD_IDS = [
    "",
    " ",
    "a b",
    "a\tb",
    'a"b',
    "a\\b",
    "a\x7fb",
    "ü",
    "x" * 129,
    "a;b",
    "\x1b[31mred",
    "%0d%0aevil: 1",
]


@pytest.mark.parametrize("sent", BAD_IDS)
@pytest.mark.parametrize("path", ["/variants/a/stats", "/variants"])
def test_a_bad_id_is_replaced(service: Serving, sent: str, path: str) -> None:
    top = exchanged(service, path, sent.encode())
    if top.startswith(b"HTTP/1.1 400 "):
        return  # a control character that no header may have
    assert top.startswith(b"HTTP/1.1 200 ")
    assert re.search(rb"\r\nx-request-id: [0-9a-f]{16}-[0-9a-f]+\r\n", top + b"\r\n")


@pytest.mark.parametrize(
    "sent",
    [b"a\r\nSet-Cookie: x=y", b"a\nSet-Cookie: x=y", b"a\rSet-Cookie: x=y", b"a\0b", b"a\r\n\r\n<html>"],
)
def test_no_header_can_be_injected(service: Serving, sent: bytes) -> None:
    top = exchanged(service, "/variants/a/stats", sent)
    assert b"set-cookie" not in top.lower()
    assert b"<html>" not in top


def exchanged(service: Serving, path: str, request_id: bytes) -> bytes:
    """The status line and headers of an answer to a request with this id, sent as it is."""
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            b"GET %b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\nX-Request-ID: %b\r\n\r\n"
            % (path.encode(), service.key.encode(), request_id)
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = connection.recv(65_536)
            assert part
            answer += part
    return answer.partition(b"\r\n\r\n")[0]


def test_a_change_bears_the_id_in_the_audit_log(client: httpx2.Client) -> None:
    client.patch("/variants/a", json={"content": "new"}, headers={"X-Request-ID": ID})
    (entry,) = client.get("/audit", params={"subject": "a", "limit": 1}).json()["entries"]
    assert entry["request_id"] == ID


def test_no_body_and_no_key_is_logged_whatever_goes_wrong(
    service: Serving, dsn: str, client: httpx2.Client, log: Path
) -> None:
    secret = "s3cr3t-of-a-body"
    made = client.post("/keys", json={"name": "k", "scopes": ["read", "write"]}).json()["key"]
    headers = {"Authorization": f"Bearer {made}", "X-Request-ID": "went-wrong"}
    wait_until(lambda: client.get("/variants", headers=headers).status_code == 200)
    client.post("/variants", json={"variant_id": secret}, headers={"Authorization": f"Bearer {made}x"})
    client.post("/variants", json={"variant_id": secret, "dimensions": 3}, headers=headers)
    client.post(
        "/variants",
        content=f'{{"variant_id": "{secret}"',
        headers={**headers, "Content-Type": "application/json"},
    )
    # Something that nobody foresaw, at the moment when the database has the body in its hands.
    forbid = (
        f"ALTER TABLE armful.variant_performance ADD CONSTRAINT unforeseen CHECK (variant_id <> '{secret}')"
    )
    run(lambda connection: connection.execute(forbid), dsn)
    answer = client.post("/variants", json={"variant_id": secret}, headers=headers)
    assert secret not in problem(answer, 500)["detail"]
    wait_until(lambda: "constraint_name=unforeseen" in log.read_text())
    (line,) = [line for line in lines(log) if line["event"] == "unexpected error"]
    assert line["request_id"] == "went-wrong"
    assert "features/variants/store.py" in line["exception"]
    said = log.read_text()
    for hidden in (secret, made, made[-20:], service.key):
        assert hidden not in said
