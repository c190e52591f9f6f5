"""One metric of an experiment's phase: every variant's figures, and its comparison with control.

A fixed split is compared by its score test and, for every look before the planned end, by the always-valid e-process. An
adaptive one is compared by the propensities of its allocation epochs alone: a plain p-value would be wrong there.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from armful.core import expected_loss, probability_best
from armful.domain.experiment import Arm, Experiment
from armful.stats.adaptive import AdaptiveRate, ArmSums, adaptive_comparison, adaptive_rate
from armful.stats.comparison import compare, holm
from armful.stats.intervals import Interval, credible_interval, wilson_interval
from armful.stats.lift_evidence import LiftEvidence, judge_lift
from armful.stats.sequential import AlwaysValid, compare_always_valid

CONFIDENCE_LEVEL = 0.95


class Cell(NamedTuple):
    """Impressions and successes of a variant under an allocation epoch."""

    allocation_epoch: int
    variant: int
    impressions: int
    successes: int


class VariantComparison(Struct, kw_only=True):
    """A variant against control. Differences are of rates, lifts relative to control's rate."""

    difference: float | None
    difference_interval: Interval
    lift: float | None
    lift_interval: Interval
    p_value: float | None
    """Of the fixed horizon; None in an adaptive experiment, where there is no such test."""
    adjusted_p_value: float | None
    method: str
    always_valid: AlwaysValid | None
    """None where the split leaves nothing to compare."""
    always_valid_adjusted: float | None


class VariantResult(Struct, kw_only=True):
    """One variant's figures for one metric."""

    arm: Arm
    participants: int
    impressions: int
    successes: int
    success_rate: float
    confidence_interval: Interval
    interval_method: str
    credible_interval: Interval
    chance_to_be_best: float
    expected_loss: float
    comparison: VariantComparison | None
    weighted: AdaptiveRate | None = None
    """Where traffic followed the outcomes, the rate by propensity that the confidence interval is of."""

    @property
    def effective_impressions(self) -> int:
        """The impressions of a fixed test that would say as much about the rate."""
        return self.impressions if self.weighted is None else int(self.weighted.effective_impressions)

    @property
    def variant_id(self) -> str:
        """The variant's id."""
        return self.arm.variant_id


class Tally(NamedTuple):
    """Totals of one variant."""

    impressions: int
    successes: int


