"""Whether an experiment's traffic follows the split it was planned with."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from armful.domain.experiment import Arm, Experiment
from armful.features.experiments.results.store import PhaseCounts
from armful.stats.srm import adaptive_sample_ratio_test, sample_ratio_test, sequential_sample_ratio_test

_SPLIT = (0, "")
"""Where the evidence against the split is kept: of no variant and no metric."""


class SampleRatioResult(Struct, kw_only=True):
    """Whether the traffic follows the planned split.

    The alarm follows the sequential test while the experiment runs, so that looking often never raises it by chance, and
    the χ² test once it has completed as planned. In an adaptive experiment, where shares change, the test is by
    propensities and for one look.
    """

    p_value: float
    sequential_p_value: float | None
    alarm: bool


def sample_ratio(
    experiment: Experiment,
    counts: PhaseCounts,
    shares: dict[int, dict[int, float]],
    arms: Sequence[Arm],
    people: dict[int, int],
    *,
    as_planned: bool,
) -> tuple[SampleRatioResult, dict[tuple[int, str], float]]:
    """The phase's traffic against what its allocation epochs' shares lead to expect, and the strongest evidence so far."""
    expected: dict[int, float] = defaultdict(float)
    variances: dict[int, float] = defaultdict(float)
    by_epoch: dict[int, int] = defaultdict(int)
    for share in counts.shares:
        by_epoch[share.allocation_epoch] += share.participants
    for day in counts.days:
        by_epoch[day.allocation_epoch] += day.anonymous
    for allocation_epoch, total in by_epoch.items():
        for variant, part in shares[allocation_epoch].items():
            expected[variant] += total * part
            variances[variant] += total * part * (1 - part)
    everybody = sum(expected.values())
    if not everybody:
        return SampleRatioResult(p_value=1.0, sequential_p_value=None, alarm=False), {}
    seen = [people.get(arm.variant, 0) for arm in arms]
    if experiment.allocation == "thompson":
        adaptive = adaptive_sample_ratio_test(
            seen, [expected[arm.variant] for arm in arms], [variances[arm.variant] for arm in arms]
        )
        return SampleRatioResult(p_value=adaptive.p_value, sequential_p_value=None, alarm=adaptive.alarm), {}
    planned = [expected[arm.variant] / everybody for arm in arms]
    once = sample_ratio_test(seen, planned)
    always = sequential_sample_ratio_test(seen, planned, counts.evidence.get(_SPLIT, 0.0))
    alarm = once.alarm if as_planned else always.alarm
    ratio = SampleRatioResult(p_value=once.p_value, sequential_p_value=always.p_value, alarm=alarm)
    return ratio, {_SPLIT: min(always.max_log_e, 1e300)}
