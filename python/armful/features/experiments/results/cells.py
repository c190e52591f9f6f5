"""The counts of one metric in one phase, as the comparisons need them: by participant, and by impression.

A participant counts once, and has converted if the metric was reported for them at least once. An impression whose event
names no participant counts as another participant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from operator import add
from typing import NamedTuple

from armful.features.experiments.results.store import PhaseCounts


class Cell(NamedTuple):
    """A variant's participants, and those of them that converted, in one allocation epoch."""

    allocation_epoch: int
    variant: int
    participants: int
    converted: int
    anonymous: int = 0
    """How many of the participants are impressions whose events name nobody."""


class Tally(NamedTuple):
    """One variant's total impressions and successes."""

    impressions: int = 0
    successes: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum of both."""
        return Tally(self.impressions + other.impressions, self.successes + other.successes)


def participant_cells(
    counts: PhaseCounts, metric: str, primary: str, resolved: Callable[[date], bool]
) -> list[Cell]:
    """Return the participants by variant and allocation epoch, and how many converted by a metric.

    Args:
        counts: The counts of the phase.
        metric: The metric.
        primary: The experiment's first metric.
        resolved: Whether the outcomes of a day can no longer change. Participants of other days are left out. The day of a
            participant is that of their first impression.
    """
    return [cell for day, cell in _dated_cells(counts, metric, primary) if resolved(day)]


def cells_by_day(
    counts: PhaseCounts, primary: str, resolved: Callable[[date], bool]
) -> dict[date, list[Cell]]:
    """Return the cells of the first metric by day; see `participant_cells`."""
    by_day: dict[date, list[Cell]] = defaultdict(list)
    for day, cell in _dated_cells(counts, primary, primary):
        if resolved(day):
            by_day[day].append(cell)
    return by_day


def _dated_cells(counts: PhaseCounts, metric: str, primary: str) -> Iterator[tuple[date, Cell]]:
    for total in counts.totals:
        if total.metric == "":
            yield total.day, Cell(total.allocation_epoch, total.variant, total.participants, 0)
        elif total.metric == metric:
            yield total.day, Cell(total.allocation_epoch, total.variant, 0, total.converted)
    for day in counts.days:
        if day.anonymous:
            converted = day.anonymous_successes if metric == primary else 0
            yield (
                day.day,
                Cell(day.allocation_epoch, day.variant, day.anonymous, converted, day.anonymous),
            )
    if metric != primary:
        for count in counts.metrics:
            if count.metric == metric and count.anonymous:
                yield count.day, Cell(count.allocation_epoch, count.variant, 0, count.anonymous)


def impression_tallies(
    counts: PhaseCounts, metric: str, primary: str, resolved: Callable[[date], bool]
) -> dict[int, Tally]:
    """Return each variant's impressions and its successes by a metric, by variant key; see `participant_cells`."""
    impressions: dict[int, int] = defaultdict(int)
    successes: dict[int, int] = defaultdict(int)
    for day in counts.days:
        if resolved(day.day):
            impressions[day.variant] += day.impressions
            if metric == primary:
                successes[day.variant] += day.successes
    if metric != primary:
        for count in counts.metrics:
            if count.metric == metric and resolved(count.day):
                successes[count.variant] += count.successes
    return {variant: Tally(number, successes[variant]) for variant, number in impressions.items()}


def impressions_by_day(counts: PhaseCounts, resolved: Callable[[date], bool]) -> dict[date, dict[int, Tally]]:
    """Return each variant's impressions and its successes by the first metric, by day and variant key."""
    by_day: dict[date, dict[int, Tally]] = defaultdict(dict)
    for count in counts.days:
        if resolved(count.day):
            of_day = by_day[count.day]
            of_day[count.variant] = of_day.get(count.variant, Tally()).plus(
                Tally(count.impressions, count.successes)
            )
    return by_day


class Participation(NamedTuple):
    """A variant's participants, and how they came to be its own."""

    named: int = 0
    """Participants that events have named."""
    anonymous: int = 0
    """Impressions whose events name no participant. Each counts as one."""
    not_assigned: int = 0
    """Of the named ones, those that armful did not assign."""
    crossed_over: int = 0
    """Participants assigned to this variant that events have named under another one."""


def participation(counts: PhaseCounts) -> dict[int, Participation]:
    """Return how participants came to be those of a variant, by variant key."""
    found: dict[int, Participation] = defaultdict(Participation)
    for share in counts.shares:
        found[share.variant] = Participation(
            *map(
                add,
                found[share.variant],
                (share.participants, 0, share.not_assigned, share.crossed_over),
            )
        )
    for day in counts.days:
        before = found[day.variant]
        found[day.variant] = before._replace(anonymous=before.anonymous + day.anonymous)
    return dict(found)


def all_participants(counts: PhaseCounts) -> int:
    """Return the number of participants. An impression whose event names no participant counts as one."""
    return sum(share.participants for share in counts.shares) + sum(day.anonymous for day in counts.days)
