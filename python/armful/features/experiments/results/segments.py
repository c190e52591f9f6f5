"""The figures of an experiment among parts of its traffic."""

from collections import defaultdict
from collections.abc import Iterable

from armful.domain.experiment import Experiment
from armful.features.experiments.results.comparisons import Cell, figures
from armful.features.experiments.results.judge import LEAST_PARTICIPANTS, Results, Segment
from armful.features.experiments.results.significance import significance_of
from armful.features.experiments.results.store import DayCount, SegmentCount


def by_persona(days: Iterable[DayCount]) -> list[SegmentCount]:
    """The counts of events that name a persona, by persona."""
    return [SegmentCount(d.persona_id, d.variant, d.impressions, d.successes) for d in days if d.persona_id]


def breakdown(experiment: Experiment, counts: Iterable[SegmentCount], results: Results) -> dict[str, Segment]:
    """The figures per value. A value needs enough impressions of its own to be called significant.

    Segments are kept by phase, not by allocation epoch, so in an adaptive experiment they show rates and chances but no
    comparison.
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
        variants = figures(
            arms, cells, {} if adaptive else results.shares, adaptive=False, participants={}, evidence={}
        )
        if adaptive:
            for variant in variants:
                variant.comparison = None
        enough = sum(cell.impressions for cell in cells) >= LEAST_PARTICIPANTS
        segments[value] = Segment(
            variants,
            significance_of(variants, experiment, enough=enough, as_planned=results.completed_as_planned),
        )
    return segments
