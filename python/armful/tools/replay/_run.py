"""The replay itself."""

import asyncio
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np

from armful.tools._connection import Connection
from armful.tools._connection import ServiceFailed as ReplayFailed
from armful.tools.replay._report import Mismatch, ReplayCounters, ReplayedTest, ReplayFigures, Report, Shown
from armful.tools.replay._tests import HeadlineTest

_REPORT_EVERY = 20  # rounds between two calls of `progress`
_PAGE = 1000


async def replay(
    tests: Sequence[HeadlineTest],
    *,
    url: str,
    key: str,
    rounds: int | None = None,
    concurrency: int = 32,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Replay `tests` against the service at `url`: their rounds one after the other, the tests side by side.

    A round selects one of the test's headlines by Thompson sampling, then reports an impression and, at that
    headline's real click rate, a success. A test has as many rounds as it had impressions, `rounds` at most.
    The variants stay in the service; the dimension `replay` tells those of one run.

    Args:
        tests: what to replay.
        url: where the service is.
        key: with the scopes `read`, `select` and `write`.
        rounds: most rounds a test has.
        concurrency: tests at a time, at least 1.
        seed: from 0; fixes the clicks drawn and the selections. A service of one process answers two replays of the same
            tests and seed alike, whatever the concurrency.
        progress: called now and then with the number of rounds done since the last call.

    Raises:
        ReplayFailed: the service refused a request or stayed away for a minute.
        ValueError: `url` is none.
    """
    run = token_hex(4)
    # The longest first, so that none is left alone at the end.
    queue = sorted(enumerate(tests), key=lambda entry: entry[1].impressions)
    done: dict[int, ReplayedTest] = {}

    async def work(connection: Connection) -> None:
        async with connection:
            while queue:
                number, test = queue.pop()
                count = min(test.impressions, rounds or test.impressions)
                one = _Test(connection, f"{run}-{number}", run, test, count, seed)
                done[number] = await one.replay(progress or (lambda count: None))

    connections = [Connection(url, key) for _ in range(min(concurrency, len(tests)))]
    started = time.perf_counter()
    try:
        async with asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(work(connection))
    except* ReplayFailed as errors:
        raise ReplayFailed(errors.exceptions[0]) from errors
    seconds = time.perf_counter() - started
    reports = [done[number] for number in range(len(tests))]
    async with Connection(url, key) as connection:
        counters = await _compare(connection, run, reports)
    total = ReplayFigures.total(report.figures for report in reports)
    return Report(
        run=run,
        seed=seed,
        concurrency=concurrency,
        seconds=seconds,
        rounds_per_second=total.rounds / seconds,
        total=total,
        tests=reports,
        counters=counters,
    )


class _Test:
    """A test on its way through the service."""

    def __init__(
        self, connection: Connection, name: str, run: str, test: HeadlineTest, rounds: int, seed: int
    ) -> None:
        self._connection = connection
        self._name = name
        self._test = test
        self._rounds = rounds
        self._dimensions = {"replay": run, "test_id": test.test_id}
        self._shown = {
            f"{run}-{headline.variant_id}": Shown(
                variant_id=headline.variant_id, headline=headline.headline, rate=headline.rate
            )
            for headline in test.headlines
        }
        # A test's own streams, so that it goes the same way whatever other tests there are and however many rounds.
        digest = blake2b(test.test_id.encode(), digest_size=16).digest()
        streams = np.random.SeedSequence([seed, *digest]).spawn(2)
        self._seeds: list[int] = np.random.default_rng(streams[0]).integers(2**63, size=rounds).tolist()
        self._readers: list[float] = np.random.default_rng(streams[1]).random(rounds).tolist()

    async def replay(self, progress: Callable[[int], None]) -> ReplayedTest:
        await self._create()
        reported = 0
        for number in range(self._rounds):
            await self._round(number)
            if number + 1 - reported == _REPORT_EVERY or number + 1 == self._rounds:
                progress(number + 1 - reported)
                reported = number + 1
        shown = list(self._shown.values())
        rates = [one.rate for one in shown]
        figures = ReplayFigures.of(
            self._rounds,
            sum(one.successes for one in shown),
            sum(one.impressions * one.rate for one in shown),
            self._rounds * sum(rates) / len(rates),
            self._rounds * max(rates),
        )
        return ReplayedTest(self._test.test_id, figures, shown)

    async def _create(self) -> None:
        variants = [
            {"variant_id": variant_id, "content": one.headline, "dimensions": self._dimensions}
            for variant_id, one in self._shown.items()
        ]
        await self._connection.ask("POST", "/variants", {"variants": variants}, repeatable=False)

    async def _round(self, number: int) -> None:
        variant_id = await self._select(self._seeds[number])
        shown = self._shown[variant_id]
        success = self._readers[number] < shown.rate
        # The event id makes an update that is sent again, because its answer was lost, count once.
        await self._connection.ask(
            "POST",
            f"/variants/{quote(variant_id, safe='')}/performance",
            {"impression": True, "success": success, "event_id": f"{self._name}-{number}"},
        )
        shown.impressions += 1
        shown.successes += success

    async def _select(self, seed: int) -> str:
        request = {
            "top_k": 1,
            "algorithm": "thompson_sampling",
            "persona_id": "replay",
            "dimensions": self._dimensions,
            "seed": seed,
        }
        for _ in range(50):
            answer = await self._connection.ask("POST", "/variants/select", request)
            if answer["selected_variants"]:
                variant_id: str = answer["selected_variants"][0]["variant_id"]
                return variant_id
            await asyncio.sleep(0.1)  # of several processes, this one may not have heard of the variants yet
        raise ReplayFailed(f"the service selects none of the headlines of test {self._test.test_id}")


async def _compare(connection: Connection, run: str, tests: Sequence[ReplayedTest]) -> ReplayCounters:
    """What the service has counted in the run, beside what it acknowledged."""
    counted: dict[str, tuple[int, int]] = {}
    query: dict[str, Any] = {"dimension.replay": run, "status": "all", "limit": _PAGE}
    while True:
        page = await connection.ask("GET", f"/variants?{urlencode(query)}")
        for variant in page["variants"]:
            performance = variant["performance"]
            counted[variant["variant_id"]] = (performance["impressions"], performance["successes"])
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    acknowledged = {
        f"{run}-{one.variant_id}": (one.impressions, one.successes)
        for test in tests
        for one in test.headlines
    }
    return ReplayCounters(
        variants=len(counted),
        impressions=sum(impressions for impressions, _ in counted.values()),
        successes=sum(successes for _, successes in counted.values()),
        mismatches=[
            Mismatch(variant_id, acknowledged.get(variant_id, (0, 0)), counted.get(variant_id))
            for variant_id in sorted(acknowledged.keys() | counted.keys())
            if acknowledged.get(variant_id) != counted.get(variant_id)
        ],
    )
