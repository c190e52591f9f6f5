"""The lift of a winner is shrunk, and ended experiments leave the lifts of every planned comparison behind."""

import math

import pytest
from msgspec.structs import replace
from statsmodels.stats.proportion import confint_proportions_2indep
from tests.unit.features.experiments.results.test_verdicts import results

from armful.domain.experiment import Metric
from armful.features.experiments.results.shrunken_lifts import lifts_to_keep, observed_lift, shrink_winner
from armful.features.experiments.results.store import PastLifts
from armful.stats.shrinkage import LogLift

NONE = PastLifts([], 0)


def test_the_plain_lift_is_the_ratio_of_conversion_rates() -> None:
    """Its variance is that of statsmodels' log interval of a ratio, up to the correction n / (n − 1)."""
    found = results((5000, 500), (5000, 700))
    lift = observed_lift(found.variants[1], found.control)
    assert lift is not None
    assert lift.value == pytest.approx(math.log(1.4))
    lower, upper = confint_proportions_2indep(700, 5000, 500, 5000, compare="ratio", method="log")
    assert math.sqrt(lift.variance) == pytest.approx(math.log(upper / lower) / 2 / 1.959964, rel=1e-3)


def test_an_adaptive_experiment_uses_the_weighted_rate() -> None:
    found = results((3000, 240), (3000, 300), allocation="thompson")
    lift = observed_lift(found.variants[1], found.control)
    assert lift is not None
    assert lift.value == pytest.approx(math.log(found.variants[1].rate / found.variants[0].rate))


def test_without_past_experiments_the_lift_is_shrunk_by_the_default() -> None:
    found = results((5000, 500), (5000, 700))
    assert found.winner is not None
    shrunken = shrink_winner(found.winner, found.control, NONE)
    observed = observed_lift(found.winner, found.control)
    assert shrunken is not None
    assert observed is not None
    assert (shrunken.tau, shrunken.experiments) == (pytest.approx(0.1), 0)
    weight = 0.01 / (0.01 + observed.variance)
    assert math.log1p(shrunken.lift) == pytest.approx(weight * observed.value)
    assert 0 < shrunken.interval.lower < shrunken.lift < shrunken.interval.upper


def test_a_winner_that_is_lower_where_that_is_better_has_a_positive_shrunken_lift() -> None:
    found = results((5000, 500), (5000, 300))
    lower = replace(found.variants[1], metric=Metric(goal="decrease"))
    shrunken = shrink_winner(lower, found.control, NONE)
    plain = shrink_winner(found.variants[1], found.control, NONE)
    assert shrunken is not None
    assert plain is not None
    assert 0.1 < shrunken.lift < 0.4
    assert shrunken.lift == -plain.lift
    assert shrunken.interval == (-plain.interval.upper, -plain.interval.lower)
    assert shrunken.interval.lower < shrunken.lift < shrunken.interval.upper


def test_the_smaller_past_lifts_are_the_more_a_lift_shrinks() -> None:
    found = results((5000, 500), (5000, 700))
    assert found.winner is not None
    lifts = [
        shrink_winner(found.winner, found.control, PastLifts([LogLift(size, 1e-4)] * 200, 200))
        for size in (0.3, 0.05, 0.0)
    ]
    values = [lift.lift for lift in lifts if lift is not None]
    assert 0.4 > values[0] > values[1] > values[2] > 0


def test_every_planned_comparison_is_kept_whoever_won() -> None:
    found = results((5000, 500), (5000, 700), (5000, 450))
    kept = lifts_to_keep(found.variants, valid=found.valid)
    assert {variant: lift and round(lift.value, 4) for variant, lift in kept.items()} == {
        2: round(math.log(1.4), 4),
        3: round(math.log(0.9), 4),
    }


@pytest.mark.parametrize("outcomes", [((5000, 400), (4000, 560)), ((20, 2), (20, 4)), ((500, 0), (500, 20))])
def test_no_lift_is_kept_that_means_nothing(outcomes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """Under a sample-ratio alarm, with few participants, and without conversions of control."""
    found = results(*outcomes)
    assert lifts_to_keep(found.variants, valid=found.valid) == {2: None}


def test_control_has_no_lift_to_shrink() -> None:
    found = results((5000, 500), (5000, 300))
    assert found.winner_variant_id == "v1"
    assert found.winner is None
