"""A variant's rate, and the limits of a new one."""

import msgspec
import pytest
from tests.unit.samples import variant

from armful.domain.variant import NewVariant


@pytest.mark.parametrize(("impressions", "successes", "rate"), [(0, 0, 0.0), (4, 1, 0.25), (3, 3, 1.0)])
def test_the_rate_is_successes_per_impression(impressions: int, successes: int, rate: float) -> None:
    assert variant(impressions=impressions, successes=successes).success_rate == rate


def test_a_new_variant_needs_only_an_id() -> None:
    new = msgspec.convert({"variant_id": "a"}, NewVariant)
    assert (new.dimensions, new.content, new.prior_alpha, new.prior_beta) == ({}, None, 1.0, 1.0)
    assert (new.impressions, new.successes) == (0, 0)


@pytest.mark.parametrize(
    "field",
    [
        {"prior_alpha": 0},
        {"prior_beta": 1e10},
        {"impressions": -1},
        {"successes": 2**53 + 1},
        {"dimensions": {"": "x"}},
        {"dimensions": {str(number): "x" for number in range(101)}},
        {"content": "x" * 100_001},
        {"unknown": 1},
    ],
)
def test_fields_out_of_range_are_refused(field: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"variant_id": "a", **field}, NewVariant)
