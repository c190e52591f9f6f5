"""What variants are like becomes numbers, and a prior for each."""

import numpy as np
import pytest
from tests.unit.samples import variant

from armful.core import learn_prior_by_features
from armful.learning.beta import Counts
from armful.learning.pool_features import design, learn_priors


def test_values_of_dimensions_that_some_variants_share_are_features() -> None:
    some = [
        variant(1, dimensions={"tone": "warm", "all": "x", "only": "1"}),
        variant(2, dimensions={"tone": "warm", "all": "x", "only": "2"}),
        variant(3, dimensions={"tone": "cold", "all": "x"}),
        variant(4, dimensions={"tone": "cold", "all": "x"}),
    ]
    assert design(some).tolist() == [[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]


def test_numbers_are_standardised_and_missing_ones_are_average() -> None:
    some = [
        variant(1, features={"words": 2.0, "same": 1.0}),
        variant(2, features={"words": 4.0, "same": 1.0}),
        variant(3),
    ]
    assert design(some).tolist() == [[-1.0], [1.0], [0.0]]


def test_embeddings_of_one_length_are_features() -> None:
    some = [variant(1, embedding=[0.0, 5.0]), variant(2, embedding=[2.0, 5.0]), variant(3)]
    assert design(some).tolist() == [[-1.0], [1.0], [0.0]]
    assert design([*some, variant(4, embedding=[1.0])]).shape == (4, 0)


def test_a_new_variant_starts_where_those_like_it_are() -> None:
    some = [
        variant(
            key,
            dimensions={"tone": "warm" if key % 2 else "cold"},
            impressions=1000,
            successes=100 if key % 2 else 20,
        )
        for key in range(10)
    ]
    new = [variant(key, dimensions={"tone": "warm" if key % 2 else "cold"}) for key in (10, 11)]
    counts = [Counts(one.impressions, one.successes) for one in (*some, *new)]
    priors = learn_priors([*some, *new], counts)
    assert priors is not None
    assert priors[11].mean == pytest.approx(0.1, rel=0.1)
    assert priors[10].mean == pytest.approx(0.02, rel=0.2)
    means, _ = learn_prior_by_features(
        design([*some, *new]),
        np.array([one.impressions for one in counts], dtype=float),
        np.array([one.successes for one in counts], dtype=float),
    )
    assert [priors[key].mean for key in range(12)] == pytest.approx(means.tolist())


def test_without_anything_to_tell_them_apart_there_are_no_priors() -> None:
    assert learn_priors([variant(1), variant(2)], [Counts(10, 5), Counts(10, 5)]) is None
    assert design([]).shape == (0, 0)
