"""The levels of an experiment's tests never sum to more than 5 %."""

import pytest

from armful.stats.design.error_budget import ALPHA, error_budget


def test_the_first_phase_has_1_percent_for_its_looks_and_4_for_its_end() -> None:
    assert error_budget(0) == pytest.approx((0.01, 0.04))


@pytest.mark.parametrize("last", range(20))
def test_all_looks_and_the_last_end_spend_the_whole_budget(last: int) -> None:
    spent = sum(error_budget(phase).ever for phase in range(last + 1)) + error_budget(last).end
    assert spent == pytest.approx(ALPHA)


def test_a_negative_phase_is_named() -> None:
    with pytest.raises(ValueError, match="phase must be at least 0, not -1"):
        error_budget(-1)
