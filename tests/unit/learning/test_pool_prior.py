"""A pool's prior is learnt once there is something to learn from."""

import pytest

from armful.learning.pool_prior import learn_prior


@pytest.mark.parametrize(
    ("successes", "impressions"),
    [([], []), ([50], [100]), ([50, 0], [100, 0]), ([5, 4], [100, 100])],
    ids=["no variant", "one variant", "one that was shown", "nine successes"],
)
def test_little_says_nothing(successes: list[int], impressions: list[int]) -> None:
    assert learn_prior(successes, impressions) is None


def test_variants_that_are_alike_give_a_strong_prior_and_others_a_weak_one() -> None:
    alike = learn_prior([50] * 30, [1000] * 30)
    different = learn_prior([10, 500] * 15, [1000] * 30)
    assert alike is not None
    assert different is not None
    assert alike.mean == pytest.approx(0.05)
    assert alike.strength > 100 * different.strength
