"""Checks tests whose traffic follows Thompson sampling and which are evaluated after every impression."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from benchmarks.calibrate.measure import Measured, Size, at_most, is_quick, within
from benchmarks.calibrate.peeking import SIGNIFICANT, naive_p_values
from scipy.special import betaln

from armful.stats.rates.adaptive import ArmSums, adaptive_comparison, adaptive_rate
from armful.stats.rates.lift_evidence import LiftEvidence, lift_log_e
from armful.stats.rates.sequential import CONCENTRATION

FLOOR = 0.05
CHUNK = 250


class Run(NamedTuple):
    """The impressions of a run, one element each."""

    propensity: np.ndarray
    """The probability with which the variant was chosen."""

    treated: np.ndarray
    won: np.ndarray


class Judged(NamedTuple):
    """The conclusions from each run."""

    found_after: np.ndarray
    """Impressions until the always-valid p-value is significant; infinity if it never is."""

    missed_truth: np.ndarray
    """Whether the confidence sequence ever excluded the true lift."""

    naive_at_end: np.ndarray
    naive_peeking: np.ndarray
    covered: np.ndarray
    """Whether the interval of the weighted difference contains the true difference at the end."""

    lift_covered: np.ndarray
    naive_covered: np.ndarray


def thompson(size: Size, control_rate: float, rate: float, floor: float, delay: int) -> Iterator[Run]:
    """Simulate two arms under exact Thompson sampling with floors, updated after every impression.

    The probability that the variant's draw is larger changes by a simple term with every observation (Cook 2005, *Exact
    calculation of Beta inequalities*), so it is exact and cheap. With `delay`, an outcome is counted that many impressions
    after its own impression.
    """
    rng = np.random.default_rng([12, round(1000 * rate), round(1000 * control_rate), delay])
    for start in range(0, size.runs, CHUNK):
        runs = min(CHUNK, size.runs - start)
        propensity = np.empty((size.length, runs))
        treated = np.empty((size.length, runs), dtype=bool)
        won = np.empty((size.length, runs), dtype=bool)
        # Successes and failures of the variant and of control, each plus one for the prior.
        counts = np.ones((4, runs))
        greater, term = np.full(runs, 0.5), np.full(runs, 1 / 6)
        for t in range(size.length):
            propensity[t] = floor + (1 - 2 * floor) * np.clip(greater, 0, 1)
            treated[t] = rng.random(runs) < propensity[t]
            won[t] = rng.random(runs) < np.where(treated[t], rate, control_rate)
            if t >= delay:
                greater, term = _observe(counts, greater, term, treated[t - delay], won[t - delay])
        for run in range(runs):
            yield Run(propensity[:, run], treated[:, run], won[:, run])


def _observe(
    counts: np.ndarray, greater: np.ndarray, term: np.ndarray, treated: np.ndarray, won: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    which = 2 * ~treated + ~won
    columns = np.arange(which.size)
    own = counts[which, columns]
    same_arm = counts[which ^ 1, columns] + own
    same_outcome = counts[which ^ 2, columns] + own
    # A success of the variant and a failure of control increase the probability. The other two decrease it.
    greater = greater + np.where((which == 0) | (which == 3), 1.0, -1.0) * term / own
    term = term * same_outcome * same_arm / (counts.sum(axis=0) * own)
    counts[which, columns] += 1
    return greater, term


@lru_cache
def judged(size: Size, control_rate: float, rate: float, floor: float = FLOOR, delay: int = 0) -> Judged:
    """Simulate runs, and return their conclusions."""
    columns: list[list[float]] = []
    for number, run in enumerate(thompson(size, control_rate, rate, floor, delay)):
        when = np.flatnonzero(run.won)
        evidence, against_truth = log_e_paths(
            run.propensity[when], run.treated[when], np.log(rate / control_rate)
        )
        if number % 100 == 0:
            _agrees_with_the_library(run, evidence)
        significant = np.flatnonzero(evidence >= -np.log(SIGNIFICANT))
        naive = naive_p_values(run.treated, run.won)
        figures = (
            when[significant[0]] + 1 if significant.size else np.inf,
            (against_truth >= -np.log(SIGNIFICANT)).any(),
            naive[-1] < SIGNIFICANT,
            (naive[100:] < SIGNIFICANT).any(),
            *_covered(run, rate - control_rate, rate / control_rate - 1),
            _naively_covered(run, rate - control_rate),
        )
        columns.append([float(figure) for figure in figures])
    return Judged(*np.array(columns).T)


def log_e_paths(
    propensity: np.ndarray, treated: np.ndarray, true_log_lift: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the log e-values after every conversion, against no lift and against the true lift.

    The library integrates over lifts. This sums over a grid, which is fine enough for this number of conversions.
    """
    log_lifts = np.linspace(-1.5, 1.5, 121)
    prior = CONCENTRATION / 2 * log_lifts - CONCENTRATION * np.logaddexp(0, log_lifts)
    prior += np.log(log_lifts[1] - log_lifts[0]) - betaln(CONCENTRATION / 2, CONCENTRATION / 2)

    def log_likelihoods(at: np.ndarray) -> np.ndarray:
        labels = np.outer(treated, at) - np.log1p(np.outer(propensity, np.expm1(at)))
        return np.asarray(labels.cumsum(axis=0))

    terms = log_likelihoods(log_lifts) + prior
    peaks = terms.max(axis=1)
    log_e = peaks + np.log(np.exp(terms - peaks[:, None]).sum(axis=1))
    return log_e, log_e - log_likelihoods(np.array([true_log_lift]))[:, 0]


