"""Priors by what variants are like: their dimensions, features and embeddings."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from armful import core
from armful.domain.variant import Variant
from armful.learning.beta import Counts
from armful.stats.priors import Prior

MOST_VALUES = 100
"""The largest number of values of dimensions that are features: the most frequent ones."""

MOST_FEATURES = 64


def design(variants: Sequence[Variant]) -> NDArray[np.float64]:
    """Return the features of variants, shape (n, d) with d ≤ 228.

    Each value of a dimension that at least two variants have, but not all, is a feature of 0 or 1. Numbers are standardised;
    a variant without the number has the mean. Embeddings count if all that there are have the same length.
    """
    columns = [*_dimensions(variants), *_numbers(variants), *_embeddings(variants)]
    if not columns:
        return np.empty((len(variants), 0))
    return np.column_stack(columns)


def learn_priors(variants: Sequence[Variant], counts: Sequence[Counts]) -> dict[int, Prior] | None:
    """Learn each variant's prior from those that are like it.

    Returns:
        The prior by the variant's key; None if there is nothing to tell the variants apart by.
    """
    features = design(variants)
    if not features.shape[1]:
        return None
    means, strengths = core.learn_prior_by_features(
        features,
        np.array([one.impressions for one in counts], dtype=np.float64),
        np.array([one.successes for one in counts], dtype=np.float64),
    )
    return {
        variant.key: Prior(mean * strength, (1 - mean) * strength)
        for variant, mean, strength in zip(variants, means.tolist(), strengths.tolist(), strict=True)
    }


def _dimensions(variants: Sequence[Variant]) -> list[NDArray[np.float64]]:
    frequent = Counter(pair for variant in variants for pair in variant.dimensions.items()).most_common(
        MOST_VALUES
    )
    return [
        np.array([float(variant.dimensions.get(name) == value) for variant in variants])
        for (name, value), count in sorted(frequent)
        if 2 <= count < len(variants)
    ]


def _numbers(variants: Sequence[Variant]) -> list[NDArray[np.float64]]:
    names = Counter(name for variant in variants for name in variant.features or ()).most_common(
        MOST_FEATURES
    )
    return [
        column
        for name, _ in sorted(names)
        if (column := _standardised([(variant.features or {}).get(name) for variant in variants])) is not None
    ]


def _embeddings(variants: Sequence[Variant]) -> list[NDArray[np.float64]]:
    lengths = {len(variant.embedding) for variant in variants if variant.embedding is not None}
    if len(lengths) != 1:
        return []
    return [
        column
        for place in range(lengths.pop())
        if (column := _standardised([one.embedding[place] if one.embedding else None for one in variants]))
        is not None
    ]


def _standardised(values: Sequence[float | None]) -> NDArray[np.float64] | None:
    """Return numbers with mean 0 and standard deviation 1, 0 where there is none; None if they do not differ."""
    column = np.array([np.nan if value is None else value for value in values])
    deviation = float(np.nanstd(column))
    if not deviation > 0:
        return None
    standardised: NDArray[np.float64] = np.nan_to_num((column - np.nanmean(column)) / deviation)
    return standardised
