"""The results of a number or a ratio to impressions: each variant's value, and its comparison with control.

A number per participant is compared by Welch's t test at the planned end, and a ratio by the delta method, with
participants as the independent observations. The sequential test is that of `armful.stats.means.confidence_sequence`. The
chance to be best and the expected loss come from normal distributions of the values; there is no prior.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from armful.domain.experiment import Arm, Metric
from armful.features.experiments.results.cells import Cell, Tally
from armful.features.experiments.results.variant_result import (
    CONFIDENCE_LEVEL,
    VariantComparison,
    VariantResult,
)
from armful.stats.means.confidence_sequence import compare_means_always_valid
from armful.stats.means.normal_best import normal_best
from armful.stats.means.numeric import EVERYTHING, compare_means, mean_interval
from armful.stats.means.participant_totals import Estimate, ParticipantTotals, estimate
from armful.stats.means.winsorize import winsorize
from armful.stats.rates.sequential import NO_EVIDENCE, SidedEvidence

DEFAULT_SAMPLE_SIZE = 10_000
"""The participants for which the sequential test is planned if the experiment does not say. The test is valid for any."""


class _Arms(NamedTuple):
    """The sums of every arm, in the order of the arms."""

    plain: list[ParticipantTotals]
    used: list[ParticipantTotals]
    """With values limited."""
    limit: float | None
    limited: list[int]


def compute_mean_results(
    arms: Sequence[Arm],
    cells: Sequence[Cell],
    shares: Mapping[int, Mapping[int, float]],
    metric: Metric,
    *,
    evidence: Mapping[int, SidedEvidence],
    impressions: Mapping[int, Tally],
    sample_size: int | None,
) -> list[VariantResult]:
    """Compute the results of every variant, in the order of `arms`. p-values are not adjusted yet.

    Args:
        arms: The arms of the phase, including control.
        cells: The sums, by allocation epoch and variant.
        shares: The traffic share of each variant, by allocation epoch.
        metric: What the metric is.
        evidence: The largest log e-values of earlier evaluations, by variant key.
        impressions: The impressions and successes, by variant key.
        sample_size: The planned number of participants of all arms, if there is one.
    """
    sums = _sums(arms, cells, metric)
    estimates = [estimate(totals, metric.type, metric.unit) for totals in sums.used]
    distribution: Literal["student", "normal"] = "student" if metric.unit == "participant" else "normal"
    control = next(number for number, arm in enumerate(arms) if arm.is_control)
    chances, losses = _best(estimates, metric)
    return [
        VariantResult(
            arm=arm,
            participants=plain.participants,
            converted=plain.converted,
            conversion_rate=plain.converted / plain.participants if plain.participants else 0.0,
            impressions=impressions.get(arm.variant, Tally()).impressions,
            successes=impressions.get(arm.variant, Tally()).successes,
            confidence_interval=mean_interval(value, CONFIDENCE_LEVEL, distribution=distribution),
            interval_method="student_t" if metric.unit == "participant" else "delta_method",
            credible_interval=mean_interval(value, CONFIDENCE_LEVEL, distribution="normal"),
            posterior_mean=value.value or 0.0,
            chance_to_be_best=chance,
            expected_loss=loss,
            comparison=None
            if number == control
            else _comparison(
                value,
                estimates[control],
                distribution,
                planned_participants(shares, arm.variant, arms[control].variant, sample_size),
                evidence.get(arm.variant, NO_EVIDENCE),
            ),
            metric=metric,
            estimate=value,
            sums=used,
            total=plain.total,
            limit=sums.limit,
            limited=sums.limited[number],
        )
        for number, (arm, plain, used, value, chance, loss) in enumerate(
            zip(arms, sums.plain, sums.used, estimates, chances, losses, strict=True)
        )
    ]


def _sums(arms: Sequence[Arm], cells: Sequence[Cell], metric: Metric) -> _Arms:
    grouped: dict[tuple[int, int | None], list[ParticipantTotals]] = defaultdict(list)
    for cell in cells:
        grouped[cell.variant, cell.bin].append(cell.sums)
    added = {key: ParticipantTotals.sum(sums) for key, sums in grouped.items()}
    totals = [added.get((arm.variant, None), ParticipantTotals()) for arm in arms]
    if metric.winsorize is None:
        return _Arms(totals, totals, None, [0] * len(arms))
    bins: dict[int, dict[int, ParticipantTotals]] = defaultdict(dict)
    for (variant, number), sums in added.items():
        if number is not None:
            bins[variant][number] = sums
    binned = [bins[arm.variant] for arm in arms]
    limited = winsorize(binned, metric.winsorize)
    return _Arms(
        [_with_values(total, own.values()) for total, own in zip(totals, binned, strict=True)],
        [_with_values(total, [own]) for total, own in zip(totals, limited.arms, strict=True)],
        limited.limit,
        limited.replaced,
    )


def _with_values(people: ParticipantTotals, values: Iterable[ParticipantTotals]) -> ParticipantTotals:
    """Add the values of some of the participants."""
    sums = ParticipantTotals.sum(values)
    return people + replace(sums, participants=0, impressions=0, impressions_squared=0, converted=0)


def _best(estimates: Sequence[Estimate], metric: Metric) -> tuple[list[float], list[float]]:
    """Return each arm's chance to be best and expected loss: unknown while an arm has fewer than two participants."""
    values = [one.value for one in estimates if one.value is not None]
    if len(values) < len(estimates) or not all(math.isfinite(one.variance) for one in estimates):
        return [1 / len(estimates)] * len(estimates), [math.inf] * len(estimates)
    sign = 1 if metric.goal == "increase" else -1
    found = normal_best([sign * value for value in values], [one.variance for one in estimates])
    return found.chances, found.losses


def planned_participants(
    shares: Mapping[int, Mapping[int, float]], variant: int, control: int, sample_size: int | None
) -> float:
    """Return the planned participants of a variant and control: those of the first epoch that has both."""
    size = sample_size or DEFAULT_SAMPLE_SIZE
    for epoch in shares.values():
        if epoch.get(variant, 0.0) > 0 and epoch.get(control, 0.0) > 0:
            return size * (epoch[variant] + epoch[control])
    return float(size)


def _comparison(
    variant: Estimate,
    control: Estimate,
    distribution: Literal["student", "normal"],
    planned_participants: float,
    before: SidedEvidence,
) -> VariantComparison:
    test = compare_means(variant, control, CONFIDENCE_LEVEL, distribution=distribution)
    return VariantComparison(
        difference=test.difference,
        difference_interval=test.difference_interval,
        lift=test.lift,
        lift_interval=test.lift_interval or EVERYTHING,
        p_value=test.p_value,
        adjusted_p_value=None,
        method="welch_t" if distribution == "student" else "delta_method",
        always_valid=compare_means_always_valid(
            variant, control, planned_participants, CONFIDENCE_LEVEL, before
        ),
        always_valid_adjusted=None,
    )
