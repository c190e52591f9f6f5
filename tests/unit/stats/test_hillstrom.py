"""A published e-mail test of 64,000 customers, whole and by channel: its known results from its counts."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from armful.stats.design.multiplicity import holm
from armful.stats.design.srm import sample_ratio_test
from armful.stats.rates.comparison import compare
from armful.stats.rates.intervals import wilson_interval
from armful.stats.rates.sequential import compare_always_valid

CUSTOMERS = Path(__file__).parents[4] / "shared" / "data" / "hillstrom_email.csv"
MENS, WOMENS, CONTROL = "Mens E-Mail", "Womens E-Mail", "No E-Mail"
ARMS = (MENS, WOMENS, CONTROL)
Counts = Counter[tuple[str, ...]]


@pytest.fixture(scope="module")
def counts() -> Counts:
    """Customers and conversions by arm, and by arm and channel."""
    if not CUSTOMERS.exists():
        pytest.skip("needs ../shared/data/hillstrom_email.csv beside the project")
    counted: Counts = Counter()
    with CUSTOMERS.open() as file:
        for row in csv.DictReader(file):
            for name in ("sent", *(["converted"] if row["conversion"] == "1" else [])):
                counted[name, row["segment"]] += 1
                counted[name, row["segment"], row["channel"]] += 1
    return counted


def arm(counts: Counts, *key: str) -> tuple[int, int]:
    return counts["converted", *key], counts["sent", *key]


def test_counts_are_the_published_ones(counts: Counts) -> None:
    assert [arm(counts, each) for each in ARMS] == [(267, 21307), (189, 21387), (122, 21306)]


def test_the_split_was_as_designed(counts: Counts) -> None:
    result = sample_ratio_test([arm(counts, each)[1] for each in ARMS], [1 / 3] * 3)
    assert round(result.p_value, 3) == 0.904
    assert not result.alarm


def test_both_e_mails_beat_none(counts: Counts) -> None:
    control = arm(counts, CONTROL)
    compared = {each: compare(*arm(counts, each), *control) for each in (MENS, WOMENS)}
    assert round(compared[MENS].z_score, 3) == 7.385
    assert round(compared[WOMENS].z_score, 3) == 3.780
    assert max(holm([each.p_value for each in compared.values()])) < 0.001
    for each in compared.values():
        assert each.method == "pooled_z"
        assert each.lift_interval.lower > 0


def test_they_would_have_been_found_at_the_first_look_too(counts: Counts) -> None:
    share = 0.5  # a third each, of the two thirds that a pair has
    for each in (MENS, WOMENS):
        found = compare_always_valid(arm(counts, each)[0], arm(counts, CONTROL)[0], share)
        assert found.p_value < 0.01
        assert found.lift_interval.lower > 0


@pytest.mark.parametrize("channel", ["Phone", "Web", "Multichannel"])
@pytest.mark.parametrize("email", [MENS, WOMENS])
def test_each_channel_agrees_with_statsmodels(counts: Counts, channel: str, email: str) -> None:
    s1, n1 = arm(counts, email, channel)
    s0, n0 = arm(counts, CONTROL, channel)
    result = compare(s1, n1, s0, n0)
    z, p_value = proportions_ztest([s1, s0], [n1, n0])
    assert result.z_score == pytest.approx(z, rel=1e-9)
    assert result.p_value == pytest.approx(p_value, rel=1e-9)
    expected = proportion_confint(s1, n1, method="wilson")
    assert wilson_interval(s1, n1) == pytest.approx(expected, rel=1e-9)


def test_channels_add_up_to_the_whole(counts: Counts) -> None:
    for each in ARMS:
        parts = [arm(counts, each, channel) for channel in ("Phone", "Web", "Multichannel")]
        assert tuple(map(sum, zip(*parts, strict=True))) == arm(counts, each)
