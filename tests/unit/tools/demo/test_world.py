"""The hidden truth of a demo: which offer is best, and when people come."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from armful.tools.demo._world import CAMPAIGNS, PERSONAS, TRIALS, bustle, truth

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=lambda campaign: campaign.name)
def test_the_best_offer_has_the_highest_mean_rate(campaign: object) -> None:
    found = truth(campaign, np.random.default_rng(1))  # type: ignore[arg-type]
    weight = sum(PERSONAS.values())
    means = {
        offer: sum(found.rates[who][offer] * often for who, often in PERSONAS.items()) / weight
        for offer in next(iter(found.rates.values()))
    }
    assert max(means, key=means.__getitem__) == found.best


def test_a_seed_fixes_the_truth() -> None:
    first, second, other = (truth(CAMPAIGNS[0], np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == second != other


def test_rates_are_probabilities_at_any_time() -> None:
    found = truth(CAMPAIGNS[0], np.random.default_rng(1))
    for hour in range(24):
        at = MONDAY + timedelta(hours=hour)
        for persona, offers in found.rates.items():
            rates = [found.rate(persona, offer, at) for offer in offers]
            assert all(0 < rate <= 1 for rate in rates)
            assert found.uniform(persona, at) == pytest.approx(sum(rates) / len(rates))
            assert found.most(persona, at) == found.rate(persona, found.best, at)


def test_traffic_is_relative_to_the_mean_of_a_week() -> None:
    hours = [bustle(MONDAY + timedelta(hours=hour)) for hour in range(24 * 7)]
    assert sum(hours) / len(hours) == pytest.approx(1)
    assert min(hours) > 0


def test_who_succeeds_spends_the_offer_s_mean_on_average() -> None:
    (trial,) = [trial for trial in TRIALS if trial.number is not None]
    assert trial.allocation == "fixed"  # a number needs a fixed split
    for arm, mean in enumerate(trial.amounts):
        drawn = [trial.amount(arm, seed) for seed in range(4000)]
        # ± 5 standard errors of 0.53 / √4000.
        assert np.mean(drawn) == pytest.approx(mean, rel=0.042)
        assert drawn[0] == trial.amount(arm, 0) > 0
