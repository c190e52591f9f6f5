"""What a request to select may say."""

from typing import Any

import msgspec
import pytest

from armful.contract.selection import ALGORITHMS, SelectRequest
from armful.learning.policies import SELECTION_POLICIES

SELECT = {"top_k": 1, "algorithm": "thompson_sampling", "persona_id": "p"}


def test_the_algorithms_are_the_policies() -> None:
    assert set(ALGORITHMS) == set(SELECTION_POLICIES)


@pytest.mark.parametrize(
    "field",
    [
        {"top_k": 0},
        {"top_k": 51},
        {"persona_id": ""},
        {"min_impressions": -1},
        {"exploration_ratio": 1.01},
        {"scope": "everywhere"},
        {"seed": 2**63},
        {"dimensions": {str(number): "x" for number in range(101)}},
        {"exclude": ["x"] * 10_001},
        {"unknown": 1},
    ],
)
def test_fields_out_of_range_are_refused(field: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**SELECT, **field}, SelectRequest)


def test_the_answer_repeats_the_parameters_but_top_k_first() -> None:
    # `http.views.selection` takes the metadata from the encoded request, after its first field.
    assert SelectRequest.__struct_fields__[0] == "top_k"
    encoded = msgspec.json.encode(msgspec.convert(SELECT, SelectRequest))
    assert set(msgspec.json.decode(encoded)) == {
        "top_k", "algorithm", "persona_id", "min_impressions", "exploration_ratio",
    }  # fmt: skip
