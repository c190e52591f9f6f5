"""What JSON cannot say is null."""

import math

from armful.http.views.intervals import ends, finite


def test_what_is_infinite_is_null() -> None:
    assert [finite(value) for value in (1.5, 0.0, None, math.inf, -math.inf)] == [1.5, 0.0, None, None, None]
    assert ends((-math.inf, 2.0)) == (None, 2.0)
    assert ends((-1.0, math.inf)) == (-1.0, None)
