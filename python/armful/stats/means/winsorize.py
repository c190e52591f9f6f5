"""Winsorises a numeric metric: limits extreme values, so that a few participants do not decide the result.

The sums over participants are kept by bins of their values, because the limit is known only at the end. A bin's edges are
exact doubles, eight to each doubling, so the limit is at most 12.5 % above the quantile.
"""

import math
import struct
from collections.abc import Mapping, Sequence

import msgspec

from armful.stats.means.participant_totals import ParticipantTotals

Bins = Mapping[int, ParticipantTotals]
"""The sums over an arm's participants by `bin_of` their total y."""

LARGEST_BIN = 16_375
"""The bin of the largest double. Bins go from −16,375 to 16,375 and fit a SQL `smallint`."""

_SHIFT = 49  # leaves the exponent's 11 bits and the first 3 of the fraction


class Winsorized(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of each arm with extreme values replaced by the limit."""

    arms: list[ParticipantTotals]

    limit: float | None
    """The value that replaces larger ones, and minus it those below minus it. None if no value was replaced."""

    replaced: list[int]
    """The number of participants of each arm whose value was replaced."""


def winsorize(arms: Sequence[Bins], quantile: float) -> Winsorized:
    """Limit the values of all arms at a quantile of the arms together.

    It is the quantile of the absolute values that are not 0, since otherwise a metric that few participants have, such
    as spend, would be limited to 0. The limit is the upper edge of the bin that holds the quantile.

    Args:
        arms: The bins of each arm. The order and grouping of participants make no difference.
        quantile: In (0, 1]; 0.99 limits the most extreme 1 % of the values that are not 0. At 1 nothing changes.

    Raises:
        ValueError: `quantile` is out of range.
    """
    last = quantile_bin(arms, quantile)
    limit = edge(last + 1)
    replaced = [
        sum(sums.participants for number, sums in bins.items() if abs(number) > last) for bins in arms
    ]
    return Winsorized(
        arms=[_limited(bins, last, limit) for bins in arms],
        limit=limit if any(replaced) else None,
        replaced=replaced,
    )


def quantile_bin(arms: Sequence[Bins], quantile: float) -> int:
    """Return the bin, without its sign, that holds the quantile of `winsorize`; the last one if all values are 0.

    Args:
        arms: The bins of each arm.
        quantile: In (0, 1].

    Raises:
        ValueError: `quantile` is out of range.
    """
    if not 0 < quantile <= 1:
        raise ValueError(f"quantile must be above 0 and at most 1, not {quantile}")
    counts: dict[int, int] = {}
    for bins in arms:
        for number, sums in bins.items():
            if number:
                counts[abs(number)] = counts.get(abs(number), 0) + sums.participants
    needed = quantile * sum(counts.values())
    below = 0
    for number in sorted(counts):
        below += counts[number]
        if below >= needed:
            return number
    return LARGEST_BIN


def bin_of(value: float) -> int:
    """Return the bin of a value. A larger value never has a smaller bin; minus the value has minus the bin.

    A bin is the sign and the first 14 bits of the absolute value as an IEEE 754 double: its exponent and the first
    three bits of its fraction. The SQL function `value_bin` returns the same.

    Args:
        value: A finite number. Absolute values below 2⁻¹⁰²⁵ have the bin 0.

    Raises:
        ValueError: `value` is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"value must be finite, not {value}")
    number = int.from_bytes(struct.pack(">d", abs(value)), "big") >> _SHIFT
    return -number if value < 0 else number


def edge(number: int) -> float:
    """Return the end of a bin that is nearer to 0: exact, and itself in the bin.

    Bin b > 0 holds the values from `edge(b)` up to but not including `edge(b + 1)`. Bin −b holds minus those values.

    Args:
        number: From −16,376 to 16,376. The edge of the last is infinite.

    Raises:
        ValueError: `number` is out of range.
    """
    if not abs(number) <= LARGEST_BIN + 1:
        raise ValueError(f"number must be between −{LARGEST_BIN + 1} and {LARGEST_BIN + 1}, not {number}")
    (value,) = struct.unpack(">d", (abs(number) << _SHIFT).to_bytes(8, "big"))
    return math.copysign(value, number)


def _limited(bins: Bins, last: int, limit: float) -> ParticipantTotals:
    limited = []
    for number, sums in bins.items():
        if abs(number) > last:
            value = math.copysign(limit, number)
            sums = msgspec.structs.replace(
                sums,
                total=sums.participants * value,
                product=sums.impressions * value,
                total_squared=sums.participants * value * value,
            )
        limited.append(sums)
    return ParticipantTotals.sum(limited)
