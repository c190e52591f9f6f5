"""What two processes compare to find out whether they hold the same rows."""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

KEYS_PER_RANGE = 4096
"""Variants compared with the database at a time, by their keys."""

Checksum: TypeAlias = tuple[int, ...]
"""Of a range of keys: the number of variants, and sums of versions, versions by key, counters and creation times."""


class RowState(Struct, frozen=True, gc=False):
    """What tells two states of a variant's row, and one variant from another that bears its key."""

    version: int
    impressions: int
    successes: int
    created_at: datetime

    def leads_to(self, found: "RowState | None") -> bool:
        """Whether a row that was so can be as `found` now, which it can't where the database was put back."""
        if found is None or found.created_at != self.created_at or found.version < self.version:
            return False
        return found.version > self.version or found == self
