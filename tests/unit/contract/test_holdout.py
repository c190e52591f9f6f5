"""What a request about the holdout may say."""

from typing import Any

import msgspec
import pytest

from armful.contract.holdout import HoldoutRequest


@pytest.mark.parametrize("body", [{"share": 0.5}, {"share": 0.001, "baseline": ["a", "b"]}])
def test_a_share_and_a_baseline(body: dict[str, Any]) -> None:
    request = msgspec.convert(body, HoldoutRequest)
    assert (request.share, request.baseline) == (body["share"], body.get("baseline", []))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"share": 0},
        {"share": 0.51},
        {"share": float("nan")},
        {"share": 0.1, "baseline": ["two\nlines"]},
        {"share": 0.1, "baseline": ["a"] * 1001},
        {"share": 0.1, "salt": "mine"},
    ],
)
def test_anything_else_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, HoldoutRequest)
