"""An experiment's results within segments of its traffic."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from armful.domain.experiment import Experiment
from armful.features.experiments.results.cells import Cell, Tally
from armful.features.experiments.results.comparisons import compute_variant_results
from armful.features.experiments.results.evaluation import MIN_PARTICIPANTS, Results, Segment
from armful.features.experiments.results.significance import Significance, compute_significance
from armful.features.experiments.results.store import DayCount, SegmentCount
from armful.features.experiments.results.variant_result import VariantResult
from armful.stats.error_budget import ALPHA, ErrorBudget, error_budget
from armful.stats.heterogeneity import cochran_q
from armful.stats.multiplicity import benjamini_hochberg


def by_persona(days: Iterable[DayCount], participants: Iterable[SegmentCount]) -> list[SegmentCount]:
    """Return the counts of each persona: of its participants, and of impressions that name a persona only."""
    return [
        SegmentCount(d.persona_id, d.variant, d.impressions, d.successes, d.anonymous, d.anonymous_successes)
        for d in days
        if d.persona_id
    ] + list(participants)


def compute_segments(
    experiment: Experiment, counts: Iterable[SegmentCount], results: Results
) -> tuple[dict[str, Segment], float | None]:
    """Compute the results of each segment, and the p-value of a difference between segments.

    A segment is significant only if it has enough participants of its own, and if the effect differs between segments.

    Segments are counted by phase, not by allocation epoch. In an adaptive experiment they therefore have rates and chances
    to be best, but no comparison with control.
    """
    adaptive = experiment.allocation == "thompson"
    budget = error_budget(max(0, results.phase - 1))
    arms = [variant.arm for variant in results.variants]
    allocation_epoch = next(iter(results.shares), 0)
    by_value: dict[str, list[Cell]] = defaultdict(list)
    impressions: dict[str, dict[int, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for count in counts:
        by_value[count.value].append(
            # No sample-ratio test checks the split of a segment.
            Cell(allocation_epoch, count.variant, count.participants, count.converted, count.participants)
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
            effects[variant.arm.variant].append((comparison.difference, variance))
    p_values = [cochran_q(*zip(*groups, strict=True)) for groups in effects.values()]
    return min(1.0, len(p_values) * min(p_values)) if p_values else None


def _variance(variant: VariantResult) -> float:
    """Return the variance of a conversion rate. One participant with half a conversion is added, so that it is never 0."""
    participants = variant.participants + 1
    rate = (variant.converted + 0.5) / participants
    return rate * (1 - rate) / participants
