"""`armful serve` as its users meet it: a process, its words, its exit status, and what it leaves behind."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from tests.processes import ARMFUL, environment, left_behind, serving, wait_until

from armful.ops.postgres import EmbeddedPostgres, find_running


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
            assert said == f"armful: Port {port} on 127.0.0.1 is in use: choose another one with --port."
    assert not left_behind(data_dir)


def test_too_few_files_are_one_sentence(data_dir: Path) -> None:
    said = subprocess.run(
        ["prlimit", "--nofile=150:150", *ARMFUL, "serve", "--port", "0"],
        env=environment(data_dir),
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert said.stderr == "armful: A process may open only 150 files and needs 200: raise `ulimit -n`.\n"


def test_two_services_do_not_share_a_port_by_accident(data_dir: Path, tmp_path: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        port = service.url.rpartition(":")[2]
        assert "is in use" in refused(tmp_path / "other", "--port", port, "--workers", "2")


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
        (
            [],
            {"ARMFUL_DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/db"},
            "127.0.0.1:1/db (ARMFUL_DATABASE_URL) cannot be used",
        ),
        ([], {"ARMFUL_DATABASE_URL": "nonsense"}, "ARMFUL_DATABASE_URL is not the URL of a database"),
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
        "import asyncio, os; from armful.server.serve import run; from armful.settings import from_environment\n"
        "asyncio.run(run(from_environment(os.environ), '127.0.0.1', 0, 2, 'armful.app:no_such_factory'))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment(data_dir), capture_output=True, text=True, check=False
    )
    assert "WorkerFailed: A worker ended with status 1 instead of serving" in result.stderr
    assert not left_behind(data_dir)


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What the service says when it waits for a body whose client asked first."""


def listens(host: str, port: int) -> bool:
    with suppress(ConnectionRefusedError), socket.create_connection((host, port)):
        return True
    return False


@pytest.mark.parametrize("how", ["terminated", "ctrl-c"])
def test_stopping_finishes_and_keeps_what_was_accepted(data_dir: Path, how: str) -> None:
    body = b'{"impression": true, "success": true}'
    with serving(data_dir, "--workers", "2") as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        host, port = service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.settimeout(20)
            head = f"POST /variants/a/performance HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {service.key}\r\n"
            head += f"Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body[:5])
            assert client.recv(100) == CONTINUE
            if how == "ctrl-c":
                os.killpg(service.process.pid, signal.SIGINT)  # as the terminal does
            else:
                service.process.terminate()
            wait_until(lambda: not listens(host, int(port)))
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
            head += "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n{"
            client.sendall(head.encode())
            assert client.recv(100) == CONTINUE
            service.process.terminate()
            assert service.wait() == 0


def test_a_paused_worker_does_not_hold_up_the_end(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        os.kill(service.workers[0], signal.SIGSTOP)
        service.process.terminate()
        assert service.wait() == 0


def test_a_killed_worker_is_replaced_and_no_connection_is_refused(data_dir: Path) -> None:
    with serving(data_dir, "--workers", "2") as service:
        service.request("POST", "/variants", {"variant_id": "a"})
        before = service.workers
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        for _ in range(20):
            service.show()
        wait_until(lambda: len(service.workers) == 2)
        assert before[0] not in service.workers
        assert before[1] in service.workers
        wait_until(lambda: service.impressions() == 20)


def test_the_only_worker_is_replaced_too(data_dir: Path) -> None:
    with serving(data_dir) as service:
        (worker,) = service.workers
        os.kill(worker, signal.SIGKILL)
        assert service.request("GET", "/variants").status_code == 200
        assert service.workers != [worker]


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
        wait_until(lambda: all(service.selected() == ["a"] for _ in range(10)))
        (postgres,) = service.children("/bin/postgres")
        os.kill(postgres, signal.SIGKILL)
        for _ in range(50):
            assert service.selected() == ["a"]
        update = {"impression": True, "success": False}
        wait_until(lambda: service.request("POST", "/variants/a/performance", update).status_code == 200)
        assert service.children("/bin/postgres") != [postgres]
        assert find_running(data_dir) is not None