def _agrees_with_the_library(run: Run, log_e: np.ndarray) -> None:
    evidence = LiftEvidence()
    for propensity, treated in zip(
        run.propensity[run.won].tolist(), run.treated[run.won].tolist(), strict=True
    ):
        evidence = evidence.add(propensity, int(treated), int(not treated))
    if log_e.size and abs(lift_log_e(evidence) - log_e[-1]) > 0.01:
        raise AssertionError(f"the grid gives {log_e[-1]}, the library {lift_log_e(evidence)}")


def _covered(run: Run, difference: float, lift: float) -> tuple[bool, bool]:
    estimates = []
    for shown, propensity in ((run.treated, run.propensity), (~run.treated, 1 - run.propensity)):
        weights, won = 1 / propensity[shown], run.won[shown]
        sums = ArmSums(
            int(shown.sum()),
            int(won.sum()),
            float(weights.sum()),
            float((weights**2).sum()),
            float(weights[won].sum()),
            float((weights[won] ** 2).sum()),
        )
        estimates.append(adaptive_rate(sums, shown.size))
    result = adaptive_comparison(*estimates)
    return (
        result.difference_interval.lower <= difference <= result.difference_interval.upper,
        result.lift_interval.lower <= lift <= result.lift_interval.upper,
    )


def _naively_covered(run: Run, difference: float) -> bool:
    n1, n0 = run.treated.sum(), (~run.treated).sum()
    p1, p0 = run.won[run.treated].mean(), run.won[~run.treated].mean()
    error = np.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
    return bool(abs(p1 - p0 - difference) <= 1.96 * error)


def false_alarms(size: Size, rate: float, delay: int = 0) -> Measured:
    """Count A/A runs that are ever significant."""
    return at_most(int(np.isfinite(judged(size, rate, rate, delay=delay).found_after).sum()), size, 0.05)


def naive_false_alarms(size: Size, rate: float = 0.05) -> Measured:
    """Count A/A runs whose pooled z test is significant at the end, and ever."""
    result = judged(size, rate, rate)
    return Measured(
        f"{result.naive_at_end.mean():.1%} at the end, {result.naive_peeking.mean():.1%} ever",
        "for comparison",
        True,
    )


def sequence_misses(size: Size) -> Measured:
    """Count runs of 0.08 against 0.12 whose confidence sequence ever excludes the true lift."""
    return at_most(int(judged(size, 0.08, 0.12).missed_truth.sum()), size, 0.05)


def impressions_to_significance(size: Size, floor: float) -> Measured:
    """Return the median number of impressions at which 0.08 against 0.12 becomes significant."""
    found = judged(size, 0.08, 0.12, floor).found_after
    median = np.median(found)
    return Measured(
        f"{median:,.0f} (found in {np.isfinite(found).mean():.1%} of runs)", "for comparison", True
    )


def coverage(size: Size, control_rate: float, rate: float) -> Measured:
    """Return how often the interval of the weighted difference contains the true difference at the end."""
    result = judged(size, control_rate, rate)
    return _within_reach(size, result.covered, f" (unweighted {result.naive_covered.mean():.1%})")


def lift_coverage(size: Size, control_rate: float, rate: float) -> Measured:
    """Return how often the interval of the weighted lift contains the true lift at the end."""
    return _within_reach(size, judged(size, control_rate, rate).lift_covered)


def _within_reach(size: Size, covered: np.ndarray, note: str = "") -> Measured:
    low, high = (0.9, 1.0) if is_quick(size) else (0.935, 0.98)
    return within(float(covered.mean()), low, high, note)
