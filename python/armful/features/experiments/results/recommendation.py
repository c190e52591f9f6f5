"""What to do next with an experiment, in a word and in a sentence that a marketer can act on."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from armful.domain.experiment import Experiment
from armful.features.experiments.results.comparisons import VariantResult
from armful.stats.stopping import ShipDecision

_NEXT_TO_NOTHING = 0.001

Kind = Literal["insufficient_data", "continue", "complete", "ship", "stop_harm", "investigate"]


class Recommendation(Struct, frozen=True):
    """What to do, which variant it is about, and why."""

    kind: Kind
    message: str
    variant_id: str | None = None


def percent(part: float) -> str:
    """A part of 1 in words: "12.3 %"; what is nearly nothing or nearly all, as far as doubles tell, is not rounded to it."""
    if 0 < part < _NEXT_TO_NOTHING:
        return f"less than {100 * _NEXT_TO_NOTHING:.1f} %"
    if part > 1 - _NEXT_TO_NOTHING:
        return f"more than {100 * (1 - _NEXT_TO_NOTHING):.1f} %"
    return f"{100 * part:.1f} %"


def recommend(
    experiment: Experiment,
    *,
    participants: int,
    least: int,
    ratio_p_value: float | None,
    harmed: Mapping[str, list[str]],
    leading: VariantResult | None,
    is_significant: bool,
    winner: VariantResult | None,
    ship: ShipDecision | None,
    best: VariantResult,
    as_planned: bool,
    over: bool,
) -> Recommendation:
    """The first of these that applies: a broken split, too little data, harm, a winner, a leader that is safe, an end."""
    control = experiment.control.variant_id
    if ratio_p_value is not None:
        return Recommendation(
            "investigate",
            f"The traffic does not follow the planned split (sample-ratio p = {ratio_p_value:.2g}): find out why before "
            "reading anything else here.",
        )
    if participants < least:
        return Recommendation(
            "insufficient_data",
            f"{participants} participants so far: at least {least} are needed to say anything.",
        )
    if harmed:
        metric, variants = next(iter(harmed.items()))
        return Recommendation(
            "stop_harm",
            f"{', '.join(variants)} makes {metric} worse than {control} does: take it off.",
            variants[0],
        )
    if winner is not None:
        return Recommendation(
            "ship",
            f"Ship {winner.variant_id}: it beats {control}{_by_how_much(winner, as_planned=as_planned)} and is the best "
            f"with a chance of {percent(winner.chance_to_be_best)}.",
            winner.variant_id,
        )
    if (
        is_significant
        and leading is not None
        and leading.comparison
        and (leading.comparison.difference or 0) < 0
    ):
        return Recommendation(
            "stop_harm",
            f"Even the best of the others, {leading.variant_id}, is worse than {control}: stop, and stay with {control}.",
            control,
        )
    if ship is not None and ship.safe:
        return Recommendation(
            "ship",
            f"{best.variant_id} is safe to ship: if another is better after all, you lose "
            f"{percent(ship.relative_loss or 0.0)} of its rate on average. "
            "This is a rule for deciding, not proof that it is better.",
            best.variant_id,
        )
    if as_planned:
        return Recommendation(
            "complete",
            f"The experiment has run its time, and no variant beats {control} by more than chance explains.",
        )
    if experiment.status in ("stopped", "promoted") or over:
        return Recommendation(
            "complete",
            "The experiment was ended before its planned time without a difference that chance does not explain.",
        )
    if experiment.status in ("draft", "paused"):
        return Recommendation(
            "continue", f"The experiment is {experiment.status}: nothing is counted until it goes on."
        )
    return Recommendation(
        "continue",
        f"Go on until {experiment.expected_end_time:%Y-%m-%d %H:%M} UTC: what differs so far can still be chance.",
    )


def _by_how_much(winner: VariantResult, *, as_planned: bool) -> str:
    """A winner's lift and the least that it is with confidence, as far as there are such."""
    comparison = winner.comparison
    assert comparison is not None
    interval = (
        comparison.lift_interval
        if as_planned or comparison.always_valid is None
        else comparison.always_valid.lift_interval
    )
    sure = f"at least {100 * interval.lower:.1f} % with 95 % confidence"
    if interval.lower <= 0:
        # Evidence that was strong enough once counts for good; the interval is of what is known now.
        sure = "how much is not sure"
    if comparison.lift is None:
        return f", which had no success ({sure}),"
    return f" by {100 * comparison.lift:.1f} % ({sure})"
