"""When a key may expire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from armful.domain.errors import Refused
from armful.features.keys.service import checked_expiry

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(days=1000)])
def test_a_time_to_come_is_kept(later: timedelta) -> None:
    assert checked_expiry(NOW + later, NOW) == NOW + later
    assert checked_expiry(None, NOW) is None


@pytest.mark.parametrize("earlier", [timedelta(0), timedelta(days=1)])
def test_a_time_that_has_passed_is_refused(earlier: timedelta) -> None:
    with pytest.raises(Refused, match="in the past"):
        checked_expiry(NOW - earlier, NOW)


def test_the_last_representable_second_is_the_latest() -> None:
    far = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(-timedelta(hours=12)))
    assert checked_expiry(far, NOW) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
