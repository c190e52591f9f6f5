"""Clients that leave at any time leave no trace in the log but requests."""

import json
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from tests.conftest import new_database
from tests.faults.wire import head
from tests.processes import HOW, Serving, paused, serving

from armful.ops.postgres import EmbeddedPostgres

GETS = (
    "/variants", "/variants/a", "/variants/a/stats", "/live", "/openapi.json", "/docs", "/dashboard", "/metrics", "/keys",
    "/health/live", "/health/ab-testing", "/experiments", "/audit", "/standings", "/docs/assets/swagger-ui-bundle.js", "/",
)  # fmt: skip
POSTS = (
    "/variants",
    "/performance/batch",
    "/variants/select",
    "/variants/a/performance",
    "/experiments/start",
    "/keys",
)
BODY = json.dumps({"updates": [{"variant_id": "a", "impression": True, "success": False}] * 100}).encode()


_ANY_CERTIFICATE = ssl._create_unverified_context()


def ask(service: Serving, method: str, path: str, json: Any = None) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {service.key}"}
    return httpx2.request(
        method, service.url + path, json=json, headers=headers, timeout=20, verify=_ANY_CERTIFICATE
    )


class Logged(NamedTuple):
    service: Serving
    log: Path

    def errors(self) -> list[str]:
        """What the log holds beside information."""
        return [line for line in self.log.read_text().splitlines() if "[info " not in line]


@pytest.fixture(scope="module", params=["plain", "tls"])
def logged(
    request: pytest.FixtureRequest, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Logged]:
    folder = tmp_path_factory.mktemp("leaving")
    settings = {"ARMFUL_DATABASE_URL": new_database(postgres)}
    if request.param == "tls":
        cert, key = folder / "cert.pem", folder / "key.pem"
        command = (
            f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout {key} -out {cert}"
        )
        subprocess.run(command.split(), check=True, capture_output=True)
        settings |= {"ARMFUL_TLS_CERT": str(cert), "ARMFUL_TLS_KEY": str(key)}
    with (
        (folder / "log").open("w") as log,
        serving(folder / "data", errors=log, **settings) as service,
    ):
        assert ask(service, "POST", "/variants", {"variant_id": "a"}).status_code == 201
        yield Logged(service, folder / "log")


def requests(service: Serving) -> Iterator[bytes]:
    """Whole ones, parts of some, and nonsense."""
    for path in GETS:
        for method in ("GET", "HEAD", "OPTIONS"):
            yield head(service, path, method=method)
        yield head(service, path, method="GET") * 20
    for path in POSTS:
        length = f"Content-Length: {len(BODY)}"
        yield head(service, path, length) + BODY
        yield head(service, path, length) + BODY[:-10]
        yield head(service, path, length, "Expect: 100-continue")
        yield head(service, path, length, "Content-Encoding: gzip") + BODY
        for offer in ([], ["Connection: upgrade", "Upgrade: h2c"]):
            for chunks in (b"5\r\nabc", b"zz\r\nabc", b"0\r\nA: b", b"5\r\n{}{}}\r\n0\r\n\r\n"):
                yield head(service, path, "Transfer-Encoding: chunked", *offer) + chunks
    yield b""
    yield b"GET / HTTP/1.1\r\nHost: "
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


def connect(service: Serving, sent: bytes) -> socket.socket:
    """Connect to send this: with TLS if the service has it, unless it is nonsense in the place of TLS."""
    host, port = service.url.partition("//")[2].split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    if service.url.startswith("https") and not sent.startswith(b"\x16"):
        return _ANY_CERTIFICATE.wrap_socket(connection)
    return connection


def leave(connection: socket.socket, sent: bytes, how: str) -> None:
    with connection, suppress(OSError):
        connection.sendall(sent)
        if how == "after a moment":
            time.sleep(0.005)
        if how == "half":
            connection.shutdown(socket.SHUT_WR)
        if how != "orderly":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("how", ["orderly", "at once", "after a moment", "half"])
@pytest.mark.parametrize("busy", [False, True], ids=["", "before they are read"])
def test_who_leaves_is_no_error(logged: Logged, how: str, busy: bool) -> None:
    service = logged.service
    some = list(requests(service))
    if busy:
        # A paused process makes no TLS connection, so they are all made before.
        connections = [connect(service, sent) for sent in some]
        with paused(service.workers[0]):
            for connection, sent in zip(connections, some, strict=True):
                leave(connection, sent, how)
    else:
        for sent in some:
            leave(connect(service, sent), sent, how)
    assert ask(service, "POST", "/variants/select", {"top_k": 1, **HOW}).status_code == 200
    assert logged.errors() == []
    assert 'status_code="500"' not in ask(service, "GET", "/metrics").text
