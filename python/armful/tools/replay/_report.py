"""The results of a replay."""

from collections.abc import Iterable

from msgspec import Struct


class ReplayFigures(Struct, frozen=True, kw_only=True):
    """The clicks of some rounds, and the expected clicks with uniform allocation and with the best headline only.

    `clicks` were drawn at random, except in a replay in this process, where they are the rounded `expected_clicks`. The
    other three are expected values, without random variation: `expected_clicks` is the sum of the click rates of the
    headlines that were shown. Gains are differences between expected values.
    """

    rounds: int
    clicks: int
    expected_clicks: float
    uniform_clicks: float
    best_clicks: float
    gain: float
    """Expected clicks gained over uniform allocation."""
    gain_share: float | None
    """The gain as a fraction of what the best headline alone would have gained; None if nothing can be gained."""

    @classmethod
    def of(cls, rounds: int, clicks: int, expected: float, uniform: float, best: float) -> "ReplayFigures":
        """Compute the gains."""
        possible = best - uniform
        return cls(
            rounds=rounds,
            clicks=clicks,
            expected_clicks=expected,
            uniform_clicks=uniform,
            best_clicks=best,
            gain=expected - uniform,
            # With equal rates, rounding may leave a tiny possible gain.
            gain_share=(expected - uniform) / possible if possible > 1e-9 * best else None,
        )

    @classmethod
    def total(cls, parts: "Iterable[ReplayFigures]") -> "ReplayFigures":
        """Return the sums over several tests."""
        every = list(parts)
        return cls.of(
            sum(part.rounds for part in every),
            sum(part.clicks for part in every),
            sum(part.expected_clicks for part in every),
            sum(part.uniform_clicks for part in every),
            sum(part.best_clicks for part in every),
        )


class Shown(Struct, kw_only=True):
    """A headline, its click rate, and the updates that the service acknowledged."""

    variant_id: str
    headline: str
    rate: float
    impressions: int = 0
    successes: int = 0


class ReplayedTest(Struct, frozen=True):
    """The results of one test."""

    test_id: str
    figures: ReplayFigures
    headlines: list[Shown]


class Mismatch(Struct, frozen=True):
    """A variant whose counters differ from the acknowledged updates, as [impressions, successes]; None if it is missing."""

    variant_id: str
    acknowledged: tuple[int, int]
    counted: tuple[int, int] | None


class ReplayCounters(Struct, frozen=True):
    """The sums of the service's counters at the end, and the variants that differ from the acknowledged updates."""

    variants: int
    impressions: int
    successes: int
    mismatches: list[Mismatch]

    @property
    def equal(self) -> bool:
        """Whether all counters equal the acknowledged updates."""
        return not self.mismatches


class Report(Struct, frozen=True, kw_only=True):
    """The results of a replay, in total and by test in the order of the file."""

    run: str
    """The name of the replay: its variants have this value of the dimension `replay`."""
    seed: int
    concurrency: int
    seconds: float
    rounds_per_second: float
    total: ReplayFigures
    tests: list[ReplayedTest]
    counters: ReplayCounters
