"""Comparison with control, against statsmodels, scipy.stats and the score equation itself."""

import math

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from armful.stats.rates.comparison import compare, fisher_p_value, pooled_z
from armful.stats.rates.intervals import Interval

arms = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
small_arms = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.floats(0.5, 0.999)


def test_the_reference_example() -> None:
    result = compare(120, 1000, 64, 800)
    assert result.method == "pooled_z"
    assert round(result.p_value, 5) == 0.00538
    assert round(fisher_p_value(120, 1000, 64, 800), 5) == 0.00603
    assert result.lift == pytest.approx(0.5, abs=1e-15)
    assert [round(100 * end, 1) for end in result.lift_interval] == [12.6, 100.2]


@pytest.mark.parametrize(("successes", "impressions", "z"), [(267, 21307, 7.385), (189, 21387, 3.780)])
def test_published_email_test(successes: int, impressions: int, z: float) -> None:
    assert round(compare(successes, impressions, 122, 21306).z_score, 3) == z


@given(arms, arms)
def test_pooled_z_agrees_with_statsmodels(variant: tuple[int, int], control: tuple[int, int]) -> None:
    result = compare(*variant, *control)
    if result.method == "pooled_z":
        z, p = proportions_ztest([variant[0], control[0]], [variant[1], control[1]])
        assert result.z_score == pytest.approx(z, rel=1e-9, abs=1e-9)
        assert result.p_value == pytest.approx(p, rel=1e-8, abs=1e-300)


@given(small_arms, small_arms)
def test_small_tables_are_tested_exactly(variant: tuple[int, int], control: tuple[int, int]) -> None:
    table = [[s, n - s] for s, n in (variant, control)]
    result = compare(*variant, *control)
    column_totals = [sum(column) for column in zip(*table, strict=True)]
    expected = [
        n * column / (variant[1] + control[1]) for _, n in (variant, control) for column in column_totals
    ]
    assert result.method == ("fisher" if min(expected) < 5 else "pooled_z")
    if result.method == "fisher":
        assert result.p_value == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-9)


