"""Which states of a row can follow which, so that a restored database is noticed."""

from datetime import UTC, datetime

import msgspec
import pytest

from armful.replica.row_state import RowState

STATE = RowState(version=5, impressions=10, successes=2, created_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("changes", "can"),
    [
        ({}, True),
        ({"version": 6, "impressions": 11}, True),
        ({"version": 6, "impressions": 3}, True),
        ({"version": 4}, False),
        ({"impressions": 11}, False),
        ({"successes": 3}, False),
        ({"version": 6, "created_at": datetime(2026, 1, 2, tzinfo=UTC)}, False),
    ],
)
def test_a_later_state_has_a_higher_version_of_the_same_row(changes: dict[str, object], can: bool) -> None:
    assert STATE.can_become(msgspec.structs.replace(STATE, **changes)) == can


def test_a_row_does_not_vanish() -> None:
    assert not STATE.can_become(None)
