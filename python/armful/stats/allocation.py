"""Shares of traffic that follow the outcomes, but never fall below a floor."""

from collections.abc import Sequence

from armful.stats.intervals import check_shares


def with_floors(weights: Sequence[float], floors: Sequence[float]) -> list[float]:
    """Give each arm its floor, and share out what is left by weight: pᵢ = fᵢ + (1 − Σf) wᵢ.

    Clipping at the floor and normalising again would push others below theirs, and change the odds between
    the arms that are above; this does neither. A floor near 1 pins an arm's share.

    Args:
        weights: One per arm, each 0 or more, summing to 1 within 1e-6: chances to be best.
        floors: One per arm, each 0 or more, summing to 1 at most.

    Returns:
        Shares in the same order, none below its floor, summing to 1.

    Raises:
        ValueError: The lengths differ, or a value is out of its range.
    """
    shares = check_shares("weights", weights)
    if len(floors) != len(weights):
        raise ValueError(f"weights and floors must be of one length, not {len(weights)} and {len(floors)}")
    for floor in floors:
        if not 0 <= floor <= 1:
            raise ValueError(f"floors must be between 0 and 1, not {floor}")
    left = 1 - sum(floors)
    if left < -1e-9:
        raise ValueError(f"floors must sum to 1 at most, not {sum(floors)}")
    return [floor + max(0.0, left) * share for floor, share in zip(floors, shares, strict=True)]
