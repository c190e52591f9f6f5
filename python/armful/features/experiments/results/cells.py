"""The counts of one metric in one phase, as the comparisons need them: by participant, and by impression.

A participant counts once, and has converted if the metric was reported for them at least once. An impression whose event
names no participant counts as another participant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from operator import add
from typing import NamedTuple

from armful.domain.experiment import Metric
from armful.features.experiments.results.store import PhaseCounts
from armful.stats.means.participant_totals import ParticipantTotals


class Cell(NamedTuple):
    """A variant's participants, and those of them that converted, in one allocation epoch."""

    allocation_epoch: int
    variant: int
    participants: int
    converted: int
    anonymous: int = 0
    """How many of the participants are impressions whose events name nobody."""
    sums: ParticipantTotals = ParticipantTotals()
    """The sums over the participants, for a metric that is a number or a ratio."""
    bin: int | None = None
    """The bin of the values that the sums are about. Then the participants are those of other cells."""


class Tally(NamedTuple):
    """One variant's total impressions and successes."""

    impressions: int = 0
    successes: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Return the sum of both."""
        return Tally(self.impressions + other.impressions, self.successes + other.successes)


def participant_cells(
    counts: PhaseCounts, name: str, primary: str, metric: Metric, resolved: Callable[[date], bool]
) -> list[Cell]:
    """Return the participants by variant and allocation epoch, and how many converted by a metric.

    Args:
        counts: The counts of the phase.
        name: The metric's name.
        primary: The experiment's first metric.
        metric: What the metric is. For a number or a ratio, cells have sums.
        resolved: Whether the outcomes of a day can no longer change. Participants of other days are left out. The day of a
            participant is that of their first impression.
    """
    return [cell for day, cell in _dated_cells(counts, name, primary, metric) if resolved(day)]


def cells_by_day(
    counts: PhaseCounts, primary: str, metric: Metric, resolved: Callable[[date], bool]
) -> dict[date, list[Cell]]:
    """Return the cells of the first metric by day; see `participant_cells`. The values of a winsorised one are limited."""
    by_day: dict[date, list[Cell]] = defaultdict(list)
    for day, cell in _dated_cells(counts, primary, primary, metric):
        if cell.bin is None and resolved(day):
            by_day[day].append(cell)
    for one in counts.limited_days:
        if resolved(one.day):
            sums = _values(one.total, one.total_squared, one.product)
            by_day[one.day].append(Cell(one.allocation_epoch, one.variant, 0, 0, sums=sums))
    return by_day


def _dated_cells(counts: PhaseCounts, name: str, primary: str, metric: Metric) -> Iterator[tuple[date, Cell]]:
    if metric.is_conversion:
        yield from _conversions(counts, name, primary)
        return
    is_number = metric.type == "number"
    for total in counts.totals:
        if total.metric == "":
            yield (
                total.day,
                Cell(
                    total.allocation_epoch,
                    total.variant,
                    total.participants,
                    0,
                    sums=_people(total.participants, total.impressions, total.impressions_squared),
                ),
            )
        elif total.metric == name:
            # The values of a winsorised metric are those of its bins.
            sums = (
                _values(total.total, total.total_squared, total.product, total.converted)
                if metric.winsorize is None
                else _values(0, 0, 0, total.converted)
            )
            yield total.day, Cell(total.allocation_epoch, total.variant, 0, total.converted, sums=sums)
    for day in counts.days:
        if day.anonymous:
            converted = day.anonymous_successes if name == primary and not is_number else 0
            sums = _people(day.anonymous, day.anonymous, day.anonymous) + _values(*[converted] * 4)
            yield (
                day.day,
                Cell(day.allocation_epoch, day.variant, day.anonymous, converted, day.anonymous, sums),
            )
    for count in counts.metrics:
        if count.metric != name or not count.anonymous:
            continue
        if is_number:
            sums = _values(count.anonymous, count.anonymous_squared, count.anonymous)
            yield count.day, Cell(count.allocation_epoch, count.variant, 0, 0, sums=sums)
        elif name != primary:
            converted = int(count.anonymous)
            sums = _values(*[converted] * 4)
            yield count.day, Cell(count.allocation_epoch, count.variant, 0, converted, sums=sums)
    for one in counts.bins:
        if one.metric == name:
            sums = _people(one.participants, one.impressions, one.impressions_squared) + _values(
                one.total, one.total_squared, one.product
            )
            yield date.min, Cell(one.allocation_epoch, one.variant, 0, 0, sums=sums, bin=one.bin)


def _conversions(counts: PhaseCounts, name: str, primary: str) -> Iterator[tuple[date, Cell]]:
    """Yield the cells of a conversion rate, which need no sums."""
    for total in counts.totals:
        if total.metric == "":
            yield total.day, Cell(total.allocation_epoch, total.variant, total.participants, 0)
        elif total.metric == name:
            yield total.day, Cell(total.allocation_epoch, total.variant, 0, total.converted)
    for day in counts.days:
        if day.anonymous:
            converted = day.anonymous_successes if name == primary else 0
            yield (
                day.day,
                Cell(day.allocation_epoch, day.variant, day.anonymous, converted, day.anonymous),
            )
    if name != primary:
        for count in counts.metrics:
            if count.metric == name and count.anonymous:
                yield count.day, Cell(count.allocation_epoch, count.variant, 0, int(count.anonymous))


def _people(participants: int, impressions: int, impressions_squared: float) -> ParticipantTotals:
    return ParticipantTotals(participants, impressions, impressions_squared=impressions_squared)


def _values(total: float, total_squared: float, product: float, converted: int = 0) -> ParticipantTotals:
    return ParticipantTotals(
        total=total, product=product, total_squared=total_squared, converted=int(converted)
    )


def impression_tallies(
    counts: PhaseCounts, name: str, primary: str, metric: Metric, resolved: Callable[[date], bool]
) -> dict[int, Tally]:
    """Return each variant's impressions and its successes by a metric, by variant key; see `participant_cells`.

    If the first metric is a number, its successes are those that updates report. Another number has none.
    """
    impressions: dict[int, int] = defaultdict(int)
    successes: dict[int, int] = defaultdict(int)
    for day in counts.days:
        if resolved(day.day):
            impressions[day.variant] += day.impressions
            if name == primary:
                successes[day.variant] += day.successes
    if name != primary and metric.type == "binary":
        for count in counts.metrics:
            if count.metric == name and resolved(count.day):
                successes[count.variant] += int(count.successes)
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
