"""How large an experiment must be."""

import math

from armful.contract.power import Plan
from armful.domain.errors import Refused
from armful.stats.power import days_needed, sample_size


def plan(
    baseline: float,
    mde: float,
    *,
    relative: bool = False,
    power: float = 0.8,
    alpha: float = 0.05,
    variants: int = 2,
    daily_participants: float | None = None,
) -> Plan:
    """The participants each of `variants` equal arms needs, control among them, and the days they take to come.

    Args:
        baseline: Control's rate, in (0, 1).
        mde: The least effect worth finding: a difference of rates, or with `relative` a lift.
        relative: Whether `mde` is a lift.
        power: The chance to find an effect of that size.
        alpha: The chance to find one where there is none; divided among the comparisons with control.
        variants: Arms, 2 or more.
        daily_participants: How many come a day, all arms together.

    Raises:
        Refused: A value is out of its range, or the effect leaves (0, 1).
    """
    if variants < 2:
        raise Refused(f"variants must be at least 2, and is {variants}")
    if daily_participants is not None and not 0 < daily_participants < math.inf:
        raise Refused(f"daily_participants must be above 0, and is {daily_participants}")
    try:
        size = sample_size(
            baseline, mde, power=power, alpha=alpha, relative=relative, comparisons=variants - 1
        )
        each = max(size.treatment, size.control)
        days = None if daily_participants is None else days_needed(each * variants, daily_participants)
    except ValueError as error:
        raise Refused(
            str(error)
            .replace("minimum_detectable_effect", "mde")
            .replace("daily is", "daily_participants is")
        ) from error
    return Plan(
        baseline=baseline,
        mde=mde,
        relative=relative,
        power=power,
        alpha=alpha,
        variants=variants,
        sample_size_per_variant=each,
        total_sample_size=each * variants,
        days=days,
    )
