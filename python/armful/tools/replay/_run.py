"""Runs a replay."""

import asyncio
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from secrets import token_hex

import numpy as np

from armful.client import AsyncClient
from armful.client.fields import ListFields
from armful.contract.outcomes import BatchItem
from armful.domain.variant import NewVariant
from armful.tools.replay._report import Mismatch, ReplayCounters, ReplayedTest, ReplayFigures, Report, Shown
from armful.tools.replay._tests import HeadlineTest
from armful.tools.session import ServiceFailed as ReplayFailed
from armful.tools.session import session

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
    """Replay `tests` against the service at `url`. Several tests run at the same time, and each plays one round at a time.

    A round selects one of the test's headlines by Thompson sampling. Then it reports an impression and, with the headline's
    real click rate as probability, a success. The outcomes of all tests that are running go in one batch. A test has as many
    rounds as it had impressions, but at most `rounds`. The variants stay in the service; the value of their dimension
    `replay` identifies the run.

    Args:
        tests: the tests to replay.
        url: the URL of the service.
        key: an API key with the scopes `read`, `select` and `write`.
        rounds: the maximum number of rounds per test; None: no limit.
        concurrency: the number of tests that run at the same time, at least 1.
        seed: at least 0; determines the clicks and the selections. With a service of one process, two replays of the same
            tests and seed give the same results, whatever the concurrency.
        progress: called with the number of rounds played since the last call.

    Raises:
        ServiceFailed: the service refused a request, or did not respond for a minute.
        ValueError: `url` is not a URL.
    """
    run = token_hex(4)
    # The longest tests first, so that no single long test runs alone at the end.
    queue = sorted(enumerate(tests), key=lambda entry: entry[1].impressions)
    done: dict[int, ReplayedTest] = {}
    started = time.perf_counter()
    async with session(url, key) as client:
        playing: list[tuple[int, _Test]] = []
        while queue or playing:
            while queue and len(playing) < concurrency:
                number, test = queue.pop()
                count = min(test.impressions, rounds or test.impressions)
                playing.append((number, _Test(client, f"{run}-{number}", run, test, count, seed)))
                await playing[-1][1].create()
            await _play_round(client, [test for _, test in playing])
            if progress is not None:
                progress(len(playing))
            done |= {number: test.report() for number, test in playing if test.over}
            playing = [(number, test) for number, test in playing if not test.over]
        reports = [done[number] for number in range(len(tests))]
        counters = await _compare(client, run, reports)
    seconds = time.perf_counter() - started
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


async def _play_round(client: AsyncClient, tests: Sequence["_Test"]) -> None:
    """Play the next round of every test: select for each, and report all outcomes in one batch."""
    outcomes = await asyncio.gather(*(test.play() for test in tests))
    # An event id makes an outcome count once, even if it is sent again because a response was lost.
    answer = await client.track_batch(outcomes)
    if answer.rejected:
        raise ReplayFailed(client.base_url, answer.rejected[0].detail)


class _Test:
    """The state of a test."""

    def __init__(
        self, client: AsyncClient, name: str, run: str, test: HeadlineTest, rounds: int, seed: int
    ) -> None:
        self._client = client
        self._name = name
        self._test = test
        self._rounds = rounds
        self._played = 0
        self._dimensions = {"replay": run, "test_id": test.test_id}
        self._shown = {
            f"{run}-{headline.variant_id}": Shown(
                variant_id=headline.variant_id, headline=headline.headline, rate=headline.rate
            )
            for headline in test.headlines
        }
        # Each test has its own random streams, so its course does not depend on the other tests.
        digest = blake2b(test.test_id.encode(), digest_size=16).digest()
        streams = np.random.SeedSequence([seed, *digest]).spawn(2)
        self._seeds: list[int] = np.random.default_rng(streams[0]).integers(2**63, size=rounds).tolist()
        self._readers: list[float] = np.random.default_rng(streams[1]).random(rounds).tolist()

    @property
    def over(self) -> bool:
        """Whether all rounds were played."""
        return self._played == self._rounds

    async def create(self) -> None:
        """Create the headlines as variants."""
        await self._client.create_variants(
            NewVariant(variant_id=variant_id, content=one.headline, dimensions=self._dimensions)
            for variant_id, one in self._shown.items()
        )

    async def play(self) -> BatchItem:
        """Select a headline, and return the outcome to report."""
        number = self._played
        variant_id = await self._select(self._seeds[number])
        shown = self._shown[variant_id]
        success = self._readers[number] < shown.rate
        shown.impressions += 1
        shown.successes += success
        self._played += 1
        return BatchItem(
            variant_id=variant_id, impression=True, success=success, event_id=f"{self._name}-{number}"
        )

    def report(self) -> ReplayedTest:
        """Return the results of the test."""
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

    async def _select(self, seed: int) -> str:
        for _ in range(50):
            selected = await self._client.select_variants(
                "replay", 1, algorithm="thompson_sampling", dimensions=self._dimensions, seed=seed
            )
            if selected:
                return selected[0].variant_id
            await asyncio.sleep(0.1)  # another worker may not have the variants yet
        raise ReplayFailed(
            self._client.base_url, f"it selects none of the headlines of test {self._test.test_id}"
        )


async def _compare(client: AsyncClient, run: str, tests: Sequence[ReplayedTest]) -> ReplayCounters:
    """Compare the service's counters with the acknowledged updates."""
    counted: dict[str, tuple[int, int]] = {}
    query: ListFields = {"dimensions": {"replay": run}, "status": "all", "limit": _PAGE}
    while True:
        page = await client.list_variants(**query)
        for variant in page.variants:
            performance = variant.performance
            counted[variant.variant_id] = (performance.impressions, performance.successes)
        if page.next_cursor is None:
            break
        query["cursor"] = page.next_cursor
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
