"""Reports of what happened to variants, on the wire."""

from msgspec import Struct

from ..domain.outcome import Outcome
from .variants import PerformanceView


class PerformanceAnswer(Struct, kw_only=True, omit_defaults=True):
    """A variant's totals after the commit that counted an update.

    `duplicate` is true where its `event_id` had been counted before; `counted` is false where nothing was left to count.
    """

    variant_id: str
    updated_performance: PerformanceView
    duplicate: bool = False
    counted: bool = True


class PerformanceUpdate(Outcome, kw_only=True, omit_defaults=True, gc=False):
    """What happened to a variant: `batch_size` times an impression, a success or both."""


class BatchItem(PerformanceUpdate, kw_only=True, omit_defaults=True):
    """One update of a batch."""

    variant_id: str


class Batch(Struct):
    """Updates to count in one commit."""

    updates: list[BatchItem]


class Rejected(Struct):
    """An item of a batch that was not counted, by its position, and why."""

    index: int
    detail: str


class BatchAnswer(Struct):
    """What became of a batch."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]
