"""`armful.client` while the service's database loses answers, and on servers that say nothing."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from tests.conftest import ADMIN_KEY, Running, new_database, serving
from tests.faults.conftest import counted
from tests.faults.proxy import Proxy
from tests.processes import wait_until

from armful.client import AsyncClient, Client, UnreachableError
from armful.contract.variants import PerformanceView
from armful.ops.postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def network(postgres: EmbeddedPostgres) -> Iterator[Proxy]:
    with Proxy(new_database(postgres)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def service(network: Proxy) -> Iterator[Running]:
    with serving(network.dsn) as running:
        yield running


def report(client: Client, variant: str) -> Any:
    return client.track_performance(variant, True)


def report_several(client: Client, variant: str) -> Any:
    return client.track_batch([{"variant_id": variant, "success": True}])


@pytest.mark.parametrize("act", [report, report_several])
def test_what_was_committed_without_an_answer_is_not_counted_again(
    service: Running, network: Proxy, act: Any, request: pytest.FixtureRequest
) -> None:
    variant = request.node.name
    with Client(service.url, ADMIN_KEY, timeout=30, retries=50) as client, ThreadPoolExecutor(1) as other:
        client.create_variants([{"variant_id": variant}])
        act(client, variant)
        network.answers_get_lost = True
        try:
            done = other.submit(act, client, variant)
            wait_until(lambda: counted(network.target)[variant] == 2)
        finally:
            network.answers_get_lost = False
            network.reset()
        done.result(60)
        assert counted(network.target)[variant] == 2
        assert client.get_variant(variant).performance == PerformanceView(2, 2, 1.0)


@contextmanager
def silence() -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that takes connections and never says a word, and the connections it took."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            while True:
                try:
                    taken.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", taken
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for one in taken:
                one.close()


def test_a_server_that_says_nothing_is_given_up() -> None:
    with silence() as (url, taken), Client(url, "k", timeout=0.2, retries=2) as client:
        with pytest.raises(UnreachableError, match="got no answer"):
            client.track_performance("a", True)
        wait_until(lambda: len(taken) == 3)


@pytest.mark.anyio
async def test_so_it_is_by_the_asynchronous_client() -> None:
    with silence() as (url, taken):
        async with AsyncClient(url, "k", timeout=0.2, retries=1) as client:
            with pytest.raises(UnreachableError, match="got no answer"):
                await client.list_variants()
        wait_until(lambda: len(taken) == 2)


def test_a_client_keeps_one_connection(service: Running) -> None:
    wait_until(lambda: not service._server.server_state.connections)
    with Client(service.url, ADMIN_KEY) as client:
        client.create_variants([{"variant_id": "kept"}])
        for _ in range(5):
            client.select_variants("p", 1)
            client.track_performance("kept", False)
            assert len(service._server.server_state.connections) == 1
    wait_until(lambda: not service._server.server_state.connections)
