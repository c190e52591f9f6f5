"""A split by shares chooses each arm with its share."""

from collections import Counter

import pytest

from armful.learning.policies import at_share


def test_places_spread_evenly_give_the_shares() -> None:
    shares = [0.1, 0.0, 0.65, 0.25]
    count = Counter(at_share(place / 10_000, shares) for place in range(10_000))
    assert [count[position] / 10_000 for position in range(4)] == pytest.approx(shares, abs=1e-3)


def test_an_arm_without_a_share_is_never_chosen_even_by_rounding() -> None:
    shares = [0.3, 0.3, 0.3999999, 0.0]
    assert at_share(0.99999999, shares) == 2
