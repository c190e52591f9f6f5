"""The results of one metric in one phase: each variant's value, and its comparison with control.

Participants are the unit: they were assigned at random, and each counts once. Impressions of one participant are not
independent.

With a fixed split, each variant's conversion rate is compared with control by a score test at the planned end, and by an
always-valid sequential test at any time before. With an adaptive split, the comparison weights participants by the
propensities of the allocation epochs: a plain p-value is not valid there, and the test at the planned end inverts the
weighted interval. `means` has the results of numbers and ratios.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from armful.core import expected_loss, probability_best
from armful.domain.experiment import Arm, Experiment, Metric
from armful.features.experiments.results.cells import Cell, Tally
from armful.features.experiments.results.means import compute_mean_results
from armful.features.experiments.results.variant_result import (
    CONFIDENCE_LEVEL,
    VariantComparison,
    VariantResult,
)
from armful.stats.design.multiplicity import holm
from armful.stats.rates.adaptive import (
    AdaptiveRate,
    ArmSums,
    adaptive_comparison,
    adaptive_p_value,
    adaptive_rate,
)
from armful.stats.rates.comparison import compare
from armful.stats.rates.intervals import credible_interval, wilson_interval
from armful.stats.rates.lift_evidence import LiftEvidence, evaluate_lift
from armful.stats.rates.sequential import NO_EVIDENCE, SidedEvidence, compare_always_valid

_CONVERSION = Metric()


class _Counted(NamedTuple):
    """One variant's participants, how many of them converted, and how many are impressions whose events name nobody."""

    participants: int
    converted: int
    anonymous: int


def _totals(cells: Iterable[Cell]) -> dict[int, _Counted]:
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for cell in cells:
        sums[cell.variant][0] += cell.participants
        sums[cell.variant][1] += cell.converted
        sums[cell.variant][2] += cell.anonymous
    return {variant: _Counted(*counts) for variant, counts in sums.items()}


def compute_variant_results(
    arms: Sequence[Arm],
    cells: Sequence[Cell],
    shares: Mapping[int, Mapping[int, float]],
    *,
    adaptive: bool,
    evidence: Mapping[int, SidedEvidence],
    impressions: Mapping[int, Tally] = MappingProxyType({}),
    as_planned: bool = False,
    metric: Metric = _CONVERSION,
    sample_size: int | None = None,
) -> list[VariantResult]:
    """Compute the results of every variant, in the order of `arms`.

    Args:
        arms: The arms of the phase, including control.
        cells: The counts, by allocation epoch and variant.
        shares: The traffic share of each variant, by allocation epoch.
        adaptive: Whether the shares follow the outcomes.
        evidence: The largest log e-values of earlier evaluations, by variant key.
        impressions: The impressions and successes, by variant key. No other figure depends on them.
        as_planned: Whether the experiment ran for its whole planned duration.
        metric: What the metric is. Shares that follow the outcomes allow a conversion rate only.
        sample_size: The planned number of participants of all arms, if there is one.
    """
    variants = (
        _rate_results(
            arms,
            cells,
            shares,
            metric,
            adaptive=adaptive,
            evidence=evidence,
            impressions=impressions,
            as_planned=as_planned,
        )
        if metric.is_conversion
        else compute_mean_results(
            arms, cells, shares, metric, evidence=evidence, impressions=impressions, sample_size=sample_size
        )
    )
    _apply_holm([variant.comparison for variant in variants if variant.comparison is not None])
    return variants


def _rate_results(
    arms: Sequence[Arm],
    cells: Sequence[Cell],
    shares: Mapping[int, Mapping[int, float]],
    metric: Metric,
    *,
    adaptive: bool,
    evidence: Mapping[int, SidedEvidence],
    impressions: Mapping[int, Tally],
    as_planned: bool,
) -> list[VariantResult]:
    counted = _totals(cells)
    tallies = {arm.variant: counted.get(arm.variant, _Counted(0, 0, 0)) for arm in arms}
    control = next(arm.variant for arm in arms if arm.is_control)
    others = [arm.variant for arm in arms if not arm.is_control]
    rates = _adaptive_rates(arms, cells, shares) if adaptive else {}
    comparisons = {
        variant: _adaptive_comparison(
            variant, control, rates, cells, shares, evidence.get(variant, NO_EVIDENCE), as_planned=as_planned
        )
        if adaptive
        else _fixed_comparison(
            tallies[variant],
            tallies[control],
            _pair_share(shares, variant, control),
            evidence.get(variant, NO_EVIDENCE),
        )
        for variant in others
    }
    alpha, beta = zip(
        *(_posterior(arm, tallies[arm.variant], rates.get(arm.variant)) for arm in arms), strict=True
    )
    # If less is better, the best variant is the one with the highest rate of those who did not convert.
    to_maximise = (alpha, beta) if metric.goal == "increase" else (beta, alpha)
    return [
        VariantResult(
            arm=arm,
            metric=metric,
            participants=tally.participants,
            converted=tally.converted,
            conversion_rate=tally.converted / tally.participants if tally.participants else 0.0,
            impressions=impressions.get(arm.variant, Tally()).impressions,
            successes=impressions.get(arm.variant, Tally()).successes,
            confidence_interval=rates[arm.variant].interval
            if adaptive
            else wilson_interval(tally.converted, tally.participants, CONFIDENCE_LEVEL),
            interval_method="aipw" if adaptive else "wilson",
            credible_interval=credible_interval(a, b, CONFIDENCE_LEVEL),
            posterior_mean=a / (a + b),
            chance_to_be_best=chance,
            expected_loss=loss,
            comparison=comparisons.get(arm.variant),
            weighted=rates.get(arm.variant),
        )
        for arm, tally, a, b, chance, loss in zip(
            arms,
            tallies.values(),
            alpha,
            beta,
            probability_best(*to_maximise).tolist(),
            expected_loss(*to_maximise).tolist(),
            strict=True,
        )
    ]


