"""Decides when the leading variant is safe to ship. This is a decision rule, not a significance test.

The rule limits the expected cost of shipping the leader if another variant is in fact better. It does not show that the
leader is better: of two equal variants it almost always calls one safe to ship, since shipping either costs nothing.
"""

import math
from typing import NamedTuple

LOSS_THRESHOLD = 0.01
"""The leader is safe to ship if its expected loss is below this fraction of its rate."""

MINIMUM_DAYS = 7.0
"""A whole week, because weekdays differ."""


class ShipDecision(NamedTuple):
    """Whether the leader is safe to ship, and which conditions are not met yet."""

    safe: bool

    relative_loss: float | None
    """The expected loss divided by the leader's rate; None unless the rate is above 0."""

    waiting_for: tuple[str, ...]
    """The conditions not met: `expected_loss`, `minimum_sample` or `minimum_days`. Empty if the leader is safe to ship."""


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
    """Decide whether the leader is safe to ship.

    Args:
        expected_loss: The expected loss of shipping the leader: the mean difference between the best value and its own. At
            least 0, infinite if it is not known.
        leader_rate: The leader's posterior mean. If it is not above 0, a fraction of it means nothing, and the leader is not
            safe to ship.
        smallest_sample: Impressions of the variant with the fewest.
        days: Days the experiment has run.
        minimum_sample: Impressions that every variant needs.
        loss_threshold: The expected loss must be below this fraction of the leader's rate. Above 0.
        minimum_days: Days that the experiment must run.

    Raises:
        ValueError: An argument is out of range.
    """
    if not expected_loss >= 0:
        raise ValueError(f"expected_loss must be at least 0, not {expected_loss}")
    if not math.isfinite(leader_rate):
        raise ValueError(f"leader_rate must be finite, not {leader_rate}")
    if not 0 < loss_threshold < math.inf:
        raise ValueError(f"loss_threshold must be finite and above 0, not {loss_threshold}")
    met = {
        "expected_loss": leader_rate > 0 and expected_loss < loss_threshold * leader_rate,
        "minimum_sample": smallest_sample >= minimum_sample,
        "minimum_days": days >= minimum_days,
    }
    return ShipDecision(
        safe=all(met.values()),
        relative_loss=expected_loss / leader_rate if leader_rate > 0 else None,
        waiting_for=tuple(name for name, holds in met.items() if not holds),
    )
