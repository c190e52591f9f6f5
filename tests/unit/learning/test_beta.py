"""The Beta model's sums add up in any order, and its moments are those of the Beta distribution."""

import random
from datetime import UTC, datetime

import pytest
from scipy import stats

from armful.domain.variant import Variant
from armful.learning.beta import BetaPosterior, Counts, parameters_of
from armful.learning.pool_model import PLAIN
from armful.learning.posterior import GLOBAL, Posterior, PosteriorKey

NOTHING = Counts(0, 0)


def posterior(alpha: float = 1.0, beta: float = 1.0, counts: Counts = NOTHING) -> BetaPosterior:
    return BetaPosterior(PosteriorKey(1), alpha, beta, counts)


def test_the_order_of_additions_does_not_matter() -> None:
    parts = [Counts(shown, random.Random(shown).randrange(shown + 1)) for shown in (1, 5, 30, 1000, 7)]
    expected = posterior(2.0, 3.0, Counts(sum(n for n, _ in parts), sum(s for _, s in parts)))
    for seed in range(5):
        shuffled = random.Random(seed).sample(parts, len(parts))
        found: Posterior[Counts] = posterior(2.0, 3.0)
        for counts in shuffled:
            found = found.add(counts)
        assert found == expected


@pytest.mark.parametrize("counts", [Counts(0, 0), Counts(1000, 120), Counts(5, 5), Counts(10**9, 3)])
def test_mean_and_variance_are_the_distributions(counts: Counts) -> None:
    found = posterior(1.5, 2.5, counts)
    mean, variance = stats.beta(found.alpha, found.beta).stats(moments="mv")
    assert found.mean == pytest.approx(float(mean), rel=1e-12)
    assert found.variance == pytest.approx(float(variance), rel=1e-9)


def test_a_small_prior_survives_large_counters() -> None:
    tiny = posterior(1e-9, 1e-9, Counts(2**53, 2**53))
    assert tiny.beta == 1e-9


def test_columns_are_the_posteriors_parameters() -> None:
    variants = [
        Variant(
            key=key,
            variant_id=f"v{key}",
            dimensions={},
            content=None,
            prior_alpha=0.5 + key,
            prior_beta=2.0,
            impressions=10 * key,
            successes=key,
            status="active",
            version=1,
            last_used=None,
            created_at=datetime.now(UTC),
        )
        for key in range(4)
    ]
    alpha, beta = parameters_of(variants)
    posteriors = [PLAIN.posterior(variant) for variant in variants]
    assert alpha == [one.alpha for one in posteriors]
    assert beta == [one.beta for one in posteriors]
    assert [one.key for one in posteriors] == [PosteriorKey(key, GLOBAL) for key in range(4)]
