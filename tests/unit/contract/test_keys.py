"""What a request about a key may say."""

from typing import Any

import msgspec
import pytest

from armful.contract.keys import NewKey, Rotation


@pytest.mark.parametrize(
    "field",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["root"]},
        {"name": "two\nlines"},
        {"rate_limit": 0},
        {"expires_in_days": 0},
        {"expires_in_days": 36_501},
        {"expires_at": "2030-01-01T00:00:00"},
    ],
)
def test_fields_out_of_range_are_refused(field: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "k", "scopes": ["read"], **field}, NewKey)


def test_a_key_that_is_replaced_stays_valid_for_a_day() -> None:
    assert msgspec.convert({}, Rotation).overlap_seconds == 86_400
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"overlap_seconds": 2_592_001}, Rotation)
