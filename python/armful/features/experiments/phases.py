"""Plans the arms of an experiment's phase: each arm's share, its floor, and the share that it starts with."""

import math
from collections.abc import Sequence

from msgspec import Struct

from armful.domain.experiment import Experiment
from armful.stats.design.allocation import with_floors


class ArmPlan(Struct, frozen=True):
    """An arm of a new phase: its planned share, its floor, and the share it starts with."""

    variant: int
    variant_id: str
    share: float
    floor: float
    start: float


def plan_arms(
    keys: Sequence[int], ids: Sequence[str], shares: Sequence[float], floors: Sequence[float]
) -> list[ArmPlan]:
    """Return the arms with these keys, ids, planned shares and floors. Shares start at least at the floors."""
    total = sum(shares)
    starts = with_floors([share / total for share in shares], floors)
    return [ArmPlan(*arm) for arm in zip(keys, ids, shares, floors, starts, strict=True)]


def plan_without(experiment: Experiment, variant: int) -> list[ArmPlan]:
    """Return the open arms of an experiment without one of them, whose share goes to the others in their proportions.

    Control gets all of it if the others have no share.
    """
    arms = [arm for arm in experiment.open_arms if arm.variant != variant]
    total = math.fsum(arm.traffic_allocation for arm in arms)
    return plan_arms(
        [arm.variant for arm in arms],
        [arm.variant_id for arm in arms],
        [arm.traffic_allocation / total if total else float(arm.is_control) for arm in arms],
        [arm.floor for arm in arms],
    )
