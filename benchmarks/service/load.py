"""Makes the load with wrk, which is written in C and needs a fraction of the servers' processor time."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

_SCRIPT = Path(__file__).with_name("requests.lua")
_TRIES = 3  # requests are refused if the machine stops for half a second


class Request(msgspec.Struct, frozen=True):
    """A request. `body` is sent as JSON."""

    method: str
    path: str
    body: Any = None

    def encode(self, key: str) -> bytes:
        """Return the bytes of the request."""
        body = b"" if self.body is None else msgspec.json.encode(self.body)
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}"]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


class Measured(msgspec.Struct, frozen=True):
    """The result of some seconds of load. `cpu_us` is the worker's processor time per request in microseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float = 0.0


class _Report(msgspec.Struct):
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int
    failed: int


def missing() -> str | None:
    """Return what must be installed before load can be made; None if nothing."""
    if shutil.which("wrk") is None:
        return "wrk is not installed, and it makes the load: install it (Debian: apt-get install wrk)."
    return None


def load(
    port: int,
    key: str,
    requests: Sequence[Request],
    connections: int,
    seconds: float,
    worker: int | None = None,
) -> Measured:
    """Send `requests` in turn over `connections` connections. Each connection waits for its response before it sends again.

    Args:
        port, key: The server's port, and the API key to send.
        requests: The requests.
        connections: The number of connections.
        seconds: The duration.
        worker: The process whose processor time is measured.

    Raises:
        RuntimeError: In every attempt, a response was not 2xx or did not arrive.
    """
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.write(b"\0".join(request.encode(key) for request in requests))
        file.flush()
        command = [
            *("wrk", f"-c{connections}", "-t1", f"-d{seconds:.0f}s", "--timeout", "10s"),
            *("-s", str(_SCRIPT), f"http://127.0.0.1:{port}", file.name),
        ]
        for _ in range(_TRIES):
            before = processor_seconds(worker)
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            taken = processor_seconds(worker) - before
            report = msgspec.json.decode(said.strip().rpartition("\n")[2], type=_Report)
            if not report.refused and not report.failed:
                return Measured(
                    report.requests / report.seconds,
                    report.p50_ms,
                    report.p99_ms,
                    taken / report.requests * 1e6,
                )
    raise RuntimeError(
        f"Of {report.requests} requests to {requests[0].path}, {report.refused} were refused, {report.failed} failed"
    )


def processor_seconds(pid: int | None) -> float:
    """Return the processor time that a process has used."""
    # The clock id that clock_getcpuclockid(3) returns.
    return 0.0 if pid is None else time.clock_gettime(~pid << 3 | 2)
