"""An experiment's results: every figure of STATISTICS from its counts, and a recommendation."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from armful.core import expected_loss, probability_best
from armful.model import Experiment
from armful.stats.comparison import Comparison, compare, holm
from armful.stats.intervals import Interval, credible_interval, wilson_interval
from armful.stats.power import minimum_detectable_effect
from armful.stats.srm import SampleRatio, sample_ratio_test
from armful.storage.experiments import DayCount, SegmentCount

CONFIDENCE_LEVEL = 0.95
LEAST_PARTICIPANTS = 100
"""Under this many participants no result is called significant."""

_LEAST_CHANCE_TO_BE_BEST = 0.95

Recommendation = Literal["insufficient_data", "continue", "complete", "investigate"]


class VariantResult(Struct, kw_only=True):
    """One variant of an experiment."""

    variant_id: str
    is_control: bool
    traffic_allocation: float
    participants: int
    impressions: int
    successes: int
    success_rate: float
    confidence_interval: Interval
    credible_interval: Interval
    chance_to_be_best: float
    expected_loss: float
    comparison: Comparison | None
    adjusted_p_value: float | None


class Significance(Struct, kw_only=True):
    """The leading variant against control."""

    p_value: float | None
    adjusted_p_value: float | None
    confidence_level: float
    is_significant: bool
    minimum_detectable_effect: float | None
    method: str | None


class Day(Struct, frozen=True):
    """A variant's counts on one UTC day."""

    day: str
    variant_id: str
    impressions: int
    successes: int


class Segment(Struct):
    """The same figures among what bears one value."""

    variants: list[VariantResult]
    significance: Significance


class Results(Struct, kw_only=True):
    """What an experiment has shown."""

    experiment: Experiment
    participants: int
    elapsed: timedelta
    progress_percentage: float
    completed_as_planned: bool
    sample_ratio: SampleRatio
    variants: list[VariantResult]
    significance: Significance
    leading_variant_id: str | None
    winner_variant_id: str | None
    improvement_percentage: float | None
    recommendation: Recommendation
    message: str
    days: list[Day]
    segments: dict[str, Segment] | None = None


class _Count(Struct):
    impressions: int = 0
    successes: int = 0
    anonymous: int = 0


def judge(experiment: Experiment, days: Sequence[DayCount], now: datetime) -> Results:
    """Judge an experiment at `now` by what happened in it."""
    counts: dict[int, _Count] = defaultdict(_Count)
    for day in days:
        count = counts[day.variant]
        count.impressions += day.impressions
        count.successes += day.successes
        count.anonymous += day.anonymous
    variants = _variants(experiment, counts)
    participants = sum(variant.participants for variant in variants)
    as_planned = now >= experiment.expected_end_time and (
        experiment.status == "completed"
        or (experiment.end_time is not None and experiment.end_time >= experiment.expected_end_time)
    )
    significance, leading = _significance(variants, as_planned and participants >= LEAST_PARTICIPANTS)
    ratio = sample_ratio_test(
        [variant.participants for variant in variants], [variant.traffic_allocation for variant in variants]
    )
    won = (
        significance.is_significant
        and leading is not None
        and leading.comparison is not None
        and (leading.comparison.difference or 0) > 0
        and leading.chance_to_be_best >= _LEAST_CHANCE_TO_BE_BEST
        and not ratio.alarm
    )
    elapsed = max(
        min(now, experiment.end_time or now, experiment.expected_end_time) - experiment.start_time,
        timedelta(),
    )
    planned = experiment.expected_end_time - experiment.start_time
    recommendation, message = _recommend(
        experiment, participants, ratio, leading if won else None, as_planned
    )
    return Results(
        experiment=experiment,
        participants=participants,
        elapsed=elapsed,
        progress_percentage=round(100 * elapsed / planned, 2),
        completed_as_planned=as_planned,
        sample_ratio=ratio,
        variants=variants,
        significance=significance,
        leading_variant_id=leading.variant_id if leading is not None else None,
        winner_variant_id=leading.variant_id if won and leading is not None else None,
        improvement_percentage=_improvement(leading) if won and leading is not None else None,
        recommendation=recommendation,
        message=message,
        days=_by_day(experiment, days),
    )


def breakdown(experiment: Experiment, counts: Iterable[SegmentCount], as_planned: bool) -> dict[str, Segment]:
    """The figures per segment; each segment needs enough impressions of its own to be called significant."""
    by_value: dict[str, dict[int, _Count]] = defaultdict(lambda: defaultdict(_Count))
    for count in counts:
        total = by_value[count.value][count.variant]
        total.impressions += count.impressions
        total.successes += count.successes
        total.anonymous += count.impressions
    segments = {}
    for value in sorted(by_value):
        variants = _variants(experiment, by_value[value], segment=True)
        enough = sum(variant.impressions for variant in variants) >= LEAST_PARTICIPANTS
        segments[value] = Segment(variants, _significance(variants, as_planned and enough)[0])
    return segments


