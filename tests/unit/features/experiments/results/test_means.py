"""Results of numbers and ratios, against scipy, statsmodels and the participants themselves."""

import math
from datetime import datetime

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
from tests.unit.features.experiments.results.test_recommendation import DAY, DAY_3, DAY_20, START, experiment

from armful.domain.experiment import Guardrail, Metric, StopRule
from armful.features.experiments.results.evaluation import Results, evaluate
from armful.features.experiments.results.segments import compute_segments
from armful.features.experiments.results.shrunken_lifts import observed_lift
from armful.features.experiments.results.store import (
    BinTotal,
    DayCount,
    MetricCount,
    ParticipantTotal,
    PhaseCounts,
    SegmentCount,
    Share,
)
from armful.stats.means.winsorize import bin_of

Values = np.ndarray
NUMBER = Metric("number")


def people(
    rng: np.random.Generator, count: int, *, mean: float = 1.0, buyers: float = 0.3
) -> tuple[Values, Values]:
    """Draw impressions and spend of participants; most spend nothing, and some much."""
    m = rng.integers(1, 8, count).astype(float)
    return m, np.where(rng.random(count) < buyers, rng.lognormal(mean, 1.0, count), 0.0)


def phase(*arms: tuple[Values, Values], metric: str = "m") -> PhaseCounts:
    """The counts of arms with these impressions and values of their participants."""
    totals, days, bins = [], [], []
    for variant, (m, y) in enumerate(arms, start=1):
        told = y != 0
        totals += [
            ParticipantTotal(1, variant, DAY, "", len(y), 0, int(m.sum()), float((m**2).sum())),
            ParticipantTotal(
                1, variant, DAY, metric, int(told.sum()), int((y > 0).sum()), int(m[told].sum()),
                float((m[told] ** 2).sum()), float(y.sum()), float((y**2).sum()), float((m * y).sum()),
            ),
        ]  # fmt: skip
        days.append(DayCount(1, variant, DAY, "", int(m.sum()), 0, 0, 0))
        numbers = np.array([bin_of(float(one)) for one in y])
        for number in sorted(set(numbers[told])):
            own = (numbers == number) & told
            bins.append(
                BinTotal(
                    1,
                    variant,
                    metric,
                    int(number),
                    int(own.sum()),
                    int(m[own].sum()),
                    float((m[own] ** 2).sum()),
                    float(y[own].sum()),
                    float((y[own] ** 2).sum()),
                    float((m * y)[own].sum()),
                )
            )
    share = 1 / len(arms)
    return PhaseCounts(
        phase=1, phases={1: START}, totals=totals, days=days, metrics=[], evidence={}, bins=bins,
        shares=[Share(1, 1, variant, share, len(y)) for variant, (_, y) in enumerate(arms, start=1)],
    )  # fmt: skip


def evaluated(metric: Metric, counts: PhaseCounts, now: datetime = DAY_20, **changes: object) -> Results:
    status = "completed" if now == DAY_20 else "active"
    return evaluate(experiment(status=status, metrics={"m": metric}, **changes), counts, now)


