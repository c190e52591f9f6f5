"""Computes an experiment's results from its counts: comparisons, winner, guardrails and recommendation."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from armful.domain.experiment import Experiment
from armful.features.experiments.results.cells import (
    Participation,
    all_participants,
    impression_tallies,
    participant_cells,
    participation,
)
from armful.features.experiments.results.comparisons import compute_experiment_results
from armful.features.experiments.results.covariates import Adjustment, adjust_for_covariate
from armful.features.experiments.results.guardrails import GuardrailResult, evaluate_guardrails
from armful.features.experiments.results.recommendation import Recommendation, recommend
from armful.features.experiments.results.sample_ratio import SampleRatioResult, sample_ratio
from armful.features.experiments.results.series import DayPoint, compute_daily_series
from armful.features.experiments.results.shrunken_lifts import WinnerLift
from armful.features.experiments.results.significance import Significance, compute_significance
from armful.features.experiments.results.split_note import set_split_notes
from armful.features.experiments.results.store import Evidence, EvidenceKey, PhaseCounts
from armful.features.experiments.results.variant_result import VariantResult
from armful.features.experiments.results.verdicts import find_winner, harmful, set_verdicts
from armful.stats.design.error_budget import error_budget
from armful.stats.design.stopping import ShipDecision, safe_to_ship
from armful.stats.rates.sequential import SidedEvidence

_SIDES: tuple[Literal["better", "worse"], ...] = ("better", "worse")

MIN_PARTICIPANTS = 100
"""With fewer participants than this, no result is called significant."""


class Segment(Struct):
    """The results of one segment of the traffic."""

    variants: list[VariantResult]
    significance: Significance


class Results(Struct, kw_only=True):
    """The results of one phase of an experiment."""

    experiment: Experiment
    phase: int
    phases: dict[int, datetime]
    shares: dict[int, dict[int, float]]
    participants: int
    participation: dict[int, Participation]
    """By variant key."""
    elapsed: timedelta
    progress_percentage: float
    completed_as_planned: bool
    sample_ratio: SampleRatioResult
    variants: list[VariantResult]
    significance: Significance
    valid: bool
    """Whether there are enough participants, and the traffic follows the planned split."""
    winner_variant_id: str | None
    improvement_percentage: float | None
    secondary: dict[str, list[VariantResult]]
    guardrails: list[GuardrailResult]
    ship: ShipDecision | None
    remaining_participants: int | None
    remaining_days: float | None
    recommendation: Recommendation
    days: list[DayPoint]
    evidence: Evidence
    """The strongest evidence so far, including this evaluation."""
    adjustments: dict[str, Adjustment] = {}
    """How metrics were adjusted for the participants' covariate, by metric."""
    segments: dict[str, Segment] | None = None
    segment_interaction: float | None = None
    """The p-value of a difference between the segments (Cochran's Q)."""
    winner_lift: WinnerLift | None = None
    """The winner's shrunken lift over control, once the lifts of past experiments are known."""

    @property
    def winner(self) -> VariantResult | None:
        """The variant that has won, if it is not control."""
        return next(
            (v for v in self.variants if v.variant_id == self.winner_variant_id and not v.arm.is_control),
            None,
        )

    @property
    def control(self) -> VariantResult:
        """The variant that the others are compared with."""
        return next(variant for variant in self.variants if variant.arm.is_control)


