"""Similar variants: by the angle between embeddings, or by equal dimensions."""

import pytest
from tests.unit.samples import variant

from armful.features.variants.similar import find_similar


def test_embeddings_are_compared_by_their_angle() -> None:
    one = variant(1, embedding=[1.0, 0.0])
    others = [
        variant(2, embedding=[2.0, 0.0]),
        variant(3, embedding=[-3.0, 0.0]),
        variant(4, embedding=[1.0, 1.0]),
        variant(5, embedding=[0.0, 0.0]),
        variant(6, embedding=[1.0]),
        variant(7),
    ]
    by, found = find_similar(one, others, 10)
    assert by == "embedding"
    assert [(each.variant.key, each.similarity) for each in found] == [
        (2, 1.0), (4, pytest.approx(0.5**0.5)), (5, 0.0), (3, -1.0),
    ]  # fmt: skip
    assert [each.variant.key for each in find_similar(one, others, 1)[1]] == [2]
    assert find_similar(one, [], 5) == ("embedding", [])


def test_without_an_embedding_equal_dimensions_count() -> None:
    one = variant(1, dimensions={"tone": "warm", "length": "short"})
    others = [
        variant(2, dimensions={"tone": "warm", "length": "long"}),
        variant(3, dimensions={"tone": "warm", "length": "short"}),
        variant(4, dimensions={"tone": "warm", "length": "short", "emoji": "yes"}),
        variant(5),
    ]
    by, found = find_similar(one, iter(others), 10)
    assert by == "dimensions"
    assert [(each.variant.key, each.similarity) for each in found] == [
        (3, 1.0), (4, pytest.approx(2 / 3)), (2, 0.5), (5, 0.0),
    ]  # fmt: skip
    assert find_similar(variant(1), [variant(2)], 5)[1][0].similarity == 0.0
