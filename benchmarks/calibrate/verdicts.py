"""Checks how often the service's verdicts report a difference that does not exist, at any look or the planned end."""

import numpy as np
from benchmarks.calibrate.measure import Measured, Size, at_most

from armful.domain.experiment import Arm
from armful.features.experiments.results.comparisons import Cell, compute_variant_results
from armful.features.experiments.results.verdicts import set_verdicts
from armful.stats.design.error_budget import error_budget
from armful.stats.rates.sequential import SidedEvidence

LOOKS = 20


def wrong_verdicts(size: Size, arms: int, rate: float = 0.05) -> Measured:
    """Count A/A runs in which any variant ever gets the verdict `better` or `worse`.

    Each run is evaluated `LOOKS` times. The last look is at the planned end.
    """
    rng = np.random.default_rng([12, arms])
    return at_most(sum(_is_wrong(rng, size.length, arms, rate) for _ in range(size.runs)), size, 0.05)


def _is_wrong(rng: np.random.Generator, length: int, count: int, rate: float) -> bool:
    share = 1 / count
    arms = [Arm(number, f"v{number}", share, number == 0) for number in range(count)]
    shares = {1: {arm.variant: share for arm in arms}}
    impressions, successes = np.zeros(count, dtype=int), np.zeros(count, dtype=int)
    evidence: dict[int, SidedEvidence] = {}
    for look in range(1, LOOKS + 1):
        shown = rng.multinomial(length // LOOKS, [share] * count)
        impressions += shown
        successes += rng.binomial(shown, rate)
        cells = [
            Cell(1, arm.variant, int(impressions[arm.variant]), int(successes[arm.variant])) for arm in arms
        ]
        variants = compute_variant_results(
            arms, cells, shares, adaptive=False, evidence=evidence, as_planned=look == LOOKS
        )
        set_verdicts(variants, error_budget(0), as_planned=look == LOOKS, valid=True)
        for variant in variants:
            if variant.comparison is None:
                continue
            if variant.comparison.verdict != "undecided":
                return True
            if variant.comparison.always_valid is not None:
                evidence[variant.arm.variant] = variant.comparison.always_valid.evidence
    return False
