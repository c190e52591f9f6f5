"""Whether the leading variant of an experiment differs significantly from control."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from armful.domain.experiment import Experiment
from armful.features.experiments.results.comparisons import CONFIDENCE_LEVEL, VariantResult
from armful.stats.power import minimum_detectable_effect


class Significance(Struct, kw_only=True):
    """The comparison of the leading variant with control."""

    leading: VariantResult | None
    p_value: float | None
    adjusted_p_value: float | None
    always_valid_p_value: float | None
    always_valid_adjusted_p_value: float | None
    follows: Literal["always_valid", "fixed_horizon"]
    is_significant: bool
    minimum_detectable_effect: float | None
    method: str | None


def compute_significance(
    variants: Sequence[VariantResult], experiment: Experiment, *, enough: bool, as_planned: bool
) -> Significance:
    """Compare the leading variant, which has the highest rate besides control, with control.

    The always-valid p-value decides until the experiment has completed as planned; then the fixed-horizon p-value decides
    (an adaptive experiment has none). Checking early therefore does not raise the false-positive rate.
    """
    control = next(variant for variant in variants if variant.arm.is_control)
    candidates = [variant for variant in variants if not variant.arm.is_control and variant.impressions]
    leading = max(candidates, key=lambda variant: variant.success_rate, default=None)
    comparison = leading.comparison if leading is not None and control.impressions else None
    follows: Literal["always_valid", "fixed_horizon"] = (
        "fixed_horizon" if as_planned and experiment.allocation == "fixed" else "always_valid"
    )
    if leading is None or comparison is None:
        return Significance(
            leading=leading,
            p_value=None,
            adjusted_p_value=None,
            always_valid_p_value=None,
            always_valid_adjusted_p_value=None,
            follows=follows,
            is_significant=False,
            minimum_detectable_effect=None,
            method=None,
        )
    decisive = comparison.adjusted_p_value if follows == "fixed_horizon" else comparison.always_valid_adjusted
    always = comparison.always_valid.p_value if comparison.always_valid is not None else None
    detectable = None
    if 0 < control.success_rate < 1:
        detectable = minimum_detectable_effect(
            control.success_rate,
            control.effective_impressions,
            leading.effective_impressions,
            # The same number of comparisons as in the Holm adjustment and in `GET /power`.
            comparisons=len(variants) - 1,
        )
    adaptive = experiment.allocation == "thompson"
    return Significance(
        leading=leading,
        p_value=always if adaptive else comparison.p_value,
        adjusted_p_value=comparison.always_valid_adjusted if adaptive else comparison.adjusted_p_value,
        always_valid_p_value=always,
        always_valid_adjusted_p_value=comparison.always_valid_adjusted,
        follows=follows,
        is_significant=enough and decisive is not None and decisive < 1 - CONFIDENCE_LEVEL,
        minimum_detectable_effect=detectable,
        method="always_valid_by_propensity" if adaptive else comparison.method,
    )