@pytest.mark.parametrize("seed", range(5))
def test_a_number_per_participant_is_compared_as_scipy_and_statsmodels_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    control, variant = people(rng, 400), people(rng, 420, mean=1.2)
    results = evaluated(NUMBER, phase(control, variant))
    found = results.variants[1]
    comparison = found.comparison
    assert comparison is not None
    oracle = stats.ttest_ind(variant[1], control[1], equal_var=False)
    assert comparison.p_value == pytest.approx(oracle.pvalue, rel=1e-9)
    assert comparison.method == "welch_t"
    assert comparison.difference == pytest.approx(variant[1].mean() - control[1].mean())
    both = CompareMeans(DescrStatsW(variant[1]), DescrStatsW(control[1]))
    assert comparison.difference_interval == pytest.approx(both.tconfint_diff(usevar="unequal"), rel=1e-9)
    own = stats.t.interval(0.95, 419, variant[1].mean(), stats.sem(variant[1]))
    assert found.confidence_interval == pytest.approx(own, rel=1e-9)
    assert found.converted == (variant[1] > 0).sum()
    assert results.significance.p_value == comparison.p_value
    error = math.sqrt(sum(one.var(ddof=1) / len(one) for one in (variant[1], control[1])))
    assert results.significance.minimum_detectable_effect == pytest.approx(
        (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * error
    )
    gap = (variant[1].mean() - control[1].mean()) / error
    assert found.chance_to_be_best == pytest.approx(stats.norm.cdf(gap), abs=1e-9)


def test_a_number_per_impression_is_a_ratio_of_sums() -> None:
    rng = np.random.default_rng(7)
    control, variant = people(rng, 500), people(rng, 500, mean=1.5)
    found = evaluated(Metric("number", "impression"), phase(control, variant)).variants
    for one, (m, y) in zip(found, (control, variant), strict=True):
        ratio = y.sum() / m.sum()
        assert one.estimate is not None
        assert one.estimate.value == pytest.approx(ratio)
        variance = ((y - ratio * m) ** 2).sum() / m.sum() ** 2 * 500 / 499
        assert one.estimate.variance == pytest.approx(variance)
    assert found[1].comparison is not None
    assert found[1].comparison.method == "delta_method"
    gap = found[1].rate - found[0].rate
    error = math.sqrt(sum(one.estimate.variance for one in found if one.estimate is not None))
    assert found[1].comparison.p_value == pytest.approx(2 * stats.norm.sf(abs(gap) / error))


def test_an_extreme_value_is_limited_and_the_sums_are_those_of_limited_values() -> None:
    rng = np.random.default_rng(3)
    control, variant = people(rng, 600), people(rng, 600)
    variant[1][0] = 1e12
    found = evaluated(Metric("number", winsorize=0.98), phase(control, variant)).variants
    limit = found[0].limit
    assert limit is not None
    everything = np.concatenate([control[1], variant[1]])
    values = np.sort(np.abs(everything[everything != 0]))
    quantile = values[math.ceil(0.98 * len(values)) - 1]
    assert quantile <= limit <= 1.126 * quantile
    for one, (_, y) in zip(found, (control, variant), strict=True):
        limited = np.clip(y, -limit, limit)
        assert one.estimate is not None
        assert one.estimate.value == pytest.approx(limited.mean(), rel=1e-9)
        assert one.estimate.variance == pytest.approx(limited.var(ddof=1) / len(y), rel=1e-9)
        assert one.limited == (np.abs(y) > limit).sum()
        assert one.total == pytest.approx(y.sum())
    plain = evaluated(NUMBER, phase(control, variant)).variants[1]
    assert (plain.limit, plain.limited) == (None, 0)


def test_a_variant_wins_by_being_lower_where_that_is_the_goal() -> None:
    rng = np.random.default_rng(4)
    slow, fast = (np.ones(2000), rng.gamma(4, 30, 2000)), (np.ones(2000), rng.gamma(4, 25, 2000))
    results = evaluated(Metric("number", goal="decrease"), phase(slow, fast))
    assert results.winner_variant_id == "b"
    assert results.variants[1].comparison is not None
    assert results.variants[1].comparison.verdict == "better"
    assert results.variants[1].chance_to_be_best > 0.99
    assert results.variants[1].expected_loss < results.variants[0].expected_loss
    assert results.improvement_percentage is not None
    assert results.improvement_percentage > 10
    assert "its mean per participant is" in results.recommendation.message
    assert "% lower than a's (at least" in results.recommendation.message
    worse = evaluated(Metric("number"), phase(slow, fast))
    assert worse.recommendation.kind == "stop_harm"
    assert worse.winner_variant_id == "a"


def test_a_rate_may_have_to_decrease_too() -> None:
    rng = np.random.default_rng(4)
    one = np.ones(3000)
    often, seldom = ((one, (rng.random(3000) < rate).astype(float)) for rate in (0.2, 0.1))
    results = evaluated(Metric(goal="decrease"), phase(often, seldom))
    assert results.winner_variant_id == "b"
    assert results.variants[1].chance_to_be_best > 0.999
    assert results.significance.leading is results.variants[1]


def test_before_the_planned_end_the_sequential_test_decides_with_the_strongest_evidence() -> None:
    rng = np.random.default_rng(5)
    low, high = (np.ones(3000), rng.normal(10, 5, 3000)), (np.ones(3000), rng.normal(11, 5, 3000))
    early = evaluated(NUMBER, phase(low, high), DAY_3, min_sample_size=6000)
    assert early.significance.follows == "always_valid"
    assert early.winner_variant_id == "b"
    stored = {name: log_e for name, log_e in early.evidence.items() if name.side != "split"}
    assert {(name.variant, name.side) for name in stored} == {(2, "better"), (2, "worse")}
    # A smaller difference later does not take the evidence away, in its direction.
    later = phase(low, (np.ones(3000), high[1] - 0.9))
    later.evidence = early.evidence
    again = evaluated(NUMBER, later, DAY_3, min_sample_size=6000).significance
    assert again.always_valid_p_value == early.significance.always_valid_p_value
    # Of the other direction it says nothing.
    reversed_counts = phase(low, (np.ones(3000), high[1] - 1.2))
    reversed_counts.evidence = early.evidence
    other = evaluated(NUMBER, reversed_counts, DAY_3, min_sample_size=6000).significance
    assert other.always_valid_p_value is not None
    assert other.always_valid_p_value > 0.01


def test_a_guardrail_may_be_a_number() -> None:
    rng = np.random.default_rng(6)
    one = np.ones(4000)
    guardrail = Guardrail("wait", "increase", 0.03)
    sides = ((one, rng.gamma(4, 30, 4000)), (one, rng.gamma(4, 30, 4000)))
    for factor, status in ((1.0, "not_harmed"), (1.1, "harmed"), (1.02, "not_shown")):
        arms = (sides[0], (one, np.quantile(sides[0][1], rng.permutation(4000) / 4000) * factor))
        counts = phase(*arms, metric="wait")
        plan = experiment(status="completed", guardrails=[guardrail], metrics={"wait": NUMBER})
        [found] = evaluate(plan, counts, DAY_20).guardrails
        assert found.status == status, factor
        assert (found.variants[1].comparison.verdict == "worse") == (status == "harmed")  # type: ignore[union-attr]


def test_values_of_impressions_without_a_participant_count_as_those_of_people() -> None:
    rng = np.random.default_rng(8)
    named, values = people(rng, 300), rng.lognormal(1, 1, 200)
    counts = phase(named, people(rng, 300))
    counts.days.append(DayCount(1, 1, DAY, "", 200, 0, 200, 0))
    counts.metrics.append(MetricCount(1, 1, DAY, "m", values.sum(), values.sum(), (values**2).sum()))
    everybody = np.concatenate([named[1], values])
    for metric in (NUMBER, Metric("number", winsorize=1)):
        control = evaluated(metric, counts).variants[0]
        assert control.participants == 500
        assert control.estimate is not None
        assert control.estimate.value == pytest.approx(everybody.mean())
        assert control.estimate.variance == pytest.approx(everybody.var(ddof=1) / 500)


def test_a_ratio_of_successes_counts_participants_as_independent() -> None:
    rng = np.random.default_rng(9)
    m = rng.integers(1, 21, 500).astype(float)
    arms = [(m, rng.binomial(m.astype(int), rng.beta(1, 9, 500)).astype(float)) for _ in range(2)]
    counts = phase(*arms)
    counts.days.append(DayCount(1, 2, DAY, "", 40, 4, 40, 4))
    found = evaluated(Metric(unit="impression"), counts).variants[1]
    m2, y2 = np.concatenate([m, np.ones(40)]), np.concatenate([arms[1][1], np.ones(4), np.zeros(36)])
    ratio = y2.sum() / m2.sum()
    assert found.rate == pytest.approx(ratio)
    assert found.estimate is not None
    assert found.estimate.variance == pytest.approx(
        ((y2 - ratio * m2) ** 2).sum() / m2.sum() ** 2 * 540 / 539
    )
    assert found.interval_method == "delta_method"


@pytest.mark.parametrize("sizes", [(0, 0), (1, 400), (400, 1), (0, 400)])
def test_too_few_participants_say_nothing(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(10)
    results = evaluated(NUMBER, phase(*(people(rng, size) for size in sizes)))
    assert results.recommendation.kind in ("insufficient_data", "investigate")
    assert [one.chance_to_be_best for one in results.variants] == [0.5, 0.5]
    assert all(one.expected_loss == math.inf for one in results.variants)
    assert results.significance.minimum_detectable_effect is None
    assert not results.significance.is_significant


def test_without_a_positive_control_there_is_no_lift_but_a_difference() -> None:
    rng = np.random.default_rng(11)
    loss, profit = (np.ones(500), rng.normal(-2, 3, 500)), (np.ones(500), rng.normal(1, 3, 500))
    results = evaluated(NUMBER, phase(loss, profit))
    assert results.winner_variant_id == "b"
    assert results.improvement_percentage is None
    assert "higher than that of a, which is not above 0" in results.recommendation.message
    assert results.variants[1].comparison is not None
    assert results.variants[1].comparison.always_valid_lift_interval == (-math.inf, math.inf)


def test_the_stop_rule_limits_the_expected_loss_of_a_number() -> None:
    rng = np.random.default_rng(12)
    arms = [(np.ones(5000), rng.normal(50, 10, 5000)) for _ in range(2)]
    results = evaluated(NUMBER, phase(*arms), stop_rule=StopRule(minimum_sample=1000))
    assert results.ship is not None
    assert results.ship.safe
    assert results.ship.relative_loss is not None
    assert results.ship.relative_loss < 0.01


def test_segments_compare_values_and_find_where_the_effect_is() -> None:
    rng = np.random.default_rng(13)
    counts, segments = phase(*(people(rng, 1000) for _ in range(2))), []
    for value, effect in (("new", 3.0), ("old", 0.0)):
        for variant in (1, 2):
            y = rng.normal(10 + (effect if variant == 2 else 0), 5, 500)
            segments.append(
                SegmentCount(value, variant, 500, 0, 500, 500, 500, 500, y.sum(), (y**2).sum(), y.sum())
            )
    plan = experiment(status="completed", metrics={"m": Metric("number", winsorize=0.99)})
    found, interaction = compute_segments(plan, segments, evaluate(plan, counts, DAY_20))
    assert interaction is not None
    assert interaction < 0.001
    assert {value: one.significance.is_significant for value, one in found.items()} == {
        "new": True,
        "old": False,
    }
    assert found["new"].variants[1].limit is None


def test_the_daily_series_has_values() -> None:
    rng = np.random.default_rng(14)
    arms = people(rng, 300), people(rng, 300)
    plan = experiment(metrics={"m": NUMBER})
    points = evaluate(plan, phase(*arms), DAY_3, series=True).days
    assert [point.value for point in points] == pytest.approx([y.mean() for _, y in arms])


def test_the_lift_of_a_number_is_shrunk_by_its_own_variance() -> None:
    rng = np.random.default_rng(15)
    low, high = (np.ones(2000), rng.normal(50, 10, 2000)), (np.ones(2000), rng.normal(52, 10, 2000))
    control, variant = evaluated(NUMBER, phase(low, high)).variants
    lift = observed_lift(variant, control)
    assert lift is not None
    assert lift.value == pytest.approx(math.log(high[1].mean() / low[1].mean()))
    assert lift.variance == pytest.approx(sum((stats.sem(y) / y.mean()) ** 2 for _, y in (low, high)))
