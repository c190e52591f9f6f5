"""Request and response types of performance updates."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from ..domain.outcome import Outcome
from .variants import PerformanceView

Reason = Literal[
    "paused",
    "ended",
    "other_persona",
    "not_assigned",
    "other_variant",
    "archived",
    "window_closed",
    "nothing_left",
    "holdout",
]
"""Why an experiment does not count an update."""


class ExperimentCount(Struct, kw_only=True):
    """Whether an experiment counted an update, and the reason if it did not."""

    experiment_id: str
    counted: bool
    reason: Reason | None


class PerformanceAnswer(Struct, kw_only=True, omit_defaults=True):
    """A variant's totals after the commit of an update.

    `duplicate` is true if its `event_id` came before; `counted` is false if there was nothing left to count, then or now, or
    if the participant is held out. `experiments` has those that the update names or that have its variant, but none that
    ended more than 30 days ago.
    """

    variant_id: str
    updated_performance: PerformanceView
    duplicate: bool = False
    counted: bool = True
    experiments: list[ExperimentCount] = []


class PerformanceUpdate(Outcome, kw_only=True, omit_defaults=True, gc=False, forbid_unknown_fields=True):
    """An outcome of a variant: `batch_size` times an impression, a success, or both."""


class BatchItem(PerformanceUpdate, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One update of a batch."""

    variant_id: str


class Batch(Struct, forbid_unknown_fields=True):
    """Updates to count in one commit."""

    updates: list[BatchItem]


class Rejected(Struct):
    """The position of an item of a batch that was not counted, and the reason."""

    index: int
    detail: str


class ItemReasons(Struct, kw_only=True):
    """Why an accepted item of a batch, by its position, was not counted, or not in an experiment."""

    index: int
    counted: bool
    experiments: list[ExperimentCount]


class BatchAnswer(Struct, kw_only=True):
    """The result of a batch.

    `reasons` is present if it was asked for: the accepted items that were not counted, or not in an experiment that they
    name or that has their variant.
    """

    accepted: int
    duplicates: int
    rejected: list[Rejected]
    reasons: list[ItemReasons] | UnsetType = UNSET
