"""Computes an experiment's results from its counts: comparisons, winner, guardrails and recommendation."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from armful.domain.experiment import Experiment, Guardrail
from armful.features.experiments.results.comparisons import (
    CONFIDENCE_LEVEL,
    Cell,
    VariantResult,
    compute_experiment_results,
)
from armful.features.experiments.results.recommendation import Recommendation, recommend
from armful.features.experiments.results.sample_ratio import SampleRatioResult, sample_ratio
from armful.features.experiments.results.series import DayPoint, compute_daily_series
from armful.features.experiments.results.significance import Significance, compute_significance
from armful.features.experiments.results.store import PhaseCounts
from armful.stats.stopping import ShipDecision, safe_to_ship

MIN_PARTICIPANTS = 100
"""With fewer participants than this, no result is called significant."""

_MIN_CHANCE_TO_BE_BEST = 0.95


class GuardrailResult(Struct, kw_only=True):
    """The results of a guardrail metric, and the variants that harm it."""

    guardrail: Guardrail
    variants: list[VariantResult]
    harmed_by: list[str]


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
    elapsed: timedelta
    progress_percentage: float
    completed_as_planned: bool
    sample_ratio: SampleRatioResult
    variants: list[VariantResult]
    significance: Significance
    winner_variant_id: str | None
    improvement_percentage: float | None
    secondary: dict[str, list[VariantResult]]
    guardrails: list[GuardrailResult]
    ship: ShipDecision | None
    remaining_participants: int | None
    remaining_days: float | None
    recommendation: Recommendation
    days: list[DayPoint]
    evidence: dict[tuple[int, str], float]
    """The strongest evidence so far, by (variant key, metric), including this evaluation."""
    segments: dict[str, Segment] | None = None


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
    participants_by_variant = _participants(counts)
    last_resolved = _last_resolved(experiment, now)

    def resolved(day: date) -> bool:
        return last_resolved is None or day <= last_resolved

    primary_metric = experiment.success_metrics[0]
    cells = [
        Cell(d.allocation_epoch, d.variant, d.impressions, d.successes)
        for d in counts.days
        if resolved(d.day)
    ]

    def results_of(metric: str) -> list[VariantResult]:
        evidence = {variant: log_e for (variant, name), log_e in counts.evidence.items() if name == metric}
        metric_cells = cells if metric == primary_metric else _metric_cells(counts, metric, cells, resolved)
        return compute_experiment_results(
            experiment, arms, metric_cells, shares, participants_by_variant, evidence
        )

    variants = results_of(primary_metric)
    participants = sum(participants_by_variant.values())
    # An earlier phase did not end as planned: a user who could see its results opened the next one.
    as_planned = counts.phase == experiment.phase and _as_planned(experiment, now)
    enough = participants >= MIN_PARTICIPANTS
    significance = compute_significance(variants, experiment, enough=enough, as_planned=as_planned)
    ratio, ratio_evidence = sample_ratio(
        experiment, counts, shares, arms, participants_by_variant, as_planned=as_planned
    )
    elapsed, progress = _elapsed_and_progress(experiment, now)
    secondary = {metric: results_of(metric) for metric in experiment.success_metrics[1:]}
    guardrails = [
        _guardrail(
            guardrail,
            results_of(guardrail.name),
            enough=enough,
            as_planned=as_planned and experiment.allocation == "fixed",
        )
        for guardrail in experiment.guardrails
    ]
    winner = _winner(significance, ratio)
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
        elapsed=elapsed,
        progress_percentage=progress,
        completed_as_planned=as_planned,
        sample_ratio=ratio,
        variants=variants,
        significance=significance,
        winner_variant_id=winner.variant_id if winner is not None else None,
        improvement_percentage=_lift_percentage(winner),
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
            harmed={g.guardrail.name: g.harmed_by for g in guardrails if g.harmed_by},
            leading=significance.leading,
            is_significant=significance.is_significant,
            winner=winner,
            ship=ship,
            best=max(variants, key=lambda variant: variant.chance_to_be_best),
            as_planned=as_planned,
            over=experiment.expected_end_time is not None and now >= experiment.expected_end_time,
        ),
        days=compute_daily_series(experiment, arms, counts, shares, resolved, with_figures=series),
        evidence={
            (variant.arm.variant, metric): variant.comparison.always_valid.max_log_e
            for metric, results in all_results
            for variant in results
            if variant.comparison is not None and variant.comparison.always_valid is not None
        }
        | ratio_evidence,
    )


def _metric_cells(
    counts: PhaseCounts, metric: str, cells: Sequence[Cell], resolved: Callable[[date], bool]
) -> list[Cell]:
    """Return the cells of a metric other than the first: its successes, over the same impressions."""
    metric_cells = [
        Cell(m.allocation_epoch, m.variant, 0, m.successes)
        for m in counts.metrics
        if m.metric == metric and resolved(m.day)
    ]
    return [cell._replace(successes=0) for cell in cells] + metric_cells


def _participants(counts: PhaseCounts) -> dict[int, int]:
    """Count participants by variant. An impression whose event names no participant counts as one."""
    participants: dict[int, int] = defaultdict(int)
    for share in counts.shares:
        participants[share.variant] += share.participants
    for day in counts.days:
        participants[day.variant] += day.anonymous
    return dict(participants)


def _last_resolved(experiment: Experiment, now: datetime) -> date | None:
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


def _guardrail(
    guardrail: Guardrail, variants: list[VariantResult], *, enough: bool, as_planned: bool
) -> GuardrailResult:
    """Find the variants that harm a guardrail: their rate moved significantly in the wrong direction."""
    harmed_by = []
    for variant in variants:
        comparison = variant.comparison
        if comparison is None or not comparison.difference:
            continue
        always = comparison.always_valid.p_value if comparison.always_valid is not None else None
        p_value = comparison.p_value if as_planned else always
        worse = comparison.difference > 0 if guardrail.harm == "increase" else comparison.difference < 0
        if enough and worse and p_value is not None and p_value < 1 - CONFIDENCE_LEVEL:
            harmed_by.append(variant.variant_id)
    return GuardrailResult(guardrail=guardrail, variants=variants, harmed_by=harmed_by)


def _winner(significance: Significance, ratio: SampleRatioResult) -> VariantResult | None:
    leading = significance.leading
    if (
        leading is None
        or leading.comparison is None
        or not significance.is_significant
        or (leading.comparison.difference or 0) <= 0
        or leading.chance_to_be_best < _MIN_CHANCE_TO_BE_BEST
        or ratio.alarm
    ):
        return None
    return leading


def _lift_percentage(variant: VariantResult | None) -> float | None:
    if variant is None or variant.comparison is None or variant.comparison.lift is None:
        return None
    return 100 * variant.comparison.lift


def _ship(experiment: Experiment, variants: list[VariantResult], elapsed: timedelta) -> ShipDecision | None:
    rule = experiment.stop_rule
    if rule is None:
        return None
    leader = min(variants, key=lambda variant: variant.expected_loss)
    return safe_to_ship(
        max(0.0, leader.expected_loss),
        (1 + leader.successes) / (2 + leader.impressions),
        min(variant.impressions for variant in variants),
        elapsed / timedelta(days=1),
        minimum_sample=rule.minimum_sample,
        loss_threshold=rule.loss_threshold,
        minimum_days=rule.minimum_days,
    )