def totals(cells: Iterable[Cell]) -> dict[int, Tally]:
    """Totals by variant."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        sums[cell.variant][0] += cell.impressions
        sums[cell.variant][1] += cell.successes
    return {variant: Tally(*counts) for variant, counts in sums.items()}


def figures(
    arms: Sequence[Arm],
    cells: Sequence[Cell],
    shares: Mapping[int, Mapping[int, float]],
    *,
    adaptive: bool,
    participants: Mapping[int, int],
    evidence: Mapping[int, float],
) -> list[VariantResult]:
    """Every variant's figures, in the order of `arms`.

    Args:
        arms: The phase's, control among them.
        cells: What was counted, by allocation epoch and variant.
        shares: Each allocation epoch's share of each variant.
        adaptive: Whether shares followed outcomes.
        participants: By variant.
        evidence: The largest log e-value of earlier looks, by variant.
    """
    counted = totals(cells)
    tallies = {arm.variant: counted.get(arm.variant, Tally(0, 0)) for arm in arms}
    control = next(arm.variant for arm in arms if arm.is_control)
    others = [arm.variant for arm in arms if not arm.is_control]
    rates = _adaptive_rates(arms, cells, shares) if adaptive else {}
    comparisons = {
        variant: _adaptive(variant, control, rates, cells, shares, evidence.get(variant, 0.0))
        if adaptive
        else _fixed(
            tallies[variant],
            tallies[control],
            _pair_share(shares, variant, control),
            evidence.get(variant, 0.0),
        )
        for variant in others
    }
    _adjust(list(comparisons.values()))
    alpha = [1.0 + tallies[arm.variant].successes for arm in arms]
    beta = [1.0 + tallies[arm.variant].impressions - tallies[arm.variant].successes for arm in arms]
    return [
        VariantResult(
            arm=arm,
            participants=participants.get(arm.variant, 0),
            impressions=shown,
            successes=won,
            success_rate=won / shown if shown else 0.0,
            confidence_interval=rates[arm.variant].interval
            if adaptive
            else wilson_interval(won, shown, CONFIDENCE_LEVEL),
            interval_method="aipw" if adaptive else "wilson",
            credible_interval=credible_interval(a, b, CONFIDENCE_LEVEL),
            chance_to_be_best=chance,
            expected_loss=loss,
            comparison=comparisons.get(arm.variant),
            weighted=rates.get(arm.variant),
        )
        for arm, (shown, won), a, b, chance, loss in zip(
            arms,
            tallies.values(),
            alpha,
            beta,
            probability_best(alpha, beta).tolist(),
            expected_loss(alpha, beta).tolist(),
            strict=True,
        )
    ]


def figures_of(
    experiment: Experiment,
    arms: Sequence[Arm],
    cells: Sequence[Cell],
    shares: dict[int, dict[int, float]],
    people: dict[int, int],
    evidence: dict[int, float],
) -> list[VariantResult]:
    """`figures` in the way the experiment shares out its traffic."""
    adaptive = experiment.allocation == "thompson"
    return figures(arms, cells, shares, adaptive=adaptive, participants=people, evidence=evidence)


def _pair_share(shares: Mapping[int, Mapping[int, float]], variant: int, control: int) -> float | None:
    """The variant's share of its own and control's traffic in a fixed split, where neither is nothing."""
    for allocation_epoch in shares.values():
        mine, theirs = allocation_epoch.get(variant, 0.0), allocation_epoch.get(control, 0.0)
        if mine > 0 and theirs > 0:
            return mine / (mine + theirs)
    return None


def _fixed(variant: Tally, control: Tally, share: float | None, max_log_e: float) -> VariantComparison:
    test = compare(
        variant.successes, variant.impressions, control.successes, control.impressions, CONFIDENCE_LEVEL
    )
    return VariantComparison(
        difference=test.difference,
        difference_interval=test.difference_interval,
        lift=test.lift,
        lift_interval=test.lift_interval,
        p_value=test.p_value,
        adjusted_p_value=None,
        method=test.method,
        always_valid=None
        if share is None
        else compare_always_valid(variant.successes, control.successes, share, CONFIDENCE_LEVEL, max_log_e),
        always_valid_adjusted=None,
    )


def _adaptive_rates(
    arms: Sequence[Arm], cells: Sequence[Cell], shares: Mapping[int, Mapping[int, float]]
) -> dict[int, AdaptiveRate]:
    shown: dict[int, int] = defaultdict(int)
    for cell in cells:
        shown[cell.allocation_epoch] += cell.impressions
    rates = {}
    for arm in arms:
        sums, opportunities = ArmSums(), 0
        for allocation_epoch, impressions in shown.items():
            if shares[allocation_epoch].get(arm.variant, 0) > 0:
                opportunities += impressions
        for cell in cells:
            if (
                cell.variant == arm.variant
                and (share := shares[cell.allocation_epoch].get(arm.variant, 0)) > 0
            ):
                sums = sums.add(share, cell.impressions, cell.successes)
        rates[arm.variant] = adaptive_rate(sums, opportunities, CONFIDENCE_LEVEL)
    return rates


def _adaptive(
    variant: int,
    control: int,
    rates: Mapping[int, AdaptiveRate],
    cells: Sequence[Cell],
    shares: Mapping[int, Mapping[int, float]],
    max_log_e: float,
) -> VariantComparison:
    conversions: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        if cell.variant in (variant, control):
            conversions[cell.allocation_epoch][cell.variant == control] += cell.successes
    evidence = LiftEvidence()
    for allocation_epoch, (mine, theirs) in conversions.items():
        share = _pair_share({allocation_epoch: shares[allocation_epoch]}, variant, control)
        if share is not None:
            evidence = evidence.add(share, mine, theirs)
    estimate = adaptive_comparison(rates[variant], rates[control])
    return VariantComparison(
        difference=estimate.difference,
        difference_interval=estimate.difference_interval,
        lift=estimate.lift,
        lift_interval=estimate.lift_interval,
        p_value=None,
        adjusted_p_value=None,
        method="aipw",
        always_valid=judge_lift(evidence, CONFIDENCE_LEVEL, max_log_e),
        always_valid_adjusted=None,
    )


def _adjust(comparisons: list[VariantComparison]) -> None:
    """Holm over the comparisons, for either p-value."""
    plain = [comparison for comparison in comparisons if comparison.p_value is not None]
    for comparison, adjusted in zip(
        plain, holm([c.p_value for c in plain if c.p_value is not None]), strict=True
    ):
        comparison.adjusted_p_value = adjusted
    always = [comparison for comparison in comparisons if comparison.always_valid is not None]
    for comparison, adjusted in zip(
        always, holm([c.always_valid.p_value for c in always if c.always_valid is not None]), strict=True
    ):
        comparison.always_valid_adjusted = adjusted
