"""`armful serve` as a process, and the processes that belong to it."""

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import httpx2

_NO_TLS = ssl.create_default_context()  # made once: it takes longer than a request

ARMFUL = (sys.executable, "-m", "armful")
HOW = {"algorithm": "thompson_sampling", "persona_id": "anyone"}


class Serving:
    """A running `armful serve`."""

    def __init__(self, process: subprocess.Popen[str], said: str) -> None:
        self.process = process
        self.said = said
        self.url = re.findall(r"URL +(\S+)", said)[0]
        self.key = re.findall(r"API key +(\S+)", said)[0]

    def request(self, method: str, path: str, json: Any = None) -> httpx2.Response:
        """One request on a connection of its own."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.request(method, self.url + path, json=json, headers=headers, timeout=20, verify=_NO_TLS)

    @property
    def workers(self) -> list[int]:
        """The processes that serve, the oldest first."""
        return sorted(self.children("armful.server.process"), key=begun)

    @property
    def postgres(self) -> int:
        """The embedded PostgreSQL's first process."""
        (pid,) = self.children("/bin/postgres")
        return pid

    def impressions(self) -> int:
        """How often variant "a" was shown, as counted."""
        count: int = self.request("GET", "/variants/a").json()["performance"]["impressions"]
        return count

    def selected(self) -> list[str]:
        """Ids of variants selected, one at most."""
        answer = self.request("POST", "/variants/select", {"top_k": 1, **HOW})
        assert answer.status_code == 200
        return [variant["variant_id"] for variant in answer.json()["selected_variants"]]

    def show(self) -> None:
        """Report that variant "a" was shown."""
        answer = self.request("POST", "/variants/a/performance", {"impression": True, "success": False})
        assert answer.status_code == 200

    def children(self, kind: str) -> list[int]:
        """Its child processes with `kind` in their command line."""
        mine = [int(path.name) for path in Path("/proc").glob("[0-9]*") if parent(path) == self.process.pid]
        return [pid for pid in mine if kind in command_line(pid)]

    def wait(self) -> int:
        """Wait for its end and give its exit status."""
        return self.process.wait(timeout=20)


def parent(process: Path) -> int | None:
    with suppress(OSError):
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    return None


def begun(pid: int) -> int:
    """When a process began, on a clock of the system's."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return 0


def resident(pid: int) -> int:
    """Bytes of memory that a process occupies."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def family(pid: int) -> list[int]:
    """A process and all that descend from it, the eldest first."""
    parents = {int(path.name): parent(path) for path in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for elder in found:
        found += [child for child, its in parents.items() if its == elder]
    return found


@contextmanager
def paused(pid: int, *, children: bool = True) -> Iterator[None]:
    """Stop a process where it is, with all that descend from it, and have them go on at the end."""
    os.kill(pid, signal.SIGSTOP)  # first, so that it has no further children
    pids = family(pid) if children else [pid]
    for descendant in pids[1:]:
        with suppress(ProcessLookupError):
            os.kill(descendant, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in reversed(pids):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


def command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def left_behind(data_dir: Path) -> list[int]:
    """Processes that belong to an armful on `data_dir`, whoever their parent is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = (process / "environ").read_bytes().split(b"\0")
            if f"ARMFUL_DATA_DIR={data_dir}".encode() in environment or (
                process / "cwd"
            ).readlink().is_relative_to(data_dir):
                found.append(int(process.name))
    return found


def wait_until(condition: Callable[[], Any], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {seconds} seconds"
        time.sleep(0.02)


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ARMFUL_")}
    return {**ours, "ARMFUL_DATA_DIR": str(data_dir), **more}


@contextmanager
def serving(
    data_dir: Path, *arguments: str, files: int | None = None, errors: IO[str] | None = None, **settings: str
) -> Iterator[Serving]:
    """`armful serve` on a free port, from when it is ready; with at most so many open files, and its log in `errors`."""
    limited = [] if files is None else ["prlimit", f"--nofile={files}:{files}"]
    process = subprocess.Popen(
        [*limited, *ARMFUL, "serve", "--port", "0", *arguments],
        env=environment(data_dir, **settings),
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        while not said.endswith("\n") or "Data folder" not in said:
            line = process.stdout.readline()
            assert line, f"it ended: {said}"
            said += line
        yield Serving(process, said)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        finally:
            process.kill()
            process.stdout.close()
            process.wait()
        wait_until(lambda: not left_behind(data_dir))
