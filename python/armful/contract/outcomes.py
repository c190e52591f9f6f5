"""Request and response types of performance updates."""

from msgspec import Struct

from ..domain.outcome import Outcome
from .variants import PerformanceView


class PerformanceAnswer(Struct, kw_only=True, omit_defaults=True):
    """A variant's totals after the commit of an update.

    `duplicate` is true if its `event_id` came before; `counted` is false if there was nothing left to count, then or now.
    """

    variant_id: str
    updated_performance: PerformanceView
    duplicate: bool = False
    counted: bool = True


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


class BatchAnswer(Struct):
    """The result of a batch."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]
