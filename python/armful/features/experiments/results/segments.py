"""An experiment's results within segments of its traffic."""

from collections import defaultdict
from collections.abc import Iterable

from armful.domain.experiment import Experiment
from armful.features.experiments.results.comparisons import Cell, compute_variant_results
from armful.features.experiments.results.evaluation import MIN_PARTICIPANTS, Results, Segment
from armful.features.experiments.results.significance import compute_significance
from armful.features.experiments.results.store import DayCount, SegmentCount


def by_persona(days: Iterable[DayCount]) -> list[SegmentCount]:
    """Return the counts of events that name a persona, with the persona as segment."""
    return [SegmentCount(d.persona_id, d.variant, d.impressions, d.successes) for d in days if d.persona_id]


def compute_segments(
    experiment: Experiment, counts: Iterable[SegmentCount], results: Results
) -> dict[str, Segment]:
    """Compute the results of each segment. A segment is significant only if it has enough impressions of its own.

    Segments are counted by phase, not by allocation epoch. In an adaptive experiment they therefore have rates and chances
    to be best, but no comparison with control.
    """
    adaptive = experiment.allocation == "thompson"
    arms = [variant.arm for variant in results.variants]
    allocation_epoch = next(iter(results.shares), 0)
    by_value: dict[str, list[Cell]] = defaultdict(list)
    for count in counts:
        by_value[count.value].append(
            Cell(allocation_epoch, count.variant, count.impressions, count.successes)
        )
    segments = {}
    for value in sorted(by_value):
        cells = by_value[value]
        variants = compute_variant_results(
            arms, cells, {} if adaptive else results.shares, adaptive=False, participants={}, evidence={}
        )
        if adaptive:
            for variant in variants:
                variant.comparison = None
        enough = sum(cell.impressions for cell in cells) >= MIN_PARTICIPANTS
        segments[value] = Segment(
            variants,
            compute_significance(
                variants, experiment, enough=enough, as_planned=results.completed_as_planned
            ),
        )
    return segments
