"""The sentence about two p-values that seem to disagree."""

from collections.abc import Sequence

import pytest

from armful.domain.experiment import Arm
from armful.features.experiments.results.cells import Cell, Participation
from armful.features.experiments.results.comparisons import compute_variant_results
from armful.features.experiments.results.split_note import set_split_notes

SHARES = {1: {1: 0.5, 2: 0.5}}


def note(control: Sequence[int], variant: Sequence[int], *, anonymous: Sequence[int] = (0, 0)) -> str | None:
    """The note of a comparison, from participants and how many of them converted."""
    arms = [Arm(1, "gate_30", 0.5, True), Arm(2, "gate_40", 0.5, False)]
    cells = [
        Cell(1, key, people, converted, unnamed)
        for key, (people, converted), unnamed in zip((1, 2), (control, variant), anonymous, strict=True)
    ]
    found = compute_variant_results(arms, cells, SHARES, adaptive=False, evidence={})
    set_split_notes(
        found, SHARES, {key: Participation(anonymous=n) for key, n in zip((1, 2), anonymous, strict=True)}
    )
    comparison = found[1].comparison
    assert comparison is not None
    return comparison.note


def test_cookie_cats_retention_of_seven_days() -> None:
    """44,700 players of gate_30 and 45,489 of gate_40, planned evenly: the observed split is 49.56 to 50.44 %."""
    assert note((44700, 8502), (45489, 8279)) == (
        "Two tests compare gate_40 with gate_30. The test for the planned end (p = 0.0016) compares the rates of the "
        "participants that each variant got: 50.44 % of them got gate_40. The sequential test (p = 1) bets on the share "
        "of the conversions that gate_40 has, which is 50.00 % if the rates are equal, by the planned split. It is valid at "
        "any time, and needs more data. So the two can disagree."
    )


def test_lifts_of_different_signs_are_explained() -> None:
    found = note((10_000, 1000), (10_200, 1005))
    assert found is not None
    assert "50.50 % of them" in found


@pytest.mark.parametrize(
    ("control", "variant"),
    [((1000, 100), (1000, 101)), ((1000, 100), (1000, 300)), ((0, 0), (0, 0))],
    ids=["neither", "both", "nobody"],
)
def test_tests_that_agree_need_no_sentence(control: tuple[int, int], variant: tuple[int, int]) -> None:
    assert note(control, variant) is None


def test_impressions_of_nobody_are_compared_with_the_split_that_they_had() -> None:
    found = note((1000, 80), (1500, 165), anonymous=(1000, 1500))
    assert found is not None
    assert "which is 60.00 % if the rates are equal, by the split that the impressions had" in found
    mixed = note((1000, 80), (1500, 165), anonymous=(0, 400))
    assert mixed is not None
    split = "by the planned split, and the split that impressions without a participant had"
    assert f"which is 58.00 % if the rates are equal, {split}." in mixed


def test_an_adaptive_experiment_has_no_planned_split() -> None:
    arms = [Arm(1, "a", 0.5, True), Arm(2, "b", 0.5, False)]
    cells = [Cell(1, 1, 1000, 80), Cell(1, 2, 1000, 110)]
    found = compute_variant_results(arms, cells, SHARES, adaptive=True, evidence={}, as_planned=True)
    set_split_notes(found, SHARES, {})
    assert found[1].comparison is not None
    assert found[1].comparison.note is None
