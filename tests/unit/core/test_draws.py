"""`sample_beta`, `select_top_k`, `select_top_k_many`: what they answer and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from armful import core

parameters = st.floats(min_value=1e-6, max_value=1e12)


@st.composite
def arms(draw, max_size=30):
    n = draw(st.integers(1, max_size))
    column = hnp.arrays(np.float64, n, elements=parameters)
    return draw(column), draw(column)


@given(arms(), st.integers(0, 2**64 - 1))
def test_draws_are_rates_and_a_seed_repeats_them(arms, seed):
    draws = core.sample_beta(*arms, seed=seed)
    assert draws.dtype == np.float64
    assert draws.shape == arms[0].shape
    assert ((draws >= 0) & (draws <= 1)).all()
    assert (draws == core.sample_beta(*arms, seed=seed)).all()


@given(arms(), st.data())
def test_a_selection_is_k_distinct_arms(arms, data):
    k = data.draw(st.integers(1, len(arms[0])))
    seed = data.draw(st.integers(0, 2**64 - 1))
    chosen = core.select_top_k(*arms, k, seed=seed)
    assert chosen.dtype == np.intp
    assert chosen.shape == (k,)
    assert len(set(chosen.tolist())) == k
    assert set(chosen.tolist()) <= set(range(len(arms[0])))
    assert (chosen == core.select_top_k(*arms, k, seed=seed)).all()


@given(arms(), st.integers(1, 5), st.integers(0, 2**64 - 1))
def test_many_rounds_begin_with_the_single_one(arms, rounds, seed):
    chosen = core.select_top_k_many(*arms, 1, rounds, seed=seed)
    assert chosen.shape == (rounds, 1)
    assert chosen[0] == core.select_top_k(*arms, 1, seed=seed)


def test_unseeded_calls_differ():
    ones = np.ones(8)
    assert (core.sample_beta(ones, ones) != core.sample_beta(ones, ones)).any()


def test_an_empty_set_of_arms_has_no_draws():
    assert core.sample_beta(np.empty(0), np.empty(0)).shape == (0,)


def test_strided_arrays_and_sequences_are_taken_as_they_are():
    alpha, beta = np.arange(1.0, 9.0), np.arange(2.0, 10.0)
    expected = core.sample_beta(alpha[::2].copy(), beta[::-2].copy(), seed=1)
    assert (core.sample_beta(alpha[::2], beta[::-2], seed=1) == expected).all()
    assert (core.sample_beta(alpha[::2].tolist(), tuple(beta[::-2].tolist()), seed=1) == expected).all()
    alpha.flags.writeable = False
    assert core.sample_beta(alpha, beta).shape == (8,)


good = np.ones(3)
FUNCTIONS = {
    "sample_beta": core.sample_beta,
    "select_top_k": lambda alpha, beta: core.select_top_k(alpha, beta, 1),
    "select_top_k_many": lambda alpha, beta: core.select_top_k_many(alpha, beta, 1, 2),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
class TestArrays:
    @pytest.mark.parametrize("value", [0.0, -0.0, -1.0, np.nan, np.inf, -np.inf])
    def test_a_value_that_is_no_parameter(self, function, value):
        bad = np.array([1.0, value, 1.0])
        with pytest.raises(ValueError, match=r"alpha\[1\] is "):
            function(bad, good)
        with pytest.raises(ValueError, match=r"beta\[1\] is "):
            function(good, bad)

    def test_lengths_that_differ(self, function):
        with pytest.raises(ValueError, match="beta has length 2, but alpha has length 3"):
            function(good, good[:2])

    @pytest.mark.parametrize("dtype", [np.float32, np.int64, np.complex128, ">f8", "U3", object, bool])
    def test_a_dtype_that_is_not_float64(self, function, dtype):
        with pytest.raises(TypeError, match="beta must be of dtype float64, not "):
            function(good, np.array([1, 1, 1]).astype(dtype))

    @pytest.mark.parametrize("shape", [(), (3, 1)])
    def test_a_shape_that_is_not_flat(self, function, shape):
        with pytest.raises(ValueError, match="alpha must have one dimension"):
            function(np.ones(shape), good)

    @pytest.mark.parametrize("value", [None, 1.0, "123"])
    def test_what_is_no_sequence_of_numbers(self, function, value):
        with pytest.raises(TypeError, match="alpha must be a sequence of numbers"):
            function(value, good)

    def test_an_element_that_is_no_number(self, function):
        with pytest.raises(TypeError, match=r"alpha\[1\] must be a number"):
            function([1.0, "2", 3.0], good)

    def test_an_unaligned_array(self, function):
        unaligned = np.frombuffer(b"\0" + good.tobytes(), dtype=np.float64, offset=1)
        with pytest.raises(ValueError, match="alpha must be aligned"):
            function(unaligned, good)


@pytest.mark.parametrize("k", [0, -1, 4, 10**30])
def test_k_out_of_range(k):
    with pytest.raises(ValueError, match=r"k is "):
        core.select_top_k(good, good, k)


@pytest.mark.parametrize("k", [1.0, "1", None])
def test_k_of_another_type(k):
    with pytest.raises(TypeError, match="k must be an integer, not "):
        core.select_top_k(good, good, k)
    with pytest.raises(TypeError, match="rounds must be an integer, not "):
        core.select_top_k_many(good, good, 1, k)


def test_numpy_integers_are_integers():
    assert core.select_top_k(good, good, np.int32(2), seed=np.uint64(2**63)).shape == (2,)


def test_rounds_out_of_range():
    with pytest.raises(ValueError, match="rounds is 0"):
        core.select_top_k_many(good, good, 1, 0)
    with pytest.raises(MemoryError, match="memory"):
        core.select_top_k_many(good, good, 3, 2**62)


@pytest.mark.parametrize("seed", [-1, 2**64, 10**60])
def test_seed_out_of_range(seed):
    with pytest.raises(ValueError, match="seed is "):
        core.sample_beta(good, good, seed=seed)


def test_seed_of_another_type():
    with pytest.raises(TypeError, match="seed must be an integer or None, not float"):
        core.sample_beta(good, good, seed=1.5)


def test_k_where_there_is_no_arm():
    with pytest.raises(ValueError, match="k is 1: it must be between 1 and the number of arms, 0"):
        core.select_top_k(np.empty(0), np.empty(0), 1)


def test_means_of_rewards_follow_the_t_distribution():
    """Against SciPy's t, by Kolmogorov and Smirnov; p-values are compared with 1e-4, and the seeds are fixed."""
    rewards = [np.random.default_rng(seed).normal(seed, 3, 5 * seed) for seed in (1, 2)]
    counts, sums, squares = ([float(f(r)) for r in rewards] for f in (len, np.sum, lambda r: np.sum(r**2)))
    pooled = np.concatenate(rewards)
    for sharpness in (1.0, 4.0):
        draws = np.array(
            [core.sample_means(counts, sums, squares, sharpness=sharpness, seed=s) for s in range(20_000)]
        )
        for arm, one in enumerate(rewards):
            n, mean, prior = len(one), one.mean(), pooled.mean()
            scale = pooled.var() + (one.var() * n + n / (n + 1) * (mean - prior) ** 2) / 2
            shape = 1 + n / 2
            centre = (prior + one.sum()) / (n + 1)
            expected = stats.t(2 * shape, centre, np.sqrt(scale / shape / (n + 1) / sharpness))
            assert stats.kstest(draws[:, arm], expected.cdf).pvalue > 1e-4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([-1.0], [0.0], [0.0]), r"counts\[0\] is -1: it must be finite and not negative"),
        (([2], [4.0], [7.0]), r"squares\[0\] is 7: it must be finite and at least sum² / count"),
        (([2], [4.0], [8.0, 1.0]), "squares has length 2, but counts has length 1"),
    ],
)
def test_means_refuse(arguments, message):
    with pytest.raises(ValueError, match=message):
        core.sample_means(*arguments)