def compute_experiment_results(
    experiment: Experiment,
    metric: Metric,
    arms: Sequence[Arm],
    cells: Sequence[Cell],
    shares: dict[int, dict[int, float]],
    evidence: Mapping[int, SidedEvidence],
    *,
    impressions: Mapping[int, Tally] = MappingProxyType({}),
    as_planned: bool = False,
) -> list[VariantResult]:
    """Compute every variant's results by the experiment's own allocation; see `compute_variant_results`."""
    return compute_variant_results(
        arms,
        cells,
        shares,
        adaptive=experiment.allocation == "thompson",
        evidence=evidence,
        impressions=impressions,
        as_planned=as_planned,
        metric=metric,
        sample_size=experiment.min_sample_size,
    )


def _posterior(arm: Arm, tally: _Counted, weighted: AdaptiveRate | None) -> tuple[float, float]:
    """Return the parameters of a variant's posterior: its own prior, plus those who converted and those who did not.

    In an adaptive experiment they are those of the weighted rate and its effective sample size. Plain counts would take a
    drift that all variants share for a difference.
    """
    if weighted is None or weighted.rate is None:
        converted: float = tally.converted
        participants: float = tally.participants
    else:
        participants = weighted.effective_impressions
        converted = weighted.rate * participants
    return arm.prior_alpha + converted, arm.prior_beta + participants - converted


def _pair_share(shares: Mapping[int, Mapping[int, float]], variant: int, control: int) -> float | None:
    """Return the variant's share of the traffic that it and control got together, in the first epoch that had both."""
    for allocation_epoch in shares.values():
        variant_share, control_share = allocation_epoch.get(variant, 0.0), allocation_epoch.get(control, 0.0)
        if variant_share > 0 and control_share > 0:
            return variant_share / (variant_share + control_share)
    return None


def _expected_share(variant: _Counted, control: _Counted, planned: float) -> float | None:
    """Return the variant's expected share of the participants that it and control have; None if it is 0 or 1.

    For participants that events name it is the planned share, which the sample-ratio test checks. How other impressions were
    split is not known to be planned. Their expected share is the share that the variant got, so that the split itself is
    never taken for an effect.
    """
    total = variant.participants + control.participants
    if not total:
        return planned
    named = total - variant.anonymous - control.anonymous
    share = (planned * named + variant.anonymous) / total
    return share if 0 < share < 1 else None


def _fixed_comparison(
    variant: _Counted, control: _Counted, planned_share: float | None, before: SidedEvidence
) -> VariantComparison:
    share = None if planned_share is None else _expected_share(variant, control, planned_share)
    test = compare(
        variant.converted, variant.participants, control.converted, control.participants, CONFIDENCE_LEVEL
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
        else compare_always_valid(variant.converted, control.converted, share, CONFIDENCE_LEVEL, before),
        always_valid_adjusted=None,
    )


def _adaptive_rates(
    arms: Sequence[Arm], cells: Sequence[Cell], shares: Mapping[int, Mapping[int, float]]
) -> dict[int, AdaptiveRate]:
    epoch_participants: dict[int, int] = defaultdict(int)
    for cell in cells:
        epoch_participants[cell.allocation_epoch] += cell.participants
    rates = {}
    for arm in arms:
        sums, opportunities = ArmSums(), 0
        for allocation_epoch, participants in epoch_participants.items():
            if shares[allocation_epoch].get(arm.variant, 0) > 0:
                opportunities += participants
        for cell in cells:
            if (
                cell.variant == arm.variant
                and (share := shares[cell.allocation_epoch].get(arm.variant, 0)) > 0
            ):
                sums = sums.add(share, cell.participants, cell.converted)
        rates[arm.variant] = adaptive_rate(sums, opportunities, CONFIDENCE_LEVEL)
    return rates


def _adaptive_comparison(
    variant: int,
    control: int,
    rates: Mapping[int, AdaptiveRate],
    cells: Sequence[Cell],
    shares: Mapping[int, Mapping[int, float]],
    before: SidedEvidence,
    *,
    as_planned: bool,
) -> VariantComparison:
    conversions: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        if cell.variant in (variant, control):
            conversions[cell.allocation_epoch][cell.variant == control] += cell.converted
    evidence = LiftEvidence()
    for allocation_epoch, (variant_successes, control_successes) in conversions.items():
        share = _pair_share({allocation_epoch: shares[allocation_epoch]}, variant, control)
        if share is not None:
            evidence = evidence.add(share, variant_successes, control_successes)
    estimate = adaptive_comparison(rates[variant], rates[control])
    return VariantComparison(
        difference=estimate.difference,
        difference_interval=estimate.difference_interval,
        lift=estimate.lift,
        lift_interval=estimate.lift_interval,
        p_value=adaptive_p_value(rates[variant], rates[control]) if as_planned else None,
        adjusted_p_value=None,
        method="aipw",
        always_valid=evaluate_lift(evidence, CONFIDENCE_LEVEL, before),
        always_valid_adjusted=None,
    )


def _apply_holm(comparisons: list[VariantComparison]) -> None:
    """Adjust the p-values of both tests for the number of comparisons, by Holm's method."""
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
