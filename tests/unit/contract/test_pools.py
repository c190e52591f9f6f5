"""A change of a pool has the settings that were sent."""

import msgspec

from armful.contract.pools import PoolPatch
from armful.domain.pool import FixedPrior


def test_null_is_the_same_as_leaving_out() -> None:
    patch = msgspec.convert({"sharpness": None, "prior": {"alpha": 1, "beta": 2}}, PoolPatch)
    assert patch.changes() == {"prior": FixedPrior(1.0, 2.0)}
    assert msgspec.convert({"sharpness": "auto"}, PoolPatch).changes() == {"sharpness": "auto"}
    assert PoolPatch().changes() == {}
