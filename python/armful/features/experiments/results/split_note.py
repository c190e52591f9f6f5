"""A sentence for two p-values that seem to disagree: which split each of the tests relies on."""

from collections.abc import Mapping, Sequence

from armful.features.experiments.results.cells import Participation
from armful.features.experiments.results.variant_result import VariantResult

_LEVEL = 0.05
"""The level below which readers take a p-value for a result."""


def set_split_notes(
    variants: Sequence[VariantResult],
    shares: Mapping[int, Mapping[int, float]],
    participation: Mapping[int, Participation],
) -> None:
    """Explain every comparison of a fixed split whose p-value and always-valid p-value seem to disagree.

    They seem to disagree if only one of them is below 0.05, or if their lifts have different signs.

    Args:
        variants: The results of all variants for one metric.
        shares: The traffic share of each variant, by allocation epoch.
        participation: How participants came to be those of a variant, by variant key.
    """
    control = next(variant for variant in variants if variant.arm.is_control)
    for variant in variants:
        if variant.comparison is not None and _seems_to_disagree(variant):
            planned = _planned_share(shares, variant.arm.variant, control.arm.variant)
            if planned is not None:
                variant.comparison.note = _note(variant, control, planned, participation)


def _seems_to_disagree(variant: VariantResult) -> bool:
    comparison = variant.comparison
    # The other methods do not rely on the planned split.
    if comparison is None or comparison.method not in ("pooled_z", "fisher"):
        return False
    always = comparison.always_valid
    at_end, at_any_time = comparison.adjusted_p_value, comparison.always_valid_adjusted
    if always is None or at_end is None or at_any_time is None:
        return False
    is_opposite = (always.lift or 0.0) * (comparison.lift or 0.0) < 0
    return is_opposite or (at_end < _LEVEL) != (at_any_time < _LEVEL)


def _planned_share(shares: Mapping[int, Mapping[int, float]], variant: int, control: int) -> float | None:
    """Return the variant's planned share of the traffic of both, in the first epoch that gave traffic to both."""
    for of_epoch in shares.values():
        if of_epoch.get(variant, 0.0) > 0 and of_epoch.get(control, 0.0) > 0:
            return of_epoch[variant] / (of_epoch[variant] + of_epoch[control])
    return None


def _note(
    variant: VariantResult, control: VariantResult, planned: float, participation: Mapping[int, Participation]
) -> str:
    assert variant.comparison is not None
    both = variant.participants + control.participants
    of_variant = participation.get(variant.arm.variant, Participation()).anonymous
    anonymous = of_variant + participation.get(control.arm.variant, Participation()).anonymous
    expected = (planned * (both - anonymous) + of_variant) / both
    split = "planned split" if not anonymous else "split that the impressions had"
    if 0 < anonymous < both:
        split = "planned split, and the split that impressions without a participant had"
    name = variant.variant_id
    return (
        f"Two tests compare {name} with {control.variant_id}. The test for the planned end "
        f"(p = {variant.comparison.adjusted_p_value:.2g}) compares the rates of the participants that each variant got: "
        f"{100 * variant.participants / both:.2f} % of them got {name}. The sequential test "
        f"(p = {variant.comparison.always_valid_adjusted:.2g}) bets on the share of the conversions that {name} has, which "
        f"is {100 * expected:.2f} % if the rates are equal, by the {split}. It is valid at any time, and needs more data. "
        "So the two can disagree."
    )
