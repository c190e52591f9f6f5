"""Finds the variants that are most like a given one."""

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct

from armful.domain.variant import Variant


class Similar(Struct, frozen=True):
    """A variant, and how similar it is; at most 1."""

    variant: Variant
    similarity: float


def find_similar(
    variant: Variant, others: Iterable[Variant], limit: int
) -> tuple[Literal["embedding", "dimensions"], list[Similar]]:
    """Return what variants were compared by, and those that are most similar, most similar first.

    Embeddings are compared by the cosine of their angle, with those of the same length. A variant without one is compared by
    its dimensions: the number of equal ones, divided by the number of all dimensions that either has.

    Args:
        variant: The variant.
        others: The variants to compare it with.
        limit: The largest number of variants to return.
    """
    if variant.embedding is not None and any(variant.embedding):
        size = len(variant.embedding)
        candidates = [one for one in others if one.embedding is not None and len(one.embedding) == size]
        return "embedding", _most(candidates, _cosines(variant.embedding, candidates), limit)
    candidates = list(others)
    return "dimensions", _most(candidates, [_overlap(variant, one) for one in candidates], limit)


def _most(variants: Sequence[Variant], similarities: Sequence[float], limit: int) -> list[Similar]:
    pairs = sorted(zip(similarities, variants, strict=True), key=lambda pair: (-pair[0], pair[1].variant_id))
    return [Similar(variant, similarity) for similarity, variant in pairs[:limit]]


def _cosines(embedding: Sequence[float], others: Sequence[Variant]) -> list[float]:
    if not others:
        return []
    vector = np.asarray(embedding)
    matrix = np.array([one.embedding for one in others])
    lengths = np.linalg.norm(matrix, axis=1)
    # A vector of zeros is like nothing.
    cosines = matrix @ vector / np.where(lengths > 0, lengths, math.inf) / np.linalg.norm(vector)
    return [min(1.0, cosine) for cosine in cosines.tolist()]


def _overlap(one: Variant, other: Variant) -> float:
    pairs, others = set(one.dimensions.items()), set(other.dimensions.items())
    names = {name for name, _ in pairs | others}
    return len(pairs & others) / len(names) if names else 0.0
