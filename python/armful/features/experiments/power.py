"""Plans the sample size of an experiment."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

from armful.contract.power import Plan
from armful.domain.errors import Refused
from armful.stats.design.error_budget import error_budget
from armful.stats.power import SampleSize, days_needed, sample_size
from armful.stats.power.always_valid import EVER, always_valid_factor, always_valid_sample_size
from armful.stats.power.means import mean_sample_size, participants_for_impressions, split_sample_size

END = round(error_budget(0).end, 12)
"""The level of the test at the planned end. The looks before it use the rest of 0.05."""

_MOST_VARIANTS = 1000


def plan(
    baseline: float,
    mde: float,
    *,
    type: Literal["binary", "number"] = "binary",
    standard_deviation: float | None = None,
    relative: bool = False,
    power: float = 0.8,
    alpha: float = 0.05,
    variants: int = 2,
    shares: Sequence[float] | None = None,
    impressions_per_participant: float = 1.0,
    icc: float = 0.0,
    always_valid: bool = False,
    daily_participants: float | None = None,
) -> Plan:
    """Compute how many participants each arm needs, and how many days that takes.

    Args:
        baseline: Control's rate, in (0, 1), or its mean for a number.
        mde: The minimum detectable effect: a difference, or a lift if `relative`.
        type: Whether the metric is a rate or a number per participant.
        standard_deviation: Of a number over participants. A rate does not need it.
        relative: Whether `mde` is a lift.
        power: The probability to detect an effect of this size.
        alpha: The false-positive rate over all comparisons with control.
        variants: The number of arms including control, 2 to 1,000. They are equal unless `shares` are given.
        shares: Each arm's share, control first, instead of `variants`.
        impressions_per_participant: Their mean. If it is above 1, a rate is that of impressions.
        icc: The correlation of the outcomes of one participant.
        always_valid: Whether to add the sizes of the sequential test. They are simulated, which takes up to seconds.
        daily_participants: The number of participants per day, over all arms.

    Raises:
        Refused: A value is out of range, or the effect leads to a rate outside (0, 1).
    """
    if shares is not None:
        variants = len(shares)
    if not 2 <= variants <= _MOST_VARIANTS:
        raise Refused(f"variants must be between 2 and {_MOST_VARIANTS}, not {variants}")
    if daily_participants is not None and not 0 < daily_participants < math.inf:
        raise Refused(f"daily_participants must be finite and above 0, not {daily_participants}")
    if not math.isfinite(baseline):
        raise Refused(f"baseline must be finite, not {baseline}")
    if standard_deviation is not None and not 0 < standard_deviation < math.inf:
        raise Refused(f"standard_deviation must be finite and above 0, not {standard_deviation}")
    if type == "number" and standard_deviation is None:
        raise Refused("standard_deviation is missing: a number needs it")
    if type == "number" and (impressions_per_participant != 1 or icc != 0):
        raise Refused("impressions_per_participant and icc are for rates: a number is one per participant")

    def fixed(treatment_share: float, alpha: float) -> SampleSize:
        if type == "number" and standard_deviation is not None:
            return mean_sample_size(
                mde * (baseline if relative else 1),
                standard_deviation,
                power=power,
                alpha=alpha,
                treatment_share=treatment_share,
                comparisons=variants - 1,
            )
        size = sample_size(
            baseline,
            mde,
            power=power,
            alpha=alpha,
            relative=relative,
            treatment_share=treatment_share,
            comparisons=variants - 1,
        )
        return _scaled(
            size, lambda count: participants_for_impressions(count, impressions_per_participant, icc)
        )

    def sequential(treatment_share: float) -> SampleSize | None:
        if type == "binary" and impressions_per_participant == 1:
            return always_valid_sample_size(
                baseline,
                mde * (baseline if relative else 1),
                power=power,
                treatment_share=treatment_share,
                comparisons=variants - 1,
            )
        factor = always_valid_factor(power, EVER, variants - 1)
        return _scaled(fixed(treatment_share, EVER), lambda count: math.ceil(count * factor))

    arms = [1 / variants] * variants if shares is None else list(shares)
    try:
        sizes = split_sample_size(arms, lambda share: fixed(share, alpha))
        looked_at = sequential(min(arms[1:]) / (min(arms[1:]) + arms[0])) if always_valid else None
        days = None if daily_participants is None else days_needed(sum(sizes), daily_participants)
    except ValueError as error:
        raise Refused(
            str(error)
            .replace("minimum_detectable_effect", "mde")
            .replace("difference", "mde")
            .replace("mean_impressions", "impressions_per_participant")
            .replace("daily is", "daily_participants is")
        ) from error
    return Plan(
        type=type,
        baseline=baseline,
        mde=mde,
        relative=relative,
        standard_deviation=standard_deviation,
        power=power,
        alpha=alpha,
        planned_end_alpha=END,
        variants=variants,
        impressions_per_participant=impressions_per_participant,
        icc=icc,
        sample_size_per_variant=max(sizes),
        sample_sizes=sizes,
        total_sample_size=sum(sizes),
        days=days,
        always_valid_alpha=round(EVER, 12) if always_valid else None,
        # The smallest arm determines the size of all.
        always_valid_sample_sizes=None
        if looked_at is None
        else [math.ceil(looked_at.treatment / min(arms[1:]) * share * (1 - 1e-12)) for share in arms],
    )


def _scaled(size: SampleSize, scale: Callable[[int], int]) -> SampleSize:
    control, treatment, total = (scale(count) for count in size)
    return SampleSize(control, treatment, total)
