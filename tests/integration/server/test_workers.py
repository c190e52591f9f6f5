"""`armful serve --workers 2`: two processes that count as one and select alike."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from tests.conftest import run
from tests.faults.conftest import STALL, check
from tests.faults.load import Load
from tests.processes import HOW, Serving, serving, wait_until

from armful.core import ArmTable
from armful.ops.postgres import find_running

PROMISED = 1.0
"""Seconds until what one process has committed is known to all."""


class Worker:
    """A connection to one of the workers."""

    def __init__(self, service: Serving, connection: HTTPConnection, pid: int) -> None:
        self.pid = pid
        self._service = service
        self._connection = connection

    def request(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        """One request: its answer's status and JSON."""
        headers = {"Authorization": f"Bearer {key or self._service.key}", "Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def select(self, **how: Any) -> dict[str, dict[str, Any]]:
        """All variants as this worker selects them, by id."""
        status, answer = self.request("POST", "/variants/select", {"top_k": 50, **HOW, **how})
        assert status == 200
        return {variant["variant_id"]: variant for variant in answer["selected_variants"]}

    def report(self, variant_id: str, *, success: bool = False) -> None:
        """Report an impression."""
        status, _ = self.request(
            "POST", f"/variants/{variant_id}/performance", {"impression": True, "success": success}
        )
        assert status == 200


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workers") / "data"


@pytest.fixture(scope="module")
def service(data_dir: Path) -> Iterator[Serving]:
    with serving(data_dir, "--workers", "2") as service:
        yield service


@pytest.fixture(scope="module")
def workers(service: Serving) -> Iterator[tuple[Worker, Worker]]:
    """A connection to each; the kernel chooses, so that several are made until each has one."""
    found: dict[int, Worker] = {}
    with ExitStack() as stack:
        while len(found) < 2:
            address = urlsplit(service.url)
            connection = HTTPConnection(address.hostname or "", address.port, timeout=20)
            stack.callback(connection.close)
            connection.connect()
            connection.request("GET", "/health/live")
            connection.getresponse().read()
            pid = holder(connection, service.workers)
            found.setdefault(pid, Worker(service, connection, pid))
        first, second = found.values()
        yield first, second


def holder(connection: HTTPConnection, pids: list[int]) -> int:
    """The process at the other end of a connection."""
    mine, theirs = (
        f":{end[1]:04X}" for end in (connection.sock.getsockname(), connection.sock.getpeername())
    )
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(theirs) and fields[2].endswith(mine):
            wanted = f"socket:[{fields[9]}]"
            for pid in pids:
                for file in Path(f"/proc/{pid}/fd").iterdir():
                    with suppress(OSError):
                        if str(file.readlink()) == wanted:
                            return pid
    raise AssertionError("nobody holds the other end")


def create(worker: Worker, other: Worker, *ids: str) -> None:
    """Create variants, and wait until the other worker has heard of them."""
    status, _ = worker.request("POST", "/variants", {"variants": [{"variant_id": name} for name in ids]})
    assert status == 201
    wait_until(lambda: set(ids) <= set(other.select()), PROMISED + STALL)


def impressions(worker: Worker, variant_id: str) -> int:
    """As this worker shows them in a selection."""
    count: int = worker.select()[variant_id]["performance"]["impressions"]
    return count


def test_what_one_commits_is_in_the_others_selections(workers: tuple[Worker, Worker]) -> None:
    create(*workers, "told")
    for number in range(1, 9):
        teller, listener = workers if number % 2 else reversed(workers)
        teller.report("told")
        assert impressions(teller, "told") == number  # the teller knows at once
        wait_until(lambda n=number, w=listener: impressions(w, "told") == n, PROMISED + STALL)  # type: ignore[misc]


def test_a_changed_description_is_in_the_others_selections(workers: tuple[Worker, Worker]) -> None:
    teller, listener = workers
    create(teller, listener, "described")
    status, _ = teller.request("PATCH", "/variants/described", {"dimensions": {"tone": "dry"}})
    assert status == 200
    wait_until(lambda: "described" in listener.select(dimensions={"tone": "dry"}), PROMISED + STALL)
    assert teller.request("DELETE", "/variants/described")[0] == 200
    wait_until(lambda: "described" not in listener.select(), PROMISED + STALL)


def test_a_key_revoked_in_one_is_refused_in_both(workers: tuple[Worker, Worker]) -> None:
    here, there = workers
    _, made = here.request("POST", "/keys", {"name": "brief", "scopes": ["read"]})
    for worker in workers:
        wait_until(
            lambda w=worker: w.request("GET", "/variants", key=made["key"])[0] == 200,  # type: ignore[misc]
            PROMISED + STALL,
        )
    assert here.request("DELETE", f"/keys/{made['key_id']}")[0] == 200
    assert here.request("GET", "/variants", key=made["key"])[0] == 401
    wait_until(lambda: there.request("GET", "/variants", key=made["key"])[0] == 401, PROMISED + STALL)


def test_counters_are_exact_and_every_table_is_equal_to_the_database(
    service: Serving, workers: tuple[Worker, Worker], data_dir: Path
) -> None:
    dsn = find_running(data_dir)
    assert dsn is not None
    load = Load(service)
    # Known to both before any is reported on: a worker's table has its arms in the order that it heard of them.
    wait_until(lambda: all(set(load.book.variants) <= set(w.select()) for w in workers), PROMISED + STALL)
    with load.running(updating=16, repeating=8) as book:
        wait_until(lambda: min(book.counted[name] for name in book.variants) > 300, 60)
    assert book.unknown.total() == book.lost == book.refused == 0
    assert book.counted.total() > 0
    check(book, dsn, service)

    rows = run(
        lambda connection: connection.fetch(
            "SELECT variant_id, prior_alpha + successes AS alpha, prior_beta + impressions - successes AS beta,"
            " impressions, successes, status FROM armful.variant_performance ORDER BY id"
        ),
        dsn,
    )
    ours = [row for row in rows if row["variant_id"] in book.variants]
    assert {row["variant_id"]: row["impressions"] for row in ours} == book.counted
    # Draws from equal posteriors with equal seeds are equal: the tables of arms themselves are compared.
    table = ArmTable()
    table.upsert(
        [row["variant_id"] for row in rows],
        np.array([row["alpha"] for row in rows]),
        np.array([row["beta"] for row in rows]),
        np.array([row["impressions"] for row in rows]),
        np.ones(len(rows), dtype=np.int64),
    )
    table.remove([row["variant_id"] for row in rows if row["status"] == "archived"])
    slots, scores = table.select(50, seed=7)
    drawn = dict(zip(table.ids(slots), scores.tolist(), strict=True))
    for worker in workers:
        selected = worker.select(seed=7)
        assert {name: variant["score"] for name, variant in selected.items()} == drawn
        for row in ours:
            assert selected[row["variant_id"]]["performance"]["successes"] == row["successes"]
