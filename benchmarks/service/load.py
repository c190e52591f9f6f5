"""The load: wrk, which is in C and needs a fraction of what the servers need."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

_SCRIPT = Path(__file__).with_name("requests.lua")
_TRIES = 3  # where the machine stands still for half a second, requests are refused


class Request(msgspec.Struct, frozen=True):
    """A request; `body` is sent as JSON."""

    method: str
    path: str
    body: Any = None

    def encode(self, key: str) -> bytes:
        """The request as it goes over the wire."""
        body = b"" if self.body is None else msgspec.json.encode(self.body)
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {key}"]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


class Measured(msgspec.Struct, frozen=True):
    """What came of some seconds of load; `cpu_us`: microseconds of processor time that the worker took per request."""

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
    """What to do before load can be made, if anything."""
    if shutil.which("wrk") is None:
        return "wrk, which makes the load, is missing: install it (Debian: apt-get install wrk)."
    return None


def load(
    port: int,
    key: str,
    requests: Sequence[Request],
    connections: int,
    seconds: float,
    worker: int | None = None,
) -> Measured:
    """Send `requests` in turn over `connections` connections, each waiting for its answer before the next.

    Args:
        port, key: where to, and what to present.
        requests, connections: what is sent, and over how many connections.
        seconds: how long.
        worker: the process that answers, of which the processor time is taken.

    Raises:
        RuntimeError: again and again an answer was not 2xx, or there was none.
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
    """The processor time that a process has used."""
    return 0.0 if pid is None else time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) makes it
