"""The state of a variant's row, by which the cache is compared with the database."""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

KEYS_PER_RANGE = 4096
"""The size of a key range. The cache is compared with the database one range at a time."""

Checksum: TypeAlias = tuple[int, ...]
"""A key range's number of variants, and sums of: versions, versions weighted by key, counters, creation times."""


class RowState(Struct, frozen=True, gc=False):
    """The columns that identify a state of a variant's row; `created_at` tells apart two variants with the same key."""

    version: int
    impressions: int
    successes: int
    created_at: datetime

    def can_become(self, later: "RowState | None") -> bool:
        """Whether `later` can be a later state of this row. It cannot if the database was restored to an earlier state."""
        if later is None or later.created_at != self.created_at or later.version < self.version:
            return False
        return later.version > self.version or later == self
