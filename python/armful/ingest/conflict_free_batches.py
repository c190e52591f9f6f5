"""Splits a commit into batches that the database can count as sets."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from armful.domain.outcome import Outcome, VariantOutcome

MOST_LATE: Final = 50
"""Successes without an impression that one commit may count for one participant or for one variant of a selection."""


def conflict_free_batches(items: Sequence[VariantOutcome], put_off: Collection[int] = ()) -> list[list[int]]:
    """Split positions in `items` into batches in which no outcome depends on another one of its batch.

    The database counts a batch as a set. Only a success without an impression depends on others: it belongs to an earlier
    impression of the same participant or selection, which it takes from later successes. So it comes in the batch after
    those it shares a participant or a selection with, and what follows it in a batch after its own. Impressions share one.
    Outcomes with the same event id keep their order, because the first one counts.

    Args:
        items: The outcomes of a commit.
        put_off: Positions of successes that turned out to depend on earlier outcomes. Each gets a batch of its own, and
            everything after it comes later.
    """
    start = 0
    # By name: the first batch for an impression, and the first for a success without one.
    next_batch: dict[object, tuple[int, int]] = {}
    event_ids: dict[str, int] = {}
    result: list[list[int]] = []
    for position, (variant, outcome, _) in enumerate(items):
        names = list(_names(variant, outcome))
        late = not outcome.impression
        if position in put_off:
            start = len(result)
        level = max((next_batch[name][late] for name in names if name in next_batch), default=start)
        level = max(level, start)
        if outcome.event_id is not None:
            level = event_ids[outcome.event_id] = max(level, event_ids.get(outcome.event_id, 0))
        for name in names:
            next_batch[name] = (level + 1 if late else level, level + 1)
        while len(result) <= level:
            result.append([])
        result[level].append(position)
        if position in put_off:
            start = len(result)
    return result


class LateCounts:
    """Counts the successes without an impression of a commit, so that it needs at most `MOST_LATE` batches for them."""

    def __init__(self) -> None:
        self._counts: dict[object, int] = {}

    def add(self, items: Iterable[VariantOutcome]) -> bool:
        """Add outcomes to the commit, unless it would then need too many batches. Return whether they were added."""
        added: dict[object, int] = {}
        for variant, outcome, _ in items:
            if _is_late(outcome):
                for name in _names(variant, outcome):
                    added[name] = added.get(name, 0) + 1
        if self._counts and any(
            count + self._counts.get(name, 0) > MOST_LATE for name, count in added.items()
        ):
            return False
        for name, count in added.items():
            self._counts[name] = self._counts.get(name, 0) + count
        return True


def excess_late(items: Sequence[VariantOutcome]) -> dict[int, str]:
    """Return the positions of successes beyond `MOST_LATE` for one name, with the name that they have in common."""
    counts: dict[object, int] = {}
    excess: dict[int, str] = {}
    for position, (variant, outcome, _) in enumerate(items):
        if not _is_late(outcome):
            continue
        names = list(_names(variant, outcome))
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        if any(counts[name] > MOST_LATE for name in names):
            excess[position] = (
                f"participant_id '{outcome.participant_id}'"
                if outcome.participant_id is not None
                and counts[("participant", outcome.participant_id)] > MOST_LATE
                else f"selection_id {outcome.selection_id}"
            )
    return excess


def _is_late(outcome: Outcome) -> bool:
    return not outcome.impression and (outcome.participant_id is not None or outcome.selection_id is not None)


def _names(variant: object, outcome: Outcome) -> Iterator[object]:
    """Return what an outcome may have in common with others that it depends on."""
    if outcome.selection_id is not None:
        yield outcome.selection_id, variant
    if outcome.participant_id is not None:
        yield "participant", outcome.participant_id
