"""Plans the sample size of an experiment."""

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
    """Compute how many participants each of `variants` equal arms needs, and how many days that takes.

    Args:
        baseline: Control's rate, in (0, 1).
        mde: The minimum detectable effect: a difference of rates, or a lift if `relative`.
        relative: Whether `mde` is a lift.
        power: The probability to detect an effect of this size.
        alpha: The false-positive rate over all comparisons with control.
        variants: The number of arms including control, at least 2.
        daily_participants: The number of participants per day, over all arms.

    Raises:
        Refused: A value is out of range, or the effect leads to a rate outside (0, 1).
    """
    if variants < 2:
        raise Refused(f"variants must be at least 2, not {variants}")
    if daily_participants is not None and not 0 < daily_participants < math.inf:
        raise Refused(f"daily_participants must be finite and above 0, not {daily_participants}")
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
