"""Traffic shares of an adaptive split, with a floor for every arm."""

from collections.abc import Sequence

from armful.stats.rates.intervals import check_shares


def with_floors(weights: Sequence[float], floors: Sequence[float]) -> list[float]:
    """Give each arm its floor, and distribute the rest by weight: pᵢ = fᵢ + (1 − Σf) wᵢ.

    Clipping weights at the floors and normalising again would push other arms below their floors, and would
    change the odds between arms above them. This formula does neither.

    Args:
        weights: One per arm, such as its chance to be best: each 0 or more, summing to 1 within 1e-6.
        floors: One per arm, each 0 or more, summing to at most 1.

    Returns:
        Shares in the same order, none below its floor, summing to 1.

    Raises:
        ValueError: The lengths differ, or a value is out of range.
    """
    shares = check_shares("weights", weights)
    if len(floors) != len(weights):
        raise ValueError(
            f"weights and floors must have the same length, not {len(weights)} and {len(floors)}"
        )
    for floor in floors:
        if not 0 <= floor <= 1:
            raise ValueError(f"floors must be between 0 and 1, not {floor}")
    remainder = 1 - sum(floors)
    if remainder < -1e-9:
        raise ValueError(f"floors must sum to at most 1, not {sum(floors)}")
    return [floor + max(0.0, remainder) * share for floor, share in zip(floors, shares, strict=True)]
