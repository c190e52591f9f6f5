"""`armful serve` as its users meet it: a process, its words, its exit status, and what it leaves behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from armful.postgres import EmbeddedPostgres, find_running

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
        return httpx2.request(method, self.url + path, json=json, headers=headers, timeout=20)

    def impressions(self) -> int:
        """How often variant "a" was shown, as counted."""
        count: int = self.request("GET", "/variants/a").json()["performance"]["impressions"]
        return count

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
def serving(data_dir: Path, *arguments: str, **settings: str) -> Iterator[Serving]:
    """`armful serve` on a free port, from when it is ready."""
    process = subprocess.Popen(
        [*ARMFUL, "serve", "--port", "0", *arguments],
        env=environment(data_dir, **settings),
        stdout=subprocess.PIPE,
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


def refused(data_dir: Path, *arguments: str, **settings: str) -> str:
    """What `armful serve` says when it does not serve."""
    result = subprocess.run(
        [*ARMFUL, "serve", *arguments],
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "ready" not in result.stdout
    return result.stderr.splitlines()[-1]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_first_start_says_where_everything_is_and_the_next_one_has_the_same_key(data_dir: Path) -> None:
    with serving(data_dir) as service:
        assert service.said.startswith("armful is ready.\n")
        assert f"Docs         {service.url}/docs" in service.said
        assert f"Data folder  {data_dir}" in service.said
        assert httpx2.get(service.url + "/health/ready").status_code == 200
        assert httpx2.get(service.url + "/docs").status_code == 200
        assert httpx2.get(service.url + "/variants").status_code == 401
        assert service.request("GET", "/variants").status_code == 200
        key = service.key
        assert (data_dir / "api-key").read_text().strip() == key
        assert (data_dir / "api-key").stat().st_mode & 0o777 == 0o600
        assert data_dir.stat().st_mode & 0o777 == 0o700
        service.request("POST", "/variants", {"variant_id": "a"})
    with serving(data_dir) as service:
        assert service.key == key
        assert service.request("GET", "/variants/a").status_code == 200


def test_a_key_from_the_environment_is_accepted_and_neither_kept_nor_shown(data_dir: Path) -> None:
    with serving(data_dir, ARMFUL_API_KEY="mine-and-long-enough") as service:
        assert "mine-and-long-enough" not in service.said
        service.key = "mine-and-long-enough"
        assert service.request("GET", "/keys").status_code == 200
        assert not (data_dir / "api-key").exists()


def test_a_database_of_ones_own_is_used_instead_of_an_embedded_one(data_dir: Path, tmp_path: Path) -> None:
    with (
        EmbeddedPostgres(tmp_path / "theirs") as postgres,
        serving(data_dir, ARMFUL_DATABASE_URL=postgres.dsn) as service,
    ):
        assert service.request("POST", "/variants", {"variant_id": "a"}).status_code == 201
        assert not service.children("/bin/postgres")
        assert sorted(path.name for path in data_dir.iterdir()) == ["api-key"]


def test_a_port_that_is_taken_is_one_sentence(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for workers in ("1", "2"):
            said = refused(data_dir, "--port", port, "--workers", workers)
            assert said == f"armful: Port {port} on 127.0.0.1 is taken: choose another one with --port."
    assert not left_behind(data_dir)


def test_two_services_do_not_share_a_port_by_accident(data_dir: Path, tmp_path: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        port = service.url.rpartition(":")[2]
        assert "is taken" in refused(tmp_path / "other", "--port", port, "--workers", "2")


def test_the_second_service_on_a_data_folder_is_told_who_has_it(data_dir: Path) -> None:
    with serving(data_dir) as service:
        assert f"in use by process {service.process.pid}" in refused(data_dir, "--port", "0")
        assert service.request("GET", "/variants").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (["--host", "no.such.host"], {}, "cannot listen on no.such.host, port 8000"),
        (["--host", "203.0.113.1"], {}, "cannot listen on 203.0.113.1, port 8000"),
        ([], {"ARMFUL_POOL_SIZE": "many"}, "ARMFUL_POOL_SIZE is 'many'"),
        ([], {"ARMFUL_POSTGRES_BIN": "/nowhere"}, "ARMFUL_POSTGRES_BIN is /nowhere"),
        ([], {"ARMFUL_DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/db"}, "127.0.0.1/db cannot be used"),
        ([], {"ARMFUL_DATABASE_URL": "nonsense"}, "cannot be used"),
    ],
)
def test_what_cannot_work_is_one_sentence(
    data_dir: Path, arguments: list[str], settings: dict[str, str], sentence: str
) -> None:
    said = refused(data_dir, *arguments, **settings)
    assert sentence in said
    assert "secret" not in said
    assert not left_behind(data_dir)


def test_another_major_versions_data_is_one_sentence(data_dir: Path) -> None:
    (data_dir / "postgresql").mkdir(parents=True)
    (data_dir / "postgresql" / "PG_VERSION").write_text("9.6\n")
    assert "PostgreSQL 9.6, and this is PostgreSQL 18" in refused(data_dir)
    assert [path.name for path in data_dir.iterdir()] == ["postgresql"]


def test_an_application_that_does_not_start_ends_it_with_a_sentence(data_dir: Path) -> None:
    script = (
        "import asyncio, os; from armful.cli.serve import run; from armful.settings import from_environment\n"
        "asyncio.run(run(from_environment(os.environ), '127.0.0.1', 0, 2, 'armful.app:no_such_factory'))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment(data_dir), capture_output=True, text=True, check=False
    )
    assert "WorkerFailed: A worker ended with status 1 instead of serving" in result.stderr
    assert not left_behind(data_dir)


@pytest.mark.parametrize("how", ["terminated", "ctrl-c"])
def test_stopping_finishes_and_keeps_what_was_accepted(data_dir: Path, how: str) -> None:
    body = b'{"impression": true, "success": true}'
    with serving(data_dir, "--workers", "2") as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        host, port = service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.settimeout(20)
            head = f"POST /variants/a/performance HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {service.key}\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body[:5])
            time.sleep(0.3)
            if how == "ctrl-c":
                os.killpg(service.process.pid, signal.SIGINT)  # as the terminal does
            else:
                service.process.terminate()
            time.sleep(0.5)
            client.sendall(body[5:])
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert service.wait() == 0
        wait_until(lambda: not left_behind(data_dir))
    with serving(data_dir) as service:
        assert service.impressions() == 1


def test_a_client_that_never_finishes_does_not_hold_up_the_end(data_dir: Path) -> None:
    with serving(data_dir) as service:
        host, port = service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            head = (
                f"POST /variants/select HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {service.key}\r\n"
            )
            client.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
            time.sleep(0.3)
            service.process.terminate()
            assert service.wait() == 0


def test_a_paused_worker_does_not_hold_up_the_end(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        os.kill(service.children("armful.cli._process")[0], signal.SIGSTOP)
        service.process.terminate()
        assert service.wait() == 0


def test_a_killed_worker_is_replaced_and_no_connection_is_refused(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        before = service.children("armful.cli._process")
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        for _ in range(20):
            service.show()
        wait_until(lambda: len(service.children("armful.cli._process")) == 2)
        assert before[0] not in service.children("armful.cli._process")
        assert before[1] in service.children("armful.cli._process")
        wait_until(lambda: service.impressions() == 20)


def test_the_only_worker_is_replaced_too(data_dir: Path) -> None:
    with serving(data_dir) as service:
        (worker,) = service.children("armful.cli._process")
        os.kill(worker, signal.SIGKILL)
        assert service.request("GET", "/variants").status_code == 200
        assert service.children("armful.cli._process") != [worker]


def test_a_killed_service_leaves_no_process_and_loses_no_acknowledged_update(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        for _ in range(10):
            service.show()
        service.process.kill()
        service.process.wait()
        wait_until(lambda: not left_behind(data_dir))
    with serving(data_dir) as service:
        assert service.impressions() == 10


def test_selections_go_on_while_a_killed_postgresql_comes_back(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        wait_until(lambda: all(selected(service) for _ in range(10)))
        (postgres,) = service.children("/bin/postgres")
        os.kill(postgres, signal.SIGKILL)
        for _ in range(50):
            assert selected(service)
        update = {"impression": True, "success": False}
        wait_until(lambda: service.request("POST", "/variants/a/performance", update).status_code == 200)
        assert service.children("/bin/postgres") != [postgres]
        assert find_running(data_dir) is not None


def selected(service: Serving) -> bool:
    answer = service.request("POST", "/variants/select", {"top_k": 1, **HOW})
    assert answer.status_code == 200
    return [variant["variant_id"] for variant in answer.json()["selected_variants"]] == ["a"]
