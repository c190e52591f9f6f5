"""When a leader is safe to ship: a rule for deciding, which is not significance.

It bounds what shipping the leader is expected to cost if another is better, and says nothing of whether the leader
is better: between two equal variants it names a winner nearly always, and rightly, for either will do.
"""

import math
from typing import NamedTuple

LOSS_THRESHOLD = 0.01
"""The expected loss, as a share of the leader's rate, under which shipping it is safe."""

MINIMUM_DAYS = 7.0
"""A whole week, since weekdays differ."""


class ShipDecision(NamedTuple):
    """Whether the leader is safe to ship, and what is still missing."""

    safe: bool

    relative_loss: float | None
    """The expected loss over the leader's rate; None where that is 0."""

    waiting_for: tuple[str, ...]
    """What is missing, of `expected_loss`, `minimum_sample` and `minimum_days`; empty where it is safe."""


def safe_to_ship(
    expected_loss: float,
    leader_rate: float,
    smallest_sample: int,
    days: float,
    *,
    minimum_sample: int,
    loss_threshold: float = LOSS_THRESHOLD,
    minimum_days: float = MINIMUM_DAYS,
) -> ShipDecision:
    """Say whether the leader is safe to ship.

    Args:
        expected_loss: Of shipping the leader: the mean of how far the best is above it, 0 or more.
        leader_rate: The leader's posterior mean, 0 to 1.
        smallest_sample: Impressions of the variant that has fewest.
        days: That the experiment has run for.
        minimum_sample: Impressions every variant is to have.
        loss_threshold: The largest share of its rate that the leader may be expected to lose, above 0.
        minimum_days: Days the experiment is to run for.

    Raises:
        ValueError: An argument is out of its range.
    """
    if not 0 <= expected_loss <= 1:
        raise ValueError(f"expected_loss must be between 0 and 1, not {expected_loss}")
    if not 0 <= leader_rate <= 1:
        raise ValueError(f"leader_rate must be between 0 and 1, not {leader_rate}")
    if not 0 < loss_threshold < math.inf:
        raise ValueError(f"loss_threshold must be finite and above 0, not {loss_threshold}")
    met = {
        "expected_loss": leader_rate > 0 and expected_loss < loss_threshold * leader_rate,
        "minimum_sample": smallest_sample >= minimum_sample,
        "minimum_days": days >= minimum_days,
    }
    return ShipDecision(
        safe=all(met.values()),
        relative_loss=expected_loss / leader_rate if leader_rate else None,
        waiting_for=tuple(name for name, holds in met.items() if not holds),
    )
