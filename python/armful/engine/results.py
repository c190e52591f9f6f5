"""An experiment's results: what its counts say, and what to do next."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from armful.engine.comparisons import CONFIDENCE_LEVEL, Cell, VariantResult, figures
from armful.engine.recommendation import Recommendation, recommend
from armful.model import Arm, Experiment, Guardrail
from armful.stats.power import minimum_detectable_effect
from armful.stats.srm import adaptive_sample_ratio_test, sample_ratio_test, sequential_sample_ratio_test
from armful.stats.stopping import ShipDecision, safe_to_ship
from armful.storage.results import Counts

LEAST_PARTICIPANTS = 100
"""Under this many participants no result is called significant."""

_LEAST_CHANCE_TO_BE_BEST = 0.95
_SPLIT = (0, "")
"""Where the evidence against the split is kept: of no variant and no metric."""

_MOST_POINTS = 30
"""Days for which a series works out figures; of a longer experiment every second, third, … day."""


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


class SampleRatioResult(Struct, kw_only=True):
    """Whether the traffic follows the planned split.

    The alarm follows the sequential test while the experiment runs, so that looking often never raises it by chance, and
    the χ² test once it has completed as planned. In an adaptive experiment, where shares change, it is by propensities and for one look.
    """

    p_value: float
    sequential_p_value: float | None
    alarm: bool


class GuardrailResult(Struct, kw_only=True):
    """A guardrail's figures, and the variants that harm it."""

    guardrail: Guardrail
    variants: list[VariantResult]
    harmed_by: list[str]


class DayPoint(Struct, frozen=True, kw_only=True):
    """A variant as it stood at the end of a UTC day: that day's counts, and the figures of all days until then."""

    day: date
    variant_id: str
    impressions: int
    successes: int
    success_rate: float
    chance_to_be_best: float
    lift: float | None
    lift_interval: tuple[float, float] | None
    always_valid_lift_interval: tuple[float, float] | None


class Segment(Struct):
    """The same figures among what bears one value."""

    variants: list[VariantResult]
    significance: Significance


class Results(Struct, kw_only=True):
    """What a phase of an experiment has shown."""

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
    """The strongest evidence by (variant key, metric), this look's included."""
    segments: dict[str, Segment] | None = None


