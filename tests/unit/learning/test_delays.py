"""The share of successes that have come by an age, and what young impressions count."""

import numpy as np
import pytest

from armful.learning.delays import Bucket, grain_of, learn_curve, middle


@pytest.mark.parametrize(
    ("window", "grain", "bins"),
    [(1, 1.0, 1), (2, 1.0, 2), (128, 1.0, 128), (200, 200 / 128, 129), (86_400, 675.0, 129)],
)
def test_a_window_has_128_buckets_of_a_second_at_least(window: int, grain: float, bins: int) -> None:
    curve = learn_curve(window, {}, 0, [])
    assert grain_of(window) == grain
    assert len(curve.edges) == len(curve.shares) == bins + 1
    assert (curve.edges[0], curve.edges[1], curve.edges[-1]) == (0.0, 1.0, window)
    assert (np.diff(curve.edges) > 0).all()
    # Nothing is known: ages count in proportion.
    assert curve.shares.tolist() == pytest.approx((curve.edges / window).tolist())


def test_what_comes_with_its_impression_is_not_late() -> None:
    curve = learn_curve(86_400, {0: 50}, 1000, [Bucket(300.0, 400)])
    assert curve.at_once == 1.0
    assert curve.weights([0.0, 1.0, 5000.0, 1e9]).tolist() == [1.0] * 4


def test_impressions_that_are_too_young_do_not_make_successes_look_fast() -> None:
    """Half of the impressions are old and have converted by a constant hazard; the others were shown just now."""
    window, hazard = 1280, 2
    conversions = dict.fromkeys(range(1, 129), hazard)
    recent = [Bucket(2.0, 1000)]
    curve = learn_curve(window, conversions, 2000, recent)
    # Bins are alike but for their lengths, and the young impressions count in none but the first.
    assert curve.weights([float(window) / 2])[0] == pytest.approx(0.5, abs=0.01)


def test_the_mean_age_of_a_bucket() -> None:
    assert [middle(age, 10.0) for age in (0.0, 4.0, 10.0, 50.0)] == [0.0, 2.0, 5.0, 45.0]


def test_negative_corrections_are_no_conversions() -> None:
    curve = learn_curve(100, {0: 20, 3: -1}, 1000, [])
    assert curve.at_once == 1.0
