"""Splits a commit into batches that the database can count as sets."""

from collections.abc import Sequence

from armful.domain.outcome import VariantOutcome


def conflict_free_batches(items: Sequence[VariantOutcome]) -> list[list[int]]:
    """Split positions in `items` so that no batch has an event id, a participant or a variant's selection twice.

    The database counts a batch as a set; what must see an earlier item of the same commit goes in a later batch.
    """
    depth: dict[object, int] = {}
    result: list[list[int]] = []
    for position, (variant, outcome) in enumerate(items):
        names: list[object] = []
        if outcome.event_id is not None:
            names.append(outcome.event_id)
        if outcome.selection_id is not None:
            names.append((outcome.selection_id, variant))
        if outcome.participant_id is not None:
            names.append(("participant", outcome.participant_id))
        level = max((depth.get(name, 0) for name in names), default=0)
        for name in names:
            depth[name] = level + 1
        if level == len(result):
            result.append([])
        result[level].append(position)
    return result
