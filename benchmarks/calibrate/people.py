"""Checks experiments with people: participants with several impressions whose outcomes resemble each other.

Each run is evaluated `LOOKS` times. The last look is at the planned end. A metric is significant if the sequential test
reaches its level at any look, or the fixed-horizon test its own at the end, as `error_budget` divides them.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from benchmarks.calibrate.measure import Measured, Size, at_most_with_error
from numpy.typing import NDArray

from armful.stats.design.error_budget import error_budget
from armful.stats.design.heterogeneity import cochran_q
from armful.stats.design.multiplicity import benjamini_hochberg, holm
from armful.stats.means.confidence_sequence import sided_mean_log_e
from armful.stats.means.numeric import compare_means
from armful.stats.means.participant_totals import ParticipantTotals
from armful.stats.rates.comparison import compare
from armful.stats.rates.sequential import NO_EVIDENCE, SidedEvidence, sided_log_e, sided_p

LOOKS = 25
RATE = 0.1

Counts = NDArray[np.int64]
Metric = Literal["converted", "ratio"]
"""Whether a participant converted at least once, or the successes per impression."""


def uniform(rng: np.random.Generator, count: int) -> Counts:
    """Draw 1 to 20 impressions."""
    return rng.integers(1, 21, size=count)


def geometric(rng: np.random.Generator, count: int) -> Counts:
    """Draw a mean of 5 impressions."""
    return rng.geometric(0.2, size=count)


def heavy_tailed(rng: np.random.Generator, count: int) -> Counts:
    """Draw impressions whose tail falls with the power 1.5, up to 1,000."""
    return np.ceil(1 + rng.pareto(1.5, size=count)).clip(1, 1000).astype(np.int64)


def with_bots(rng: np.random.Generator, count: int) -> Counts:
    """Draw 1 to 20 impressions, and 1,000 for one participant in a thousand."""
    return np.where(rng.random(count) < 0.001, 1000, uniform(rng, count))


def false_alarms(
    size: Size,
    metric: Metric,
    icc: float = 0.1,
    impressions: Callable[[np.random.Generator, int], Counts] = uniform,
    arms: int = 2,
) -> Measured:
    """Count A/A runs in which any arm is ever significant, or at the end."""
    rng = np.random.default_rng([16, len(metric), round(100 * icc), arms, len(impressions.__name__)])
    wrong = 0
    for _ in range(size.runs):
        looks = list(_looks(rng, size.length // 4, arms, icc, impressions))
        wrong += min(_p_over_level([looks], metric)) < 1
    return at_most_with_error(wrong, size)


def naive_false_alarms(size: Size, icc: float = 0.1) -> Measured:
    """Count A/A runs in which a z test of impressions is ever significant at 5 %."""
    rng = np.random.default_rng(17)
    wrong = 0
    for _ in range(size.runs):
        for arms in _looks(rng, size.length // 4, 2, icc, uniform):
            counts = [int(x) for arm in arms[::-1] for x in (arm.total, arm.impressions)]
            if compare(*counts).p_value < 0.05:
                wrong += 1
                break
    return Measured(f"{wrong / size.runs:.1%}", "for comparison", True)


def guardrail_alarms(size: Size, guardrails: int = 3) -> Measured:
    """Count A/A runs in which any guardrail is ever called harmed, adjusted over guardrails."""
    rng = np.random.default_rng(18)
    wrong = 0
    for _ in range(size.runs):
        metrics = [list(_looks(rng, size.length // 4, 2, 0.1, uniform)) for _ in range(guardrails)]
        wrong += min(_p_over_level(metrics, "ratio", harm_only=True)) < 1
    return at_most_with_error(wrong, size)


def segment_alarms(size: Size, segments: int = 20) -> Measured:
    """Count A/A runs in which any of the segments is called significant at the end, after the interaction test."""
    rng = np.random.default_rng(19)
    wrong = 0
    for _ in range(size.runs):
        ends = [list(_looks(rng, size.length // 40, 2, 0.1, uniform, looks=1))[-1] for _ in range(segments)]
        pairs = [(variant.ratio(), control.ratio()) for control, variant in ends]
        differences = [compare_means(*pair, distribution="normal") for pair in pairs]
        gaps = [result.difference or 0.0 for result in differences]
        interaction = cochran_q(gaps, [a.variance + b.variance for a, b in pairs])
        adjusted = benjamini_hochberg([result.p_value for result in differences])
        wrong += interaction < 0.05 and min(adjusted) < 0.05
    return at_most_with_error(wrong, size)


def _looks(
    rng: np.random.Generator,
    participants: int,
    arms: int,
    icc: float,
    impressions: Callable[[np.random.Generator, int], Counts],
    looks: int = LOOKS,
) -> Iterator[list[ParticipantTotals]]:
    """Draw participants, who all come once, and give each arm's sums at each look, control first."""
    m = impressions(rng, participants)
    own = rng.beta(RATE * (1 / icc - 1), (1 - RATE) * (1 / icc - 1), participants) if icc else RATE
    y = rng.binomial(m, own)
    arm = rng.integers(arms, size=participants)
    columns = np.stack([np.ones_like(m), m, y, m * m, m * y, y * y, y >= 1], axis=1)
    ends = np.linspace(participants / looks, participants, looks).astype(int) - 1
    sums = [(columns * (arm == number)[:, None]).cumsum(axis=0)[ends].tolist() for number in range(arms)]
    for rows in zip(*sums, strict=True):
        yield [ParticipantTotals(*row) for row in rows]


def _p_over_level(
    experiments: list[list[list[ParticipantTotals]]], metric: Metric, *, harm_only: bool = False
) -> list[float]:
    """Return the p-values of both tests, adjusted over all comparisons with control, divided by their levels.

    Each experiment has a list of arms, control first, for each look. With `harm_only`, only a lower value counts.
    """
    budget = error_budget(0)
    ever, end = [], []
    for experiment in experiments:
        arms = len(experiment[0])
        planned = 2 / arms * sum(arm.participants for arm in experiment[-1])
        for number in range(1, arms):
            evidence = NO_EVIDENCE
            for look in experiment:
                evidence = evidence.strongest(_evidence(look[number], look[0], metric, planned))
            ever.append(sided_p(evidence.worse if harm_only else max(evidence)))
            end.append(_p_at_end(experiment[-1][number], experiment[-1][0], metric, harm_only=harm_only))
    return [p / budget.ever for p in holm(ever)] + [p / budget.end for p in holm(end)]


def _evidence(
    variant: ParticipantTotals, control: ParticipantTotals, metric: Metric, planned: float
) -> SidedEvidence:
    if metric == "converted":
        return sided_log_e(variant.converted, control.converted, 0.5)
    return sided_mean_log_e(variant.ratio(), control.ratio(), planned)


def _p_at_end(
    variant: ParticipantTotals, control: ParticipantTotals, metric: Metric, *, harm_only: bool
) -> float:
    if metric == "converted":
        return compare(
            variant.converted, variant.participants, control.converted, control.participants
        ).p_value
    result = compare_means(variant.ratio(), control.ratio(), distribution="normal")
    return result.p_value if not harm_only or (result.difference or 0) < 0 else 1.0
