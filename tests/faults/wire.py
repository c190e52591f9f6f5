"""HTTP as bytes on a connection."""

import re
import socket
from contextlib import suppress

from tests.processes import Serving


def connect(service: Serving) -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def head(service: Serving, path: str, *headers: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: armful", f"Authorization: Bearer {service.key}"]
    return "\r\n".join([*lines, "Content-Type: application/json", *headers, "", ""]).encode()


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    parts = []
    with suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def asked(connection: socket.socket, request: bytes) -> int:
    """Send a request, read its whole answer, and give the status."""
    connection.sendall(request)
    answer = b""
    while True:
        part = connection.recv(65_536)
        assert part
        answer += part
        top, end, body = answer.partition(b"\r\n\r\n")
        size = re.search(rb"content-length: (\d+)", top)
        if end and size and len(body) == int(size[1]):
            return int(top.split()[1])


def answers(connection: socket.socket, count: int) -> list[tuple[int, bytes]]:
    """Status and body of the next answers, all of which tell their lengths."""
    found: list[tuple[int, bytes]] = []
    received = b""
    while len(found) < count:
        top, end, rest = received.partition(b"\r\n\r\n")
        size = re.search(rb"content-length: (\d+)", top)
        if end and size and len(rest) >= int(size[1]):
            found.append((int(top.split()[1]), rest[: int(size[1])]))
            received = rest[int(size[1]) :]
        else:
            part = connection.recv(65_536)
            assert part, f"{len(found)} answers of {count}, then {received!r}"
            received += part
    return found
