"""Response types of fatigue."""

from typing import Literal

from msgspec import Struct

from .insights import CountsView

FatigueStatus = Literal["fatigued", "fresh", "insufficient_data"]


class WindowsView(Struct, kw_only=True):
    """Counts in the recent window and in the one before it."""

    recent: CountsView
    earlier: CountsView


class FatigueView(WindowsView, kw_only=True):
    """Whether a variant is fatigued: its rate has declined by more than 15 %, compared with its pool, and significantly.

    `decline` is the fraction of its rate that it has lost, relative to the rate of its pool in the same window; null
    without data. `insufficient_data` means that the power to detect a decline of 15 % is below 80 %.
    """

    variant_id: str
    status: FatigueStatus
    decline: float | None
    p_value: float
    power: float
    recent_days: int
    earlier_days: int
    all_variants: WindowsView


class FatigueRow(WindowsView, kw_only=True):
    """A variant's result in the list, as in `FatigueView`."""

    variant_id: str
    status: FatigueStatus
    decline: float | None
    p_value: float
    power: float


class FatigueList(Struct, kw_only=True):
    """All active variants with their fatigue: fatigued ones first, then by decline.

    The recent window is the last `recent_days` days. The earlier one begins `earlier_days` days ago and ends where the
    recent one begins. `total_count` are the variants that match, and `fatigued_count` all that are fatigued.
    """

    variants: list[FatigueRow]
    total_count: int
    fatigued_count: int
    recent_days: int
    earlier_days: int
    all_variants: WindowsView
