"""An experiment's results within segments of its traffic."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from armful.domain.experiment import Experiment, Metric
from armful.features.experiments.results.cells import Cell, Tally
from armful.features.experiments.results.comparisons import compute_variant_results
from armful.features.experiments.results.evaluation import MIN_PARTICIPANTS, Results, Segment
from armful.features.experiments.results.significance import Significance, compute_significance
from armful.features.experiments.results.store import DayCount, SegmentCount
from armful.features.experiments.results.variant_result import VariantResult
from armful.stats.design.error_budget import ALPHA, ErrorBudget, error_budget
from armful.stats.design.heterogeneity import cochran_q
from armful.stats.design.multiplicity import benjamini_hochberg
from armful.stats.means.participant_totals import ParticipantTotals


def by_persona(
    days: Iterable[DayCount], participants: Iterable[SegmentCount], metric: Metric
) -> list[SegmentCount]:
    """Return the counts of each persona: of its participants, and of impressions that name a persona only.

    The values of impressions that name no participant are not known by persona. For a number, these impressions are left out
    of the participants.
    """
    counts = list(participants)
    for day in days:
        if day.persona_id:
            people = 0 if metric.type == "number" else day.anonymous
            converted = 0 if metric.type == "number" else day.anonymous_successes
            counts.append(
                SegmentCount(
                    day.persona_id,
                    day.variant,
                    day.impressions,
                    day.successes,
                    participants=people,
                    converted=converted,
                    participant_impressions=people,
                    impressions_squared=people,
                    total=converted,
                    total_squared=converted,
                    product=converted,
                )
            )
    return counts


def compute_segments(
    experiment: Experiment, counts: Iterable[SegmentCount], results: Results
) -> tuple[dict[str, Segment], float | None]:
    """Compute the results of each segment, and the p-value of a difference between segments.

    A segment is significant only if it has enough participants of its own, and if the effect differs between segments.

    Segments are counted by phase, not by allocation epoch. In an adaptive experiment they therefore have rates and chances
    to be best, but no comparison with control. Values are not winsorised by segment.
    """
    adaptive = experiment.allocation == "thompson"
    budget = error_budget(max(0, results.phase - 1))
    metric = replace(experiment.metric(experiment.success_metrics[0]), winsorize=None)
    arms = [variant.arm for variant in results.variants]
    allocation_epoch = next(iter(results.shares), 0)
    by_value: dict[str, list[Cell]] = defaultdict(list)
    impressions: dict[str, dict[int, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for count in counts:
        by_value[count.value].append(
            # No sample-ratio test checks the split of a segment.
            Cell(
                allocation_epoch,
                count.variant,
                count.participants,
                count.converted,
                count.participants,
                ParticipantTotals(
                    count.participants,
                    count.participant_impressions,
                    count.total,
                    count.impressions_squared,
                    count.product,
                    count.total_squared,
                    count.converted,
                ),
            )
        )
        before = impressions[count.value][count.variant]
        impressions[count.value][count.variant] = before.plus(Tally(count.impressions, count.successes))
    segments: dict[str, Segment] = {}
    enough = set()
    for value in sorted(by_value):
        cells = by_value[value]
        variants = compute_variant_results(
            arms,
            cells,
            {} if adaptive else results.shares,
            adaptive=False,
            evidence={},
            impressions=impressions[value],
            metric=metric,
            sample_size=experiment.min_sample_size,
        )
        if adaptive:
            for variant in variants:
                variant.comparison = None
        if sum(cell.participants for cell in cells) >= MIN_PARTICIPANTS:
            enough.add(value)
        segments[value] = Segment(
            variants,
            compute_significance(variants, experiment, budget, as_planned=results.completed_as_planned),
        )
    interaction = _interaction(segments)
    _judge(
        {value: segments[value].significance for value in segments if value in enough}, interaction, budget
    )
    if results.sample_ratio.alarm:
        for segment in segments.values():
            segment.significance.is_significant = False
    return segments, interaction


def _judge(significances: Mapping[str, Significance], interaction: float | None, budget: ErrorBudget) -> None:
    """Decide which segments show a significant difference: none unless the effect differs between segments.

    p-values are adjusted over the segments (Benjamini–Hochberg), after they have been adjusted over the variants.
    """
    for name, level in (("always_valid_adjusted_p_value", budget.ever), ("adjusted_p_value", budget.end)):
        tested = [found for found in significances.values() if getattr(found, name) is not None]
        for found, adjusted in zip(
            tested, benjamini_hochberg([getattr(found, name) for found in tested]), strict=True
        ):
            setattr(found, name, adjusted)
            decides = name == "always_valid_adjusted_p_value" or found.follows == "fixed_horizon"
            if decides and adjusted < level and interaction is not None and interaction < ALPHA:
                found.is_significant = True


def _interaction(segments: Mapping[str, Segment]) -> float | None:
    """Test whether the difference from control is the same in all segments. None without comparisons.

    Each variant is tested by Cochran's Q, and the smallest p-value is multiplied by the number of variants.
    """
    effects: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for segment in segments.values():
        control = next(variant for variant in segment.variants if variant.arm.is_control)
        for variant in segment.variants:
            comparison = variant.comparison
            if comparison is None or comparison.difference is None:
                continue
            variance = _variance(variant) + _variance(control)
            if not 0 < variance < math.inf:
                continue
            effects[variant.arm.variant].append((comparison.difference, variance))
    p_values = [cochran_q(*zip(*groups, strict=True)) for groups in effects.values()]
    return min(1.0, len(p_values) * min(p_values)) if p_values else None


def _variance(variant: VariantResult) -> float:
    """Return the squared standard error. A rate gets one more participant with half a conversion, so that it is never 0."""
    if variant.estimate is not None:
        return variant.estimate.variance
    participants = variant.participants + 1
    rate = (variant.converted + 0.5) / participants
    return rate * (1 - rate) / participants
