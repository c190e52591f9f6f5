"""The recommended next step for an experiment: a keyword, and a sentence that a marketer can act on."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from armful.domain.experiment import Experiment, Metric
from armful.features.experiments.results.variant_result import VariantResult
from armful.stats.design.stopping import ShipDecision

_SMALLEST_SHOWN = 0.001
_MOST_CROSSED_OVER = 0.01
"""If more than this fraction of the participants crossed over, the reason must be found first."""

Kind = Literal["insufficient_data", "continue", "complete", "ship", "stop_harm", "investigate"]


class Recommendation(Struct, frozen=True):
    """A recommended action, the variant it concerns, and the reason."""

    kind: Kind
    message: str
    variant_id: str | None = None


def percent(fraction: float) -> str:
    """Format a fraction as a percentage, such as "12.3 %".

    Values near 0 or 1 are never rounded to 0 % or 100 %: the text says "less than" or "more than" instead.
    """
    if 0 < fraction < _SMALLEST_SHOWN:
        return f"less than {100 * _SMALLEST_SHOWN:.1f} %"
    if fraction > 1 - _SMALLEST_SHOWN:
        return f"more than {100 * (1 - _SMALLEST_SHOWN):.1f} %"
    return f"{100 * fraction:.1f} %"


def recommend(
    experiment: Experiment,
    *,
    participants: int,
    min_participants: int,
    ratio_p_value: float | None,
    crossed_over: int,
    harmed: Mapping[str, list[str]],
    harmful: Sequence[str],
    winner: VariantResult | None,
    ship: ShipDecision | None,
    safest: VariantResult,
    as_planned: bool,
    over: bool,
) -> Recommendation:
    """Return the first recommendation that applies.

    The order is: sample-ratio mismatch, too few participants, too many crossovers, a harmed guardrail, a winner, control
    winning, a variant worse than control, a variant that the stop rule calls safe to ship, the end of the experiment, keep
    running.

    Args:
        experiment: The experiment.
        participants: How many participants it has so far.
        min_participants: How many it needs before any result is reported.
        ratio_p_value: The p-value of the sample-ratio test if it raised an alarm, else None.
        crossed_over: How many participants were reported under another variant than theirs.
        harmed: The variants that make a guardrail significantly worse, by the guardrail's metric.
        harmful: The ids of the variants that are significantly worse than control.
        winner: The winning variant, if there is one. It may be control.
        ship: The decision of the stop rule, if the experiment has one.
        safest: The variant that the stop rule decides about: the one with the smallest expected loss.
        as_planned: Whether the experiment ran for its whole planned duration.
        over: Whether its planned end has passed.
    """
    control = experiment.control.variant_id
    if ratio_p_value is not None:
        return Recommendation(
            "investigate",
            f"The traffic does not follow the planned split (sample-ratio p = {ratio_p_value:.2g}): find the cause before "
            "you rely on any result.",
        )
    if participants < min_participants:
        return Recommendation(
            "insufficient_data",
            f"Only {participants} participants so far; at least {min_participants} are needed for a result.",
        )
    if crossed_over > _MOST_CROSSED_OVER * participants:
        return Recommendation(
            "investigate",
            f"{crossed_over} of {participants} participants were reported under a variant that was not theirs: find the "
            "cause before you rely on any result. They stay in the variant that they were assigned.",
        )
    if harmed:
        metric, variants = next(iter(harmed.items()))
        verb, pronoun = ("makes", "it") if len(variants) == 1 else ("make", "them")
        return Recommendation(
            "stop_harm",
            f"{_names(variants)} {verb} {metric} significantly worse than {control}. Stop showing {pronoun}.",
            variants[0],
        )
    if winner is not None and winner.arm.is_control:
        names = _names(harmful)
        return Recommendation(
            "stop_harm",
            f"Control is winning: {names} {'is' if len(harmful) == 1 else 'are'} significantly worse. "
            f"Stop the experiment and keep {control}.",
            control,
        )
    if winner is not None:
        return Recommendation(
            "ship",
            f"Ship {winner.variant_id}: its {value_name(winner.metric)} is "
            f"{_lift_text(winner, control, as_planned=as_planned)}, and its chance to be best is "
            f"{percent(winner.chance_to_be_best)}.{_harm_text(harmful, control)}",
            winner.variant_id,
        )
    if harmful:
        return Recommendation("stop_harm", _harm_text(harmful, control).lstrip(), harmful[0])
    if ship is not None and ship.safe:
        return Recommendation(
            "ship",
            f"{safest.variant_id} is safe to ship: if another variant is in fact better, you lose "
            f"{percent(ship.relative_loss or 0.0)} of the {value_name(safest.metric)} on average. "
            f"This is a decision rule, not proof that {safest.variant_id} is better.",
            safest.variant_id,
        )
    if as_planned:
        return Recommendation(
            "complete",
            f"The experiment ran as planned, and no variant is significantly better than {control}.",
        )
    if experiment.status in ("stopped", "promoted") or over:
        return Recommendation(
            "complete", "The experiment ended early without a statistically significant difference."
        )
    if experiment.status == "draft":
        return Recommendation(
            "continue", "The experiment is a draft: no data is counted until it is started."
        )
    if experiment.status == "paused":
        return Recommendation("continue", "The experiment is paused: no data is counted until it is resumed.")
    return Recommendation(
        "continue",
        f"Keep running until {experiment.expected_end_time:%Y-%m-%d %H:%M} UTC: "
        "the differences so far may be due to chance.",
    )


def _harm_text(harmful: Sequence[str], control: str) -> str:
    """Name the variants that are worse than control, in a sentence after a space; an empty text without any."""
    if not harmful:
        return ""
    verb, pronoun = ("is", "it") if len(harmful) == 1 else ("are", "them")
    return f" {_names(harmful)} {verb} significantly worse than {control}. Stop showing {pronoun}."


def _names(variants: Sequence[str]) -> str:
    """Join ids for a sentence: "a", "a and b", "a, b and c"."""
    *first, last = variants
    return f"{', '.join(first)} and {last}" if first else last


def _lift_text(winner: VariantResult, control: str, *, as_planned: bool) -> str:
    """Describe a winner's lift over control, with the end of its interval that is nearer to 0 where that excludes 0."""
    comparison = winner.comparison
    assert comparison is not None
    interval = (None if as_planned else comparison.always_valid_lift_interval) or comparison.lift_interval
    is_higher = winner.metric.goal == "increase"
    least = interval.lower if is_higher else -interval.upper
    # The strongest evidence so far decides who wins, but the interval uses the present counts and may include 0 again.
    certainty = (
        f"at least {100 * least:.1f} % with 95 % confidence"
        if least > 0
        else "the size of the lift is uncertain"
    )
    direction = "higher" if is_higher else "lower"
    if comparison.lift is None:
        reason = "had no successes" if winner.estimate is None else "is not above 0"
        return f"{direction} than that of {control}, which {reason} ({certainty})"
    return f"{abs(100 * comparison.lift):.1f} % {direction} than {control}'s ({certainty})"


def value_name(metric: Metric) -> str:
    """Return what a metric's value is called in a sentence."""
    if metric.type == "number":
        return "mean per participant" if metric.unit == "participant" else "mean per impression"
    return "rate"