def evaluate(experiment: Experiment, counts: PhaseCounts, now: datetime, *, series: bool = False) -> Results:
    """Compute the results of one phase of an experiment.

    Args:
        experiment: The experiment.
        counts: The counts of the phase. Their evidence is that of earlier evaluations.
        now: The present time.
        series: Whether to add the results as they were at the end of each day.
    """
    shares: dict[int, dict[int, float]] = defaultdict(dict)
    for share in counts.shares:
        shares[share.allocation_epoch][share.variant] = share.share
    in_phase = {share.variant for share in counts.shares}
    arms = [arm for arm in experiment.arms if arm.variant in in_phase or experiment.phase == 0]
    last_resolved = last_resolved_day(experiment, now)

    def resolved(day: date) -> bool:
        return last_resolved is None or day <= last_resolved

    primary_metric = experiment.success_metrics[0]

    def results_of(name: str) -> list[VariantResult]:
        metric = experiment.metric(name)
        found = compute_experiment_results(
            experiment,
            metric,
            arms,
            participant_cells(counts, name, primary_metric, metric, resolved),
            shares,
            _evidence_of(counts, name),
            impressions=impression_tallies(counts, name, primary_metric, metric, resolved),
            as_planned=as_planned,
        )
        set_verdicts(found, budget, as_planned=as_planned, valid=valid)
        if not ratio.alarm:
            set_split_notes(found, shares, participations)
        adjustment = adjust_for_covariate(found, experiment, name, counts, shares)
        if adjustment is not None:
            adjustments[name] = adjustment
        return found

    adjustments: dict[str, Adjustment] = {}
    participants = all_participants(counts)
    participations = participation(counts)
    # An earlier phase did not end as planned: a user who could see its results opened the next one.
    as_planned = counts.phase == experiment.phase and _as_planned(experiment, now)
    budget = error_budget(max(0, counts.phase - 1))
    ratio, ratio_evidence = sample_ratio(experiment, counts, shares, arms, as_planned=as_planned)
    valid = participants >= MIN_PARTICIPANTS and not ratio.alarm
    variants = results_of(primary_metric)
    significance = compute_significance(variants, experiment, budget, as_planned=as_planned)
    elapsed, progress = _elapsed_and_progress(experiment, now)
    secondary = {metric: results_of(metric) for metric in experiment.success_metrics[1:]}
    guardrails = evaluate_guardrails(
        [(guardrail, results_of(guardrail.name)) for guardrail in experiment.guardrails],
        budget,
        as_planned=as_planned,
        valid=valid,
    )
    winner = find_winner(variants)
    ship = _ship(experiment, variants, elapsed)
    missing = (
        None if experiment.min_sample_size is None else max(0, experiment.min_sample_size - participants)
    )
    rate = participants / (elapsed / timedelta(days=1)) if elapsed else 0.0
    all_results = [
        (primary_metric, variants),
        *secondary.items(),
        *((g.guardrail.name, g.variants) for g in guardrails),
    ]
    return Results(
        experiment=experiment,
        phase=counts.phase,
        phases=counts.phases,
        shares=dict(shares),
        participants=participants,
        participation=participations,
        elapsed=elapsed,
        progress_percentage=progress,
        completed_as_planned=as_planned,
        sample_ratio=ratio,
        variants=variants,
        significance=significance,
        valid=valid,
        winner_variant_id=winner.variant_id if winner is not None else None,
        improvement_percentage=_improvement_percentage(winner),
        secondary=secondary,
        guardrails=guardrails,
        ship=ship,
        remaining_participants=missing,
        remaining_days=None if missing is None or not rate else missing / rate,
        recommendation=recommend(
            experiment,
            participants=participants,
            min_participants=MIN_PARTICIPANTS,
            ratio_p_value=ratio.p_value if ratio.alarm else None,
            crossed_over=sum(share.crossed_over for share in counts.shares),
            harmed={g.guardrail.name: g.harmed_by for g in guardrails if g.harmed_by},
            harmful=harmful(variants),
            winner=winner,
            ship=ship,
            safest=_safest(variants),
            as_planned=as_planned,
            over=experiment.expected_end_time is not None and now >= experiment.expected_end_time,
        ),
        days=compute_daily_series(experiment, arms, counts, shares, resolved, with_figures=series),
        evidence={
            EvidenceKey(variant.arm.variant, metric, side): log_e
            for metric, results in all_results
            for variant in results
            if variant.comparison is not None and variant.comparison.always_valid is not None
            for side, log_e in zip(_SIDES, variant.comparison.always_valid.evidence, strict=True)
        }
        | ratio_evidence,
        adjustments=adjustments,
    )


def _evidence_of(counts: PhaseCounts, metric: str) -> dict[int, SidedEvidence]:
    """Return the evidence about one metric, by variant key."""
    variants = {key.variant for key in counts.evidence if key.metric == metric}
    return {
        variant: SidedEvidence(
            *(counts.evidence.get(EvidenceKey(variant, metric, side), 0.0) for side in _SIDES)
        )
        for variant in variants
    }


def last_resolved_day(experiment: Experiment, now: datetime) -> date | None:
    """Return the last day whose attribution windows have all closed; None if unresolved impressions count as failures."""
    if experiment.unresolved == "failed" or experiment.attribution_days is None:
        return None
    return (now - timedelta(days=experiment.attribution_days + 1)).date()


def _as_planned(experiment: Experiment, now: datetime) -> bool:
    """Whether the experiment ran for its whole planned duration: only then is the fixed-horizon test valid."""
    if experiment.expected_end_time is None or now < experiment.expected_end_time:
        return False
    if experiment.status == "completed":
        return True
    return experiment.end_time is not None and experiment.end_time >= experiment.expected_end_time


def _elapsed_and_progress(experiment: Experiment, now: datetime) -> tuple[timedelta, float]:
    if experiment.start_time is None or experiment.expected_end_time is None:
        return timedelta(), 0.0
    end = min(now, experiment.end_time or now, experiment.expected_end_time)
    elapsed = max(end - experiment.start_time, timedelta())
    return elapsed, round(100 * elapsed / (experiment.expected_end_time - experiment.start_time), 2)


def _improvement_percentage(winner: VariantResult | None) -> float | None:
    """Return the winner's lift in percent; if less is better, by how much less it is."""
    if winner is None or winner.comparison is None or winner.comparison.lift is None:
        return None
    lift = winner.comparison.lift
    return 100 * (lift if winner.metric.goal == "increase" else -lift)


def _safest(variants: Sequence[VariantResult]) -> VariantResult:
    """Return the variant with the smallest expected loss, about which the stop rule decides."""
    return min(variants, key=lambda variant: variant.expected_loss)


def _ship(experiment: Experiment, variants: list[VariantResult], elapsed: timedelta) -> ShipDecision | None:
    rule = experiment.stop_rule
    if rule is None:
        return None
    leader = _safest(variants)
    return safe_to_ship(
        max(0.0, leader.expected_loss),
        leader.posterior_mean,
        min(variant.participants for variant in variants),
        elapsed / timedelta(days=1),
        minimum_sample=rule.minimum_sample,
        loss_threshold=rule.loss_threshold,
        minimum_days=rule.minimum_days,
    )
