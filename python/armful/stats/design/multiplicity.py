"""Adjusts p-values for the number of tests."""

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for multiple comparisons, so that the probability of any false positive is at most α.

    Args:
        p_values: One per comparison, each in [0, 1], in any order.

    Returns:
        Adjusted p-values in the same order, none smaller than the original.

    Raises:
        ValueError: A p-value is out of range.

    Source:
        Holm (1979), *A simple sequentially rejective multiple test procedure*.
    """
    _check(p_values)
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for multiple comparisons, so that of all positives an expected fraction of at most α is false.

    Args:
        p_values: One per comparison, each in [0, 1], in any order. They must be independent or positively dependent.

    Returns:
        Adjusted p-values in the same order, none smaller than the original.

    Raises:
        ValueError: A p-value is out of range.

    Source:
        Benjamini & Hochberg (1995), *Controlling the false discovery rate*.
    """
    _check(p_values)
    adjusted = [1.0] * len(p_values)
    smallest = 1.0
    ranked = sorted(range(len(p_values)), key=p_values.__getitem__)
    for rank in range(len(ranked), 0, -1):
        index = ranked[rank - 1]
        smallest = min(smallest, len(p_values) / rank * p_values[index])
        adjusted[index] = smallest
    return adjusted


def _check(p_values: Sequence[float]) -> None:
    for p_value in p_values:
        if not 0 <= p_value <= 1:
            raise ValueError(f"p_values must be between 0 and 1, not {p_value}")
