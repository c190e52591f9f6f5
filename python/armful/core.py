"""The compiled core: exact Thompson sampling over many arms, on NumPy arrays.

An *arm* has a success rate whose posterior is Beta(α, β). Thompson sampling draws one rate per arm and shows
the arms of the k largest draws.

>>> import numpy as np
>>> from armful import core
>>> alpha, beta = np.array([25.0, 45.0, 15.0]), np.array([11.0, 6.0, 21.0])
>>> core.select_top_k(alpha, beta, 1, seed=7)
array([1])

:class:`ArmTable` keeps the arms in memory and selects from them under filters. Every function takes float64
arrays without copying them, also accepts sequences of numbers, and releases the GIL where it works for long.
The same arguments and seed give the same answer; without a seed no two calls are alike.
"""

from armful._core import (
    ArmTable,
    delay_weights,
    expected_loss,
    inclusion_probability,
    learn_delay,
    learn_prior,
    learn_prior_by_features,
    probability_best,
    sample_beta,
    sample_means,
    select_top_k,
    select_top_k_many,
    simulate,
)

__all__ = [
    "ArmTable",
    "delay_weights",
    "expected_loss",
    "inclusion_probability",
    "learn_delay",
    "learn_prior",
    "learn_prior_by_features",
    "probability_best",
    "sample_beta",
    "sample_means",
    "select_top_k",
    "select_top_k_many",
    "simulate",
]
