"""The sample-ratio test of an experiment: whether traffic split as planned."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from armful.domain.experiment import Arm, Experiment
from armful.features.experiments.results.store import Evidence, EvidenceKey, PhaseCounts
from armful.stats.design.srm import (
    adaptive_sample_ratio_test,
    sample_ratio_test,
    sequential_sample_ratio_test,
)

_SAMPLE_RATIO_KEY = EvidenceKey(0, "", "split")


class SampleRatioResult(Struct, kw_only=True):
    """The result of the sample-ratio test.

    While the experiment runs, the sequential test decides the alarm, so frequent checks do not cause false alarms. Once the
    experiment has completed as planned, the χ² test decides it. In an adaptive experiment, where shares change, the test
    uses the propensities and is valid once.
    """

    p_value: float
    sequential_p_value: float | None
    alarm: bool


def sample_ratio(
    experiment: Experiment,
    counts: PhaseCounts,
    shares: dict[int, dict[int, float]],
    arms: Sequence[Arm],
    *,
    as_planned: bool,
) -> tuple[SampleRatioResult, Evidence]:
    """Compare a phase's participants with the shares of its allocation epochs.

    Only participants that events name are compared. Impressions are not independent of each other: one participant may have
    several.

    Returns:
        The result of the test, and the strongest evidence so far.
    """
    expected: dict[int, float] = defaultdict(float)
    variances: dict[int, float] = defaultdict(float)
    by_epoch: dict[int, int] = defaultdict(int)
    observed_by_variant: dict[int, int] = defaultdict(int)
    for share in counts.shares:
        by_epoch[share.allocation_epoch] += share.participants
        observed_by_variant[share.variant] += share.participants
    for allocation_epoch, total in by_epoch.items():
        for variant, planned_share in shares[allocation_epoch].items():
            expected[variant] += total * planned_share
            variances[variant] += total * planned_share * (1 - planned_share)
    total_expected = sum(expected.values())
    if not total_expected:
        return SampleRatioResult(p_value=1.0, sequential_p_value=None, alarm=False), {}
    observed = [observed_by_variant[arm.variant] for arm in arms]
    if experiment.allocation == "thompson":
        adaptive = adaptive_sample_ratio_test(
            observed, [expected[arm.variant] for arm in arms], [variances[arm.variant] for arm in arms]
        )
        return SampleRatioResult(p_value=adaptive.p_value, sequential_p_value=None, alarm=adaptive.alarm), {}
    planned = [expected[arm.variant] / total_expected for arm in arms]
    fixed = sample_ratio_test(observed, planned)
    sequential = sequential_sample_ratio_test(observed, planned, counts.evidence.get(_SAMPLE_RATIO_KEY, 0.0))
    alarm = fixed.alarm if as_planned else sequential.alarm
    ratio = SampleRatioResult(p_value=fixed.p_value, sequential_p_value=sequential.p_value, alarm=alarm)
    return ratio, {_SAMPLE_RATIO_KEY: min(sequential.max_log_e, 1e300)}
