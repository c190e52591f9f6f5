"""A participant keeps their variant, with the probability it was chosen by."""

from typing import Any

import pytest

from armful.learning.policies import Settled, SettledParameters


@pytest.mark.parametrize(("propensity", "expected"), [(0.25, [0.25]), (None, None)])
def test_the_given_variant_is_the_decision(propensity: float | None, expected: list[float] | None) -> None:
    nobody_else: Any = None
    draw = Settled().draw(nobody_else, SettledParameters("mine", propensity))
    assert (draw.chosen, draw.candidates, draw.scores, draw.propensities) == (["mine"], 1, None, expected)
