"""Priors learnt from like rates, against simulated populations, real headlines and closed forms."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from armful.stats.priors import UNIFORM, Prior, discounted_posterior, moment_prior

HEADLINES = Path(__file__).parents[4] / "shared" / "data" / "upworthy_headlines.csv"
groups = st.lists(
    st.integers(0, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=0, max_size=40
)


@pytest.mark.parametrize(("alpha", "beta"), [(3, 120), (2, 2), (40, 60), (0.5, 20)])
def test_a_population_s_own_prior_is_found(alpha: float, beta: float) -> None:
    rng = np.random.default_rng(4)
    sizes = rng.integers(20, 500, size=20_000)
    successes = rng.binomial(sizes, rng.beta(alpha, beta, size=sizes.size))
    prior = moment_prior(successes.tolist(), sizes.tolist())
    assert prior.mean == pytest.approx(alpha / (alpha + beta), rel=0.03)
    assert prior.strength == pytest.approx(alpha + beta, rel=0.08)


def test_equal_groups_follow_the_textbook_formula() -> None:
    # With groups of one size n the moments are p, S = mean (r − p)² and φ = (S/pq − (1 − 1/J)/n) / ((1 − 1/J)(1 − 1/n)).
    successes, size, count = [*range(2, 27)], 40, 25
    rates = np.array(successes) / size
    p = rates.mean()
    spread = ((rates - p) ** 2).mean() / (p * (1 - p))
    shrink = 1 - 1 / count
    phi = (spread - shrink / size) / (shrink * (1 - 1 / size))
    prior = moment_prior(successes, [size] * count)
    assert prior.strength == pytest.approx(1 / phi - 1)
    assert prior.mean == pytest.approx(p)


def test_groups_that_differ_by_chance_alone_share_one_rate() -> None:
    assert moment_prior([50] * 30, [1000] * 30).strength == pytest.approx(10_000)
    assert moment_prior([50] * 30, [1000] * 30, strongest=500).strength == pytest.approx(500)


def test_few_groups_are_not_believed_too_much_nor_too_little() -> None:
    assert moment_prior([50] * 19, [1000] * 19).strength == pytest.approx(200)
    assert moment_prior([1, 999], [1000, 1000]).strength == pytest.approx(2)
    assert moment_prior([30], [1000]) == pytest.approx((0.06, 1.94))


def test_nothing_known_is_every_rate_equally_likely() -> None:
    assert moment_prior([], []) == moment_prior([0, 0], [0, 0]) == UNIFORM == (1.0, 1.0)


@pytest.mark.parametrize("successes", [0, 50])
def test_all_failures_or_all_successes_leave_the_other_possible(successes: int) -> None:
    prior = moment_prior([successes, successes], [50, 50])
    assert prior.strength == pytest.approx(2)
    assert prior.mean == pytest.approx((2 * successes + 0.5) / 101)


@given(groups)
def test_a_prior_is_proper_and_its_mean_the_pooled_rate(counts: list[tuple[int, int]]) -> None:
    prior = moment_prior([s for s, _ in counts], [n for _, n in counts])
    assert prior.alpha > 0
    assert prior.beta > 0
    total, pooled = sum(n for _, n in counts), sum(s for s, _ in counts)
    if 0 < pooled < total:
        assert prior.mean == pytest.approx(pooled / total)
    if len(counts) < 20:
        assert 2 - 1e-9 <= prior.strength <= 200 + 1e-9


@given(groups)
def test_order_and_empty_groups_make_no_difference(counts: list[tuple[int, int]]) -> None:
    padded = [(0, 0), *reversed(counts), (0, 0)]
    one = moment_prior([s for s, _ in counts], [n for _, n in counts])
    other = moment_prior([s for s, _ in padded], [n for _, n in padded])
    assert other == pytest.approx(one, rel=1e-6)


def test_on_real_headlines_it_errs_far_less_than_a_uniform_prior() -> None:
    if not HEADLINES.exists():
        pytest.skip("needs ../shared/data/upworthy_headlines.csv beside the project")
    with HEADLINES.open() as file:
        rows = list(csv.DictReader(file))
    test = np.array([row["test_id"] for row in rows])
    shown = np.array([int(row["impressions"]) for row in rows])
    clicks = np.array([int(row["clicks"]) for row in rows])
    rng = np.random.default_rng(20)
    errors: dict[str, list[float]] = {"learnt": [], "uniform": []}
    for each in np.unique(test):
        here = test == each
        rates = clicks[here] / shown[here]
        learnt = moment_prior(clicks[~here].tolist(), shown[~here].tolist())
        seen = rng.binomial(20, rates, size=(100, rates.size))
        for name, prior in (("learnt", learnt), ("uniform", UNIFORM)):
            estimates = (prior.alpha + seen) / (prior.strength + 20)
            errors[name].append(float(np.sqrt(((estimates - rates) ** 2).mean(axis=1)).mean()))
    assert np.mean(errors["uniform"]) == pytest.approx(0.0507, abs=0.001)
    assert np.mean(errors["learnt"]) < 0.0113


def test_discounting_decays_evidence_and_never_the_prior() -> None:
    prior = Prior(3.0, 97.0)
    assert discounted_posterior(prior, 40, 1000, keep=0.9, elapsed=0) == (43.0, 1057.0)
    assert discounted_posterior(prior, 40, 1000, keep=0.5, elapsed=2) == (13.0, 337.0)
    assert discounted_posterior(prior, 40, 1000, keep=0.5, elapsed=5000) == prior
    assert discounted_posterior(prior, 40, 1000, keep=1.0, elapsed=9) == (43.0, 1057.0)


@given(st.floats(0.01, 1), st.floats(0, 50), st.floats(0, 50))
def test_discounting_in_two_steps_is_discounting_in_one(keep: float, first: float, second: float) -> None:
    once = discounted_posterior(UNIFORM, 40, 100, keep=keep, elapsed=first + second)
    kept = keep**first
    twice = discounted_posterior(UNIFORM, 40 * kept, 100 * kept, keep=keep, elapsed=second)
    assert once == pytest.approx(twice, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: moment_prior([1], [1, 2]),
            "successes and impressions must have the same length, not 1 and 2",
        ),
        (lambda: moment_prior([3], [2]), "successes must be between 0 and impressions (2), not 3"),
        (lambda: moment_prior([1], [2], strongest=1), "strongest must be finite and at least 2, not 1"),
        (
            lambda: discounted_posterior(UNIFORM, 1, 2, keep=0, elapsed=1),
            "keep must be above 0 and at most 1, not 0",
        ),
        (
            lambda: discounted_posterior(UNIFORM, 1, 2, keep=1, elapsed=-1),
            "elapsed must be finite and at least 0, not -1",
        ),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match="must") as error:
        call()
    assert str(error.value) == message