def _variants(
    experiment: Experiment, counts: dict[int, _Count], *, segment: bool = False
) -> list[VariantResult]:
    tallies = [counts.get(arm.variant) or _Count() for arm in experiment.arms]
    alpha = [1.0 + count.successes for count in tallies]
    beta = [1.0 + count.impressions - count.successes for count in tallies]
    control = next(count for arm, count in zip(experiment.arms, tallies, strict=True) if arm.is_control)
    comparisons = [
        None
        if arm.is_control
        else compare(
            count.successes, count.impressions, control.successes, control.impressions, CONFIDENCE_LEVEL
        )
        for arm, count in zip(experiment.arms, tallies, strict=True)
    ]
    adjusted = iter(holm([comparison.p_value for comparison in comparisons if comparison is not None]))
    return [
        VariantResult(
            variant_id=arm.variant_id,
            is_control=arm.is_control,
            traffic_allocation=arm.traffic_allocation,
            participants=count.anonymous + (0 if segment else arm.participants),
            impressions=count.impressions,
            successes=count.successes,
            success_rate=count.successes / count.impressions if count.impressions else 0.0,
            confidence_interval=wilson_interval(count.successes, count.impressions, CONFIDENCE_LEVEL),
            credible_interval=credible_interval(a, b, CONFIDENCE_LEVEL),
            chance_to_be_best=chance,
            expected_loss=loss,
            comparison=comparison,
            adjusted_p_value=next(adjusted) if comparison is not None else None,
        )
        for arm, count, a, b, chance, loss, comparison in zip(
            experiment.arms,
            tallies,
            alpha,
            beta,
            probability_best(alpha, beta).tolist(),
            expected_loss(alpha, beta).tolist(),
            comparisons,
            strict=True,
        )
    ]


def _significance(
    variants: list[VariantResult], may_be_called: bool
) -> tuple[Significance, VariantResult | None]:
    """The leading variant, of the highest rate among those that are not control, and how it compares."""
    leading = max(
        (variant for variant in variants if not variant.is_control),
        key=lambda variant: variant.success_rate,
        default=None,
    )
    control = next(variant for variant in variants if variant.is_control)
    if leading is None or leading.comparison is None or not leading.impressions or not control.impressions:
        nothing = Significance(
            p_value=None,
            adjusted_p_value=None,
            confidence_level=CONFIDENCE_LEVEL,
            is_significant=False,
            minimum_detectable_effect=None,
            method=None,
        )
        return nothing, leading
    detectable = None
    if 0 < control.success_rate < 1:
        detectable = minimum_detectable_effect(control.success_rate, control.impressions, leading.impressions)
    adjusted = leading.adjusted_p_value
    return Significance(
        p_value=leading.comparison.p_value,
        adjusted_p_value=adjusted,
        confidence_level=CONFIDENCE_LEVEL,
        is_significant=may_be_called and adjusted is not None and adjusted < 1 - CONFIDENCE_LEVEL,
        minimum_detectable_effect=detectable,
        method=leading.comparison.method,
    ), leading


def _improvement(variant: VariantResult) -> float | None:
    assert variant.comparison is not None
    return None if variant.comparison.lift is None else 100 * variant.comparison.lift


def _recommend(
    experiment: Experiment,
    participants: int,
    ratio: SampleRatio,
    winner: VariantResult | None,
    as_planned: bool,
) -> tuple[Recommendation, str]:
    if ratio.alarm:
        return "investigate", (
            f"The traffic does not follow the planned split (sample-ratio p = {ratio.p_value:.2g}): find out why before "
            "reading anything else here."
        )
    if participants < LEAST_PARTICIPANTS:
        return "insufficient_data", (
            f"{participants} participants so far: at least {LEAST_PARTICIPANTS} are needed to say anything."
        )
    if winner is not None:
        return "complete", (
            f"{winner.variant_id} beats {experiment.control.variant_id} by {_improvement(winner) or 0:.1f} %, "
            "more than chance explains."
        )
    if as_planned:
        return (
            "complete",
            "The experiment has run its time, and no variant beats control by more than chance explains.",
        )
    if experiment.status in ("stopped", "promoted"):
        return (
            "complete",
            "The experiment was ended before its planned time, so no difference is called significant.",
        )
    return "continue", (
        f"The experiment runs until {experiment.expected_end_time:%Y-%m-%d %H:%M} UTC: differences seen before that can "
        "be chance."
    )


def _by_day(experiment: Experiment, days: Sequence[DayCount]) -> list[Day]:
    names = {arm.variant: arm.variant_id for arm in experiment.arms}
    totals: dict[tuple[str, str], _Count] = defaultdict(_Count)
    for day in days:
        total = totals[day.day.isoformat(), names[day.variant]]
        total.impressions += day.impressions
        total.successes += day.successes
    return [Day(*key, total.impressions, total.successes) for key, total in sorted(totals.items())]
