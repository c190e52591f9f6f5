"""Five times the load that can be served: what is accepted is answered soon, the rest is told at once, and it passes."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import new_database
from tests.faults.conftest import STALL, counted
from tests.faults.load import Answer, client
from tests.faults.proxy import Proxy
from tests.processes import HOW, Serving, resident, serving, wait_until

from armful.ops.postgres import EmbeddedPostgres

QUEUE = 200
CLIENTS = 5 * QUEUE
WAIT_LIMIT = 0.1
SECONDS = 4
PATIENCE = 60  # seconds that a machine may be too slow to serve any of them
pytestmark = pytest.mark.alone

PROMISED = 2.0
HEAVY = {"top_k": 50, "dimensions": {"kind": "x"}, "sharpness": 0.5, **HOW}
"""With a sharpness below 1 each arm is drawn, so that it is the service that is slow, and not the clients."""
SHOWN = {"impression": True, "success": False}


@pytest.fixture(scope="module")
def proxy(postgres: EmbeddedPostgres) -> Iterator[Proxy]:
    with Proxy(new_database(postgres)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def service(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A process that can do little."""
    settings = {"ARMFUL_QUEUE_LIMIT": str(QUEUE), "ARMFUL_WAIT_LIMIT": str(WAIT_LIMIT)}
    with serving(
        tmp_path_factory.mktemp("overload") / "data", ARMFUL_DATABASE_URL=proxy.dsn, **settings
    ) as service:
        variants = [{"variant_id": str(n), "dimensions": {"kind": "x"}} for n in range(3000)]
        assert service.request("POST", "/variants", {"variants": variants}).status_code == 201
        yield service


def overload(service: Serving, path: str, body: Any) -> list[Answer]:
    """What many clients are answered that ask again as soon as they have an answer, until some have been accepted."""
    answers: list[Answer] = []
    accepted = 0

    async def insist(end: float) -> None:
        nonlocal accepted
        one = client(service)
        while (now := time.monotonic()) < end or (not accepted and now < end + PATIENCE):
            answers.append(await one.request("POST", path, body))
            accepted += answers[-1].status == 200
        one.close()

    async def all_of_them() -> None:
        end = time.monotonic() + SECONDS
        await asyncio.gather(*(insist(end) for _ in range(CLIENTS)))

    asyncio.run(all_of_them())
    return answers


@pytest.mark.parametrize("path", ["/variants/select", "/variants/0/performance"])
def test_too_much_is_refused_at_once_and_the_rest_is_served_in_time(
    service: Serving, proxy: Proxy, path: str
) -> None:
    """`PROMISED` and the queue bound how long anything takes, accepted or refused."""
    selecting = path == "/variants/select"
    body = HEAVY if selecting else SHOWN
    proxy.delay = 0.0 if selecting else 0.02
    overload(service, path, body)  # once, for everything to have its working size
    (worker,) = service.workers
    memory, impressions = resident(worker), counted(proxy.target)["0"]
    answers = overload(service, path, body)
    grown = resident(worker) - memory
    by_status = {status: [answer for answer in answers if answer.status == status] for status in (200, 503)}
    for status, some in by_status.items():
        print(f"{status}: {len(some)}, p99 {percentile(some):.2f} s")
    print(f"memory {grown / 1e6:+.1f} MB")
    assert sum(map(len, by_status.values())) == len(answers)
    for some in by_status.values():
        assert percentile(some) < PROMISED + STALL
    assert all(answer.headers.get("retry-after") for answer in by_status[503])
    assert grown < 30_000_000
    # And at once all is as it was.
    proxy.delay = 0.0
    wait_until(lambda: all(service.request("POST", path, body).status_code == 200 for _ in range(10)))
    if not selecting:
        sure = len(by_status[200]) + 10
        unknown = sum("nothing was counted" not in answer.body["detail"] for answer in by_status[503])
        assert sure <= counted(proxy.target)["0"] - impressions <= sure + unknown + 10


def percentile(answers: list[Answer], share: float = 0.99) -> float:
    """Seconds in which that share of the answers was there; there must be some."""
    return sorted(answer.seconds for answer in answers)[int(share * (len(answers) - 1))]