def judge(experiment: Experiment, counts: Counts, now: datetime, *, series: bool = False) -> Results:
    """Judge a phase of an experiment at `now` by what happened in it."""
    shares: dict[int, dict[int, float]] = defaultdict(dict)
    for share in counts.shares:
        shares[share.regime][share.variant] = share.share
    in_phase = {share.variant for share in counts.shares}
    arms = [arm for arm in experiment.arms if arm.variant in in_phase or experiment.phase == 0]
    people = _participants(counts)
    last = _last_resolved(experiment, now)

    def resolved(day: date) -> bool:
        return last is None or day <= last

    first = experiment.success_metrics[0]
    cells = [Cell(d.regime, d.variant, d.impressions, d.successes) for d in counts.days if resolved(d.day)]

    def of(metric: str) -> list[VariantResult]:
        earlier = {variant: found for (variant, name), found in counts.evidence.items() if name == metric}
        measured = cells if metric == first else _metric_cells(counts, metric, cells, resolved)
        return _figures(experiment, arms, measured, shares, people, earlier)

    variants = of(first)
    participants = sum(people.values())
    as_planned = _as_planned(experiment, now)
    enough = participants >= LEAST_PARTICIPANTS
    significance = significance_of(variants, experiment, enough=enough, as_planned=as_planned)
    ratio, ratio_evidence = _sample_ratio(experiment, counts, shares, arms, people, as_planned=as_planned)
    elapsed, progress = _time(experiment, now)
    secondary = {metric: of(metric) for metric in experiment.success_metrics[1:]}
    guardrails = [
        _guardrail(
            guardrail,
            of(guardrail.name),
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
    everything = [
        (first, variants),
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
            least=LEAST_PARTICIPANTS,
            ratio_p_value=ratio.p_value if ratio.alarm else None,
            harmed={g.guardrail.name: g.harmed_by for g in guardrails if g.harmed_by},
            leading=significance.leading,
            is_significant=significance.is_significant,
            winner=winner,
            ship=ship,
            best=max(variants, key=lambda variant: variant.chance_to_be_best),
            as_planned=as_planned,
        ),
        days=_series(experiment, arms, counts, shares, resolved, with_figures=series),
        evidence={
            (variant.arm.variant, metric): variant.comparison.always_valid.max_log_e
            for metric, results in everything
            for variant in results
            if variant.comparison is not None and variant.comparison.always_valid is not None
        }
        | ratio_evidence,
    )


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
        detectable = minimum_detectable_effect(control.success_rate, control.impressions, leading.impressions)
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


def _figures(
    experiment: Experiment,
    arms: Sequence[Arm],
    cells: Sequence[Cell],
    shares: dict[int, dict[int, float]],
    people: dict[int, int],
    evidence: dict[int, float],
) -> list[VariantResult]:
    adaptive = experiment.allocation == "thompson"
    return figures(arms, cells, shares, adaptive=adaptive, participants=people, evidence=evidence)


def _metric_cells(
    counts: Counts, metric: str, cells: Sequence[Cell], resolved: Callable[[date], bool]
) -> list[Cell]:
    """A later metric's cells: its successes, of the same impressions."""
    found = [
        Cell(m.regime, m.variant, 0, m.successes)
        for m in counts.metrics
        if m.metric == metric and resolved(m.day)
    ]
    return [cell._replace(successes=0) for cell in cells] + found


def _participants(counts: Counts) -> dict[int, int]:
    """Distinct participants where events name them, impressions where they don't, by variant."""
    people: dict[int, int] = defaultdict(int)
    for share in counts.shares:
        people[share.variant] += share.participants
    for day in counts.days:
        people[day.variant] += day.anonymous
    return dict(people)


def _last_resolved(experiment: Experiment, now: datetime) -> date | None:
    """The last day whose impressions' windows have all closed, where unresolved impressions are left out."""
    if experiment.unresolved == "failed" or experiment.attribution_days is None:
        return None
    return (now - timedelta(days=experiment.attribution_days + 1)).date()


def _as_planned(experiment: Experiment, now: datetime) -> bool:
    """Whether the experiment ran its whole time: only then does the fixed horizon hold."""
    if experiment.expected_end_time is None or now < experiment.expected_end_time:
        return False
    if experiment.status == "completed":
        return True
    return experiment.end_time is not None and experiment.end_time >= experiment.expected_end_time


def _time(experiment: Experiment, now: datetime) -> tuple[timedelta, float]:
    if experiment.start_time is None or experiment.expected_end_time is None:
        return timedelta(), 0.0
    end = min(now, experiment.end_time or now, experiment.expected_end_time)
    elapsed = max(end - experiment.start_time, timedelta())
    return elapsed, round(100 * elapsed / (experiment.expected_end_time - experiment.start_time), 2)


def _sample_ratio(
    experiment: Experiment,
    counts: Counts,
    shares: dict[int, dict[int, float]],
    arms: Sequence[Arm],
    people: dict[int, int],
    *,
    as_planned: bool,
) -> tuple[SampleRatioResult, dict[tuple[int, str], float]]:
    """The phase's traffic against what its regimes' shares lead to expect, and the strongest evidence so far."""
    expected: dict[int, float] = defaultdict(float)
    variances: dict[int, float] = defaultdict(float)
    by_regime: dict[int, int] = defaultdict(int)
    for share in counts.shares:
        by_regime[share.regime] += share.participants
    for day in counts.days:
        by_regime[day.regime] += day.anonymous
    for regime, total in by_regime.items():
        for variant, part in shares[regime].items():
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


def _guardrail(
    guardrail: Guardrail, variants: list[VariantResult], *, enough: bool, as_planned: bool
) -> GuardrailResult:
    """A guardrail is harmed by a variant whose rate has moved the wrong way by more than chance explains."""
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
        or leading.chance_to_be_best < _LEAST_CHANCE_TO_BE_BEST
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


def _series(
    experiment: Experiment,
    arms: Sequence[Arm],
    counts: Counts,
    shares: dict[int, dict[int, float]],
    resolved: Callable[[date], bool],
    *,
    with_figures: bool,
) -> list[DayPoint]:
    """A point per variant and day; with figures, on at most `_MOST_POINTS` days, the last one always among them."""
    if not with_figures:
        return []
    by_day: dict[date, list[Cell]] = defaultdict(list)
    for d in counts.days:
        if resolved(d.day):
            by_day[d.day].append(Cell(d.regime, d.variant, d.impressions, d.successes))
    days = sorted(by_day)
    step = max(1, -(-len(days) // _MOST_POINTS))
    points: list[DayPoint] = []
    until: list[Cell] = []
    since: list[Cell] = []
    evidence: dict[int, float] = {}
    for number, day in enumerate(days):
        since += by_day[day]
        if (len(days) - 1 - number) % step:
            continue
        until += since
        for variant in _figures(experiment, arms, until, shares, {}, evidence):
            comparison = variant.comparison
            always = comparison.always_valid if comparison is not None else None
            if always is not None:
                evidence[variant.arm.variant] = always.max_log_e
            mine = [cell for cell in since if cell.variant == variant.arm.variant]
            points.append(
                DayPoint(
                    day=day,
                    variant_id=variant.variant_id,
                    impressions=sum(cell.impressions for cell in mine),
                    successes=sum(cell.successes for cell in mine),
                    success_rate=variant.success_rate,
                    chance_to_be_best=variant.chance_to_be_best,
                    lift=comparison.lift if comparison is not None else None,
                    lift_interval=comparison.lift_interval if comparison is not None else None,
                    always_valid_lift_interval=always.lift_interval if always is not None else None,
                )
            )
        since = []
    return points
