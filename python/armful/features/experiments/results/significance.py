"""Whether the leading variant of an experiment differs from control by more than chance explains."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from armful.domain.experiment import Experiment
from armful.features.experiments.results.comparisons import CONFIDENCE_LEVEL, VariantResult
from armful.stats.power import minimum_detectable_effect


class Significance(Struct, kw_only=True):
    """The leading variant against control."""

    leading: VariantResult | None
    p_value: float | None
    adjusted_p_value: float | None
    always_valid_p_value: float | None
    always_valid_adjusted_p_value: float | None
    follows: Literal["always_valid", "fixed_horizon"]
    is_significant: bool
    minimum_detectable_effect: float | None
    method: str | None


def significance_of(
    variants: Sequence[VariantResult], experiment: Experiment, *, enough: bool, as_planned: bool
) -> Significance:
    """The variant of the highest rate among those that are not control, and how it compares.

    Significance follows the always-valid p-value until the experiment has completed as planned, and the fixed-horizon one
    from then on (an adaptive experiment has none): so looking early never makes it true by chance.
    """
    control = next(variant for variant in variants if variant.arm.is_control)
    shown = [variant for variant in variants if not variant.arm.is_control and variant.impressions]
    leading = max(shown, key=lambda variant: variant.success_rate, default=None)
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
            # Significance is adjusted for as many, and `GET /power` plans for as many.
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
