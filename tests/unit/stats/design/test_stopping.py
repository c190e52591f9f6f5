"""When a leader is safe to ship."""

import math

import pytest

from armful.stats.design.stopping import safe_to_ship


def test_a_leader_that_can_lose_little_is_safe() -> None:
    decision = safe_to_ship(0.0005, 0.08, 900, 7, minimum_sample=882)
    assert decision == (True, pytest.approx(0.00625), ())


@pytest.mark.parametrize(
    ("loss", "sample", "days", "missing"),
    [
        (0.001, 900, 7, ("expected_loss",)),
        (0.0005, 881, 7, ("minimum_sample",)),
        (0.0005, 900, 6.9, ("minimum_days",)),
        (0.01, 10, 1, ("expected_loss", "minimum_sample", "minimum_days")),
    ],
)
def test_what_is_missing_is_named(loss: float, sample: int, days: float, missing: tuple[str, ...]) -> None:
    decision = safe_to_ship(loss, 0.08, sample, days, minimum_sample=882)
    assert not decision.safe
    assert decision.waiting_for == missing


def test_a_leader_that_never_succeeds_is_not_safe() -> None:
    assert safe_to_ship(0.0, 0.0, 900, 7, minimum_sample=882) == (False, None, ("expected_loss",))


def test_a_leader_whose_value_is_negative_is_not_safe() -> None:
    assert safe_to_ship(0.0, -3.0, 900, 7, minimum_sample=882) == (False, None, ("expected_loss",))


def test_an_unknown_loss_is_not_safe() -> None:
    assert safe_to_ship(math.inf, 3.0, 900, 7, minimum_sample=882).waiting_for == ("expected_loss",)


def test_a_value_may_be_above_1() -> None:
    assert safe_to_ship(0.3, 40.0, 900, 7, minimum_sample=882).safe


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-0.1, 0.5), "expected_loss must be at least 0, not -0.1"),
        ((0.1, math.inf), "leader_rate must be finite, not inf"),
    ],
)
def test_a_bad_argument_is_named_with_its_value(arguments: tuple[float, float], message: str) -> None:
    with pytest.raises(ValueError, match="must") as error:
        safe_to_ship(*arguments, 10, 7, minimum_sample=10)
    assert str(error.value) == message


def test_a_threshold_must_be_above_nought() -> None:
    with pytest.raises(ValueError, match="loss_threshold must be finite and above 0, not 0"):
        safe_to_ship(0.1, 0.5, 10, 7, minimum_sample=10, loss_threshold=0)
