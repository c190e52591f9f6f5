"""Checks experiments whose first metric is a number, with the functions that serve their results.

As in `people`, each run is evaluated `LOOKS` times, and the last look is at the planned end. Evidence is carried from look
to look. A run errs if any variant ever has a verdict.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
from benchmarks.calibrate.measure import Measured, Size, at_most_with_error
from benchmarks.calibrate.people import LOOKS, uniform
from numpy.typing import NDArray

from armful.domain.experiment import Arm, Experiment, Metric
from armful.features.experiments.results.evaluation import evaluate
from armful.features.experiments.results.store import (
    BinTotal,
    CovariateTotal,
    Evidence,
    ParticipantTotal,
    PhaseCounts,
    Share,
)
from armful.stats.design.error_budget import error_budget

Values = NDArray[np.float64]

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=LOOKS)


def buyers(rng: np.random.Generator, count: int, fraction: float = 0.3) -> Values:
    """Draw what participants spend: a fraction of them buys, for a lognormal amount with a long tail."""
    return np.where(rng.random(count) < fraction, rng.lognormal(3.0, 1.0, count), 0.0)


def few_buyers(rng: np.random.Generator, count: int) -> Values:
    """Draw what participants spend if 5 % of them buy."""
    return buyers(rng, count, 0.05)


def false_alarms(
    size: Size,
    metric: Metric,
    spend: Callable[[np.random.Generator, int], Values] = buyers,
    arms: int = 2,
) -> Measured:
    """Count A/A runs in which any variant is ever called better or worse."""
    rng = np.random.default_rng([24, arms, len(metric.unit), round(100 * (metric.winsorize or 0))])
    wrong = sum(_has_verdict(rng, size.length // 4, metric, spend, arms) for _ in range(size.runs))
    return at_most_with_error(wrong, size)


def _has_verdict(
    rng: np.random.Generator,
    participants: int,
    metric: Metric,
    spend: Callable[[np.random.Generator, int], Values],
    arms: int,
) -> bool:
    experiment = _experiment(metric, participants, arms)
    evidence: Evidence = {}
    for look, counts in enumerate(_looks(rng, participants, metric, spend, arms), 1):
        counts.evidence = evidence
        experiment.status = "completed" if look == LOOKS else "active"
        results = evaluate(experiment, counts, END if look == LOOKS else START + timedelta(days=look))
        if any(v.comparison is not None and v.comparison.verdict != "undecided" for v in results.variants):
            return True
        evidence = results.evidence
    return False


def adjusted_false_alarms(size: Size, arms: int = 2) -> Measured:
    """Count A/A runs in which a comparison adjusted for a covariate is ever significant, as the error budget divides it.

    The covariate is what participants spend, on the log scale, with as much noise. One in five participants has none.
    """
    rng = np.random.default_rng([25, arms])
    return at_most_with_error(
        sum(_is_significant(rng, size.length // 4, arms) for _ in range(size.runs)), size
    )


def _is_significant(rng: np.random.Generator, participants: int, arms: int) -> bool:
    metric, budget = Metric("number"), error_budget(0)
    experiment = _experiment(metric, participants, arms)
    for look, counts in enumerate(_looks(rng, participants, metric, buyers, arms, with_covariate=True), 1):
        experiment.status = "completed" if look == LOOKS else "active"
        results = evaluate(experiment, counts, END if look == LOOKS else START + timedelta(days=look))
        for variant in results.variants:
            adjusted = variant.comparison.covariate_adjusted if variant.comparison is not None else None
            if (
                adjusted is None
                or adjusted.always_valid_adjusted is None
                or adjusted.adjusted_p_value is None
            ):
                continue
            if adjusted.always_valid_adjusted < budget.ever:
                return True
            if look == LOOKS and adjusted.adjusted_p_value < budget.end:
                return True
    return False


def _experiment(metric: Metric, participants: int, arms: int) -> Experiment:
    return Experiment(
        key=1, experiment_id="exp_calibrate", experiment_name="A/A", description=None, target_persona="*",
        success_metrics=["spend"], guardrails=[], metrics={"spend": metric}, duration_days=LOOKS,
        min_sample_size=participants, allocation="fixed", salt="", namespace=None, namespace_range=(0.0, 1.0),
        attribution_days=None, unresolved="failed", stop_rule=None, status="active", start_time=START,
        expected_end_time=END, end_time=None, promoted_variant_id=None, allocation_epoch=1, phase=1,
        arms=[Arm(number, f"v{number}", 1 / arms, number == 1) for number in range(1, arms + 1)],
    )  # fmt: skip


def _looks(
    rng: np.random.Generator,
    participants: int,
    metric: Metric,
    spend: Callable[[np.random.Generator, int], Values],
    arms: int,
    *,
    with_covariate: bool = False,
) -> Iterator[PhaseCounts]:
    m = uniform(rng, participants).astype(np.float64)
    y = spend(rng, participants)
    arm = rng.integers(1, arms + 1, size=participants)
    # The bin of a positive number is the first 14 bits of its absolute value (armful.stats.means.winsorize).
    bins = y.view(np.int64) >> 49
    columns = np.stack([np.ones_like(m), m, m * m, y, y * y, m * y], axis=1)
    known = np.zeros((participants, 5))
    if with_covariate:
        x = np.log1p(y) + rng.normal(0, 1.5, participants)
        known = (
            np.stack([np.ones_like(x), x, x * x, y, x * y], axis=1)
            * (rng.random(participants) < 0.8)[:, None]
        )
    for end in np.linspace(participants / LOOKS, participants, LOOKS).astype(int):
        totals, binned, shares, covariates = [], [], [], []
        for variant in range(1, arms + 1):
            own = arm[:end] == variant
            rows = columns[:end][own]
            told = rows[:, 3] > 0
            everybody, tellers = rows.sum(axis=0), rows[told].sum(axis=0)
            totals += [
                ParticipantTotal(1, variant, START.date(), "", int(everybody[0]), 0, int(everybody[1]), float(everybody[2])),
                ParticipantTotal(
                    1, variant, START.date(), "spend", int(tellers[0]), int(told.sum()), int(tellers[1]),
                    *tellers[2:].tolist(),
                ),
            ]  # fmt: skip
            shares.append(Share(1, 1, variant, 1 / arms, int(everybody[0])))
            if with_covariate:
                count, *sums = known[:end][own].sum(axis=0).tolist()
                covariates += [
                    CovariateTotal(1, variant, "", 0, int(count), sums[0], sums[1], 0.0, 0.0, 0, 0.0),
                    CovariateTotal(1, variant, "spend", 0, 0, 0.0, 0.0, sums[2], sums[3], 0, 0.0),
                ]
            if metric.winsorize is not None:
                numbers, places = np.unique(bins[:end][own][told], return_inverse=True)
                sums = np.zeros((len(numbers), 6))
                np.add.at(sums, places, rows[told])
                binned += [
                    BinTotal(1, variant, "spend", int(number), int(row[0]), int(row[1]), *row[2:].tolist())
                    for number, row in zip(numbers, sums, strict=True)
                ]  # fmt: skip
        yield PhaseCounts(
            phase=1,
            phases={1: START},
            shares=shares,
            totals=totals,
            days=[],
            metrics=[],
            evidence={},
            bins=binned,
            covariates=covariates,
        )
