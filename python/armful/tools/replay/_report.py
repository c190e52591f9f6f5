"""What a replay came to."""

from collections.abc import Iterable

from msgspec import Struct


class ReplayFigures(Struct, frozen=True, kw_only=True):
    """Clicks of some rounds, beside what they would have been under uniform allocation and with the best headline.

    `expected_clicks` is the sum of the click rates of the headlines shown: what `clicks` is but for the luck of the
    draws, as `uniform_clicks` and `best_clicks` are free of it. So gains are differences of these.
    """

    rounds: int
    clicks: int
    expected_clicks: float
    uniform_clicks: float
    best_clicks: float
    gain: float
    """Expected clicks gained over uniform allocation."""
    gain_share: float | None
    """That gain as a share of what the best headline alone would have gained; None where there is nothing to gain."""

    @classmethod
    def of(cls, rounds: int, clicks: int, expected: float, uniform: float, best: float) -> "ReplayFigures":
        """The figures, with the gains worked out."""
        possible = best - uniform
        return cls(
            rounds=rounds,
            clicks=clicks,
            expected_clicks=expected,
            uniform_clicks=uniform,
            best_clicks=best,
            gain=expected - uniform,
            # Of rates that are all the same, rounding may leave something that is not nothing.
            gain_share=(expected - uniform) / possible if possible > 1e-9 * best else None,
        )

    @classmethod
    def total(cls, parts: "Iterable[ReplayFigures]") -> "ReplayFigures":
        """The figures of several tests together."""
        every = list(parts)
        return cls.of(
            sum(part.rounds for part in every),
            sum(part.clicks for part in every),
            sum(part.expected_clicks for part in every),
            sum(part.uniform_clicks for part in every),
            sum(part.best_clicks for part in every),
        )


class Shown(Struct, kw_only=True):
    """A headline, its click rate, and what the service acknowledged of it."""

    variant_id: str
    headline: str
    rate: float
    impressions: int = 0
    successes: int = 0


class ReplayedTest(Struct, frozen=True):
    """What became of one test."""

    test_id: str
    figures: ReplayFigures
    headlines: list[Shown]


class Mismatch(Struct, frozen=True):
    """A variant whose counters are not what was acknowledged, as [impressions, successes]; None: it isn't there."""

    variant_id: str
    acknowledged: tuple[int, int]
    counted: tuple[int, int] | None


class ReplayCounters(Struct, frozen=True):
    """The service's counters at the end, in sum, and where they differ from the updates acknowledged."""

    variants: int
    impressions: int
    successes: int
    mismatches: list[Mismatch]

    @property
    def equal(self) -> bool:
        """Whether every variant's counters are the updates acknowledged, no more and no less."""
        return not self.mismatches


class Report(Struct, frozen=True, kw_only=True):
    """What a replay came to, over all and by test in the file's order."""

    run: str
    """Names the replay: its variants have the dimension `replay` with this value."""
    seed: int
    concurrency: int
    seconds: float
    rounds_per_second: float
    total: ReplayFigures
    tests: list[ReplayedTest]
    counters: ReplayCounters