def test_fisher_holds_at_a_large_size() -> None:
    assert compare(3, 1_000_000, 0, 1_000_000).p_value == pytest.approx(0.25, rel=1e-5)
    expected = stats.fisher_exact([[3997, 996_003], [0, 900]]).pvalue
    assert compare(3997, 1_000_000, 0, 900).p_value == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("counts", [(120, 1000, 64, 800), (5, 40, 9, 55), (267, 21307, 122, 21306)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_lift_interval_agrees_with_statsmodels(counts: tuple[int, int, int, int], level: float) -> None:
    result = compare(*counts, confidence_level=level)
    expected = confint_proportions_2indep(
        *counts, method="score", compare="ratio", alpha=1 - level, correction=False
    )
    assert [1 + end for end in result.lift_interval] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("counts", "ends"),
    [
        ((56, 70, 48, 80), (0.0533, 0.3377)),
        ((9, 10, 3, 10), (0.1821, 0.8370)),
        ((6, 7, 2, 7), (0.0544, 0.8478)),
        ((5, 56, 0, 29), (-0.0313, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((10, 10, 0, 20), (0.7225, 1.0)),
    ],
)
def test_difference_interval_gives_the_published_table(
    counts: tuple[int, int, int, int], ends: tuple[float, float]
) -> None:
    # Newcombe (1998), Statistics in Medicine 17:873-890, table II, Mee's method. statsmodels 0.15 is no
    # oracle here: its cubic takes control's successes where its source has control's size.
    assert compare(*counts).difference_interval == pytest.approx(ends, abs=5.1e-5)


@settings(max_examples=40, deadline=None)
@given(arms, arms, levels)
def test_difference_ends_solve_the_score_equation(
    variant: tuple[int, int], control: tuple[int, int], level: float
) -> None:
    interval = compare(*variant, *control, confidence_level=level).difference_interval
    critical = stats.norm.isf((1 - level) / 2) ** 2
    for end in interval:
        if abs(end) < 1:
            assert score_of_difference(*variant, *control, end) == pytest.approx(critical, rel=1e-6)


def score_of_difference(s1: int, n1: int, s0: int, n0: int, difference: float) -> float:
    """The score statistic squared: its constrained maximum by bisection in 90 digits, not in closed form."""
    with mpmath.workdps(90):
        delta = mpmath.mpf(difference)

        def slope(p0: mpmath.mpf) -> mpmath.mpf:
            p1 = p0 + delta
            terms = ((s1, p1), (s1 - n1, 1 - p1), (s0, p0), (s0 - n0, 1 - p0))
            return sum(count / p for count, p in terms if count)

        low, high = max(mpmath.mpf(0), -delta), min(mpmath.mpf(1), 1 - delta)
        margin = (high - low) * mpmath.mpf(10) ** -45
        low, high = low + margin, high - margin
        for _ in range(150):
            middle = (low + high) / 2
            low, high = (middle, high) if slope(middle) > 0 else (low, middle)
        p0, p1 = low, low + delta
        variance = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0
        return float((mpmath.mpf(s1) / n1 - mpmath.mpf(s0) / n0 - delta) ** 2 / variance)


@given(arms, arms, levels)
def test_intervals_are_ordered_bounded_and_hold_the_estimate(
    variant: tuple[int, int], control: tuple[int, int], level: float
) -> None:
    result = compare(*variant, *control, confidence_level=level)
    lower, upper = result.difference_interval
    assert -1 <= lower <= result.difference + 1e-12
    assert result.difference - 1e-12 <= upper <= 1
    lower, upper = result.lift_interval
    assert -1 <= lower <= upper
    if result.lift is not None:
        assert lower <= result.lift + 1e-9 * (1 + abs(result.lift))
        assert upper >= result.lift - 1e-9 * (1 + abs(result.lift))
    assert 0 <= result.p_value <= 1


@given(arms, arms)
def test_intervals_exclude_no_difference_exactly_where_the_score_test_is_significant(
    variant: tuple[int, int], control: tuple[int, int]
) -> None:
    result = compare(*variant, *control)
    distance = abs(result.z_score) - stats.norm.isf(0.025)
    if abs(distance) > 1e-6:
        excluded = distance > 0
        assert (not result.difference_interval.lower <= 0 <= result.difference_interval.upper) == excluded
        assert (not result.lift_interval.lower <= 0 <= result.lift_interval.upper) == excluded


@given(arms, arms)
def test_exchanging_the_arms_turns_everything_round(
    variant: tuple[int, int], control: tuple[int, int]
) -> None:
    one, other = compare(*variant, *control), compare(*control, *variant)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)
    assert one.z_score == pytest.approx(-other.z_score, rel=1e-12)
    assert one.difference_interval.lower == -other.difference_interval.upper
    assert 1 + one.lift_interval.lower == pytest.approx(
        1 / (1 + other.lift_interval.upper), rel=1e-9, abs=1e-14
    )


@pytest.mark.parametrize("counts", [(0, 0, 3, 10), (3, 10, 0, 0), (0, 0, 0, 0)])
def test_without_impressions_nothing_is_known(counts: tuple[int, int, int, int]) -> None:
    result = compare(*counts)
    assert result.p_value == 1.0
    assert result.difference is None
    assert result.lift is None
    assert result.difference_interval == Interval(-1.0, 1.0)
    assert result.lift_interval == Interval(-1.0, math.inf)


def test_where_nothing_succeeded_the_interval_is_what_either_arm_leaves_open() -> None:
    result = compare(0, 10, 0, 20)
    z2 = stats.norm.isf(0.025) ** 2
    # With one arm at rate 0 the other's score interval is Wilson's.
    assert result.difference_interval == pytest.approx((-z2 / (20 + z2), z2 / (10 + z2)), abs=1e-12)
    assert result.lift is None
    assert result.lift_interval == Interval(-1.0, math.inf)
    assert result.p_value == 1.0


def test_where_everything_succeeded_the_interval_mirrors_that() -> None:
    result = compare(10, 10, 20, 20)
    z2 = stats.norm.isf(0.025) ** 2
    assert result.difference_interval == pytest.approx((-z2 / (10 + z2), z2 / (20 + z2)), abs=1e-12)
    assert result.lift == 0.0
    assert result.lift_interval.lower < 0 < result.lift_interval.upper < math.inf


def test_all_against_nothing_reaches_the_ends() -> None:
    assert compare(10, 10, 0, 20).difference_interval.upper == 1.0
    assert compare(10, 10, 0, 20).lift_interval.upper == math.inf
    assert compare(0, 10, 20, 20).difference_interval.lower == -1.0
    assert compare(0, 10, 20, 20).lift_interval.lower == -1.0


def test_pooled_z_is_nought_where_nothing_varies() -> None:
    assert pooled_z(0, 10, 0, 20) == pooled_z(10, 10, 20, 20) == pooled_z(0, 0, 1, 2) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compare(11, 10, 1, 10), "successes must be between 0 and impressions (10), not 11"),
        (
            lambda: compare(1, 10, 11, 10),
            "control_successes must be between 0 and control_impressions (10), not 11",
        ),
        (lambda: compare(1, 10, 1, -1), "control_impressions must be finite and at least 0, not -1"),
        (lambda: compare(1, 10, 1, 10, 95), "confidence_level must be between 0 and 1, not 95"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(call, message: str) -> None:
    with pytest.raises(ValueError, match="must") as error:
        call()
    assert str(error.value) == message
