"""Formal experiments: started, paused, changed, ended, and judged by what happened while they were active."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from armful.contract.audit import AuditEntry
from armful.contract.experiments import ChangeRequest, StartRequest
from armful.db.pool import Pool, acquire
from armful.decisions.engine import DecisionEngine
from armful.domain.errors import Refused, VariantNotFound
from armful.domain.experiment import Action, Allocation, Experiment, Guardrail
from armful.domain.key import Actor
from armful.features.audit import store as audit
from armful.features.experiments import store as experiments
from armful.features.experiments.assignment import Assignments
from armful.features.experiments.results import store as results
from armful.features.experiments.results.evidence import FoundEvidence
from armful.features.experiments.results.judge import Results, judge
from armful.features.experiments.results.segments import breakdown, by_persona
from armful.features.variants.service import Variants
from armful.stats.allocation import with_floors

_PERSONA = "persona_id"
_DEFAULT_FLOORS = 0.1
"""What the floors of an adaptive experiment sum to unless they are given: no propensity may come near 0."""


class Experiments:
    """The experiments of the database."""

    def __init__(self, pool: Pool, variants: Variants, decisions: DecisionEngine, process_id: UUID) -> None:
        self._pool = pool
        self._variants = variants
        self._process_id = process_id
        self.evidence = FoundEvidence()
        self.assignments = Assignments(pool, variants, decisions)

    async def start(self, request: StartRequest, actor: Actor) -> Experiment:
        """Start an experiment now, or keep it as a draft.

        Raises:
            Refused: the request breaks a rule, which the message names.
            Conflict: another experiment has its part of the namespace.
        """
        _check(request)
        arms = await self._plan(
            request.variant_ids, request.traffic_allocation, request.floors, request.allocation
        )
        control = request.control_variant_id or request.variant_ids[0]
        experiment_id = f"exp_{secrets.token_hex(6)}"
        new = experiments.NewExperiment(
            experiment_id=experiment_id,
            experiment_name=request.experiment_name,
            description=request.description,
            target_persona=request.target_persona,
            success_metrics=request.success_metrics,
            guardrails=_guardrails(request),
            duration_days=request.duration_days,
            min_sample_size=request.min_sample_size,
            allocation=request.allocation,
            salt=request.salt or experiment_id,
            namespace=request.namespace,
            namespace_range=request.namespace_range,
            attribution_days=request.attribution_days,
            unresolved=request.unresolved,
            stop_rule=request.stop_rule,
            arms=arms,
            control=arms[request.variant_ids.index(control)].variant,
        )
        return await experiments.create(self._pool, self._process_id, actor, new, draft=request.draft)

    async def _plan(
        self,
        ids: Sequence[str],
        shares: Sequence[float],
        floors: dict[str, float] | None,
        allocation: Allocation,
    ) -> list[experiments.ArmPlan]:
        """The arms of a phase. An adaptive one starts from its traffic allocation, above the floors."""
        if floors is not None:
            if unknown := sorted(set(floors) - set(ids)):
                raise Refused(f"floors names '{unknown[0]}', which is not one of variant_ids")
            if sum(floors.values()) > 1:
                raise Refused(f"floors must sum to 1 at most, and sum to {sum(floors.values()):.10g}")
            if allocation == "fixed":
                raise Refused("floors go with allocation 'thompson': a fixed split has its shares")
        planned = [await self._selectable(variant_id) for variant_id in ids]
        if allocation == "fixed":
            least = [0.0 for _ in ids]
        elif floors is None:
            least = [_DEFAULT_FLOORS / len(ids) for _ in ids]
        else:
            least = [floors.get(variant_id, 0.0) for variant_id in ids]
        return _arm_plans(planned, shares, least)

    async def _selectable(self, variant_id: str) -> int:
        """The key of a variant that may be shown.

        Raises:
            Refused: there is none of that id, or it is archived.
        """
        try:
            variant = await self._variants.get(variant_id)
        except VariantNotFound as error:
            # Not the 404 of a resource that was asked for: the request itself names something unknown.
            raise Refused(str(error)) from error
        if variant.status != "active":
            raise Refused(f"Variant '{variant_id}' is archived")
        return variant.key

    async def get(self, experiment_id: str) -> Experiment:
        """The experiment of that id.

        Raises:
            ExperimentNotFound: there is none.
        """
        async with acquire(self._pool) as connection:
            return await experiments.find(connection, experiment_id)

    async def page(self, *, before: int | None, limit: int) -> tuple[list[Experiment], int]:
        """Experiments, newest first, and how many there are in all."""
        return await experiments.page(self._pool, before=before, limit=limit)

    async def history(self, experiment_id: str) -> list[AuditEntry]:
        """Who changed an experiment, how and when, newest first.

        Raises:
            ExperimentNotFound: there is none of that id.
        """
        async with acquire(self._pool) as connection:
            await experiments.find(connection, experiment_id)
            return await audit.read(connection, kind="experiment", subject=experiment_id, limit=1000)

    async def change(self, experiment_id: str, action: Action, actor: Actor) -> Experiment:
        """Start a draft; pause, resume or stop an experiment.

        Raises:
            ExperimentNotFound: there is none of that id.
            IllegalTransition: its state does not lead there.
            Refused: a variant of the draft has been archived since.
        """
        arms: list[experiments.ArmPlan] = []
        if action == "start":
            experiment = await self.get(experiment_id)
            held = experiment.arms
            arms = _arm_plans(
                # What is no draft is refused as such, whatever became of its variants.
                [
                    await self._selectable(arm.variant_id) if experiment.status == "draft" else arm.variant
                    for arm in held
                ],
                [arm.traffic_allocation for arm in held],
                [arm.floor for arm in held],
            )
        return await experiments.transition(
            self._pool, self._process_id, actor, experiment_id, action, arms=arms
        )

    async def reallocate(self, experiment_id: str, request: ChangeRequest, actor: Actor) -> Experiment:
        """Go on with other arms or shares: a new phase, whose results stand by themselves.

        Raises:
            ExperimentNotFound: there is none of that id.
            IllegalTransition: it is not running.
            Refused: the request breaks a rule, or leaves control out.
        """
        experiment = await self.get(experiment_id)
        _check_arms(request.variant_ids, request.traffic_allocation)
        if experiment.control.variant_id not in request.variant_ids:
            raise Refused(f"variant_ids leaves out control, '{experiment.control.variant_id}'")
        arms = await self._plan(
            request.variant_ids, request.traffic_allocation, request.floors, experiment.allocation
        )
        return await experiments.open_phase(self._pool, self._process_id, actor, experiment_id, arms)

    async def promote(
        self, experiment_id: str, variant_id: str | None, *, archive_others: bool, actor: Actor
    ) -> Experiment:
        """End an experiment with the variant that goes on: the one named, else the one that has won.

        Args:
            experiment_id: Of an experiment that is not promoted yet.
            variant_id: One of its variants.
            archive_others: Whether its other variants are never selected again.
            actor: Who asks for it.

        Raises:
            ExperimentNotFound: there is none of that id.
            IllegalTransition: it is promoted already, or was never started.
            Refused: no variant is named and none has won, or the one named is none of its variants.
        """
        if variant_id is None:
            variant_id = (await self.results(experiment_id)).winner_variant_id
            if variant_id is None:
                raise Refused(f"No variant of {experiment_id} has won: name the one to promote as variant_id")
        experiment = await self.get(experiment_id)
        key = next((arm.variant for arm in experiment.arms if arm.variant_id == variant_id), None)
        if key is None:
            raise Refused(f"Variant '{variant_id}' is not part of experiment {experiment_id}")
        promoted = await experiments.transition(
            self._pool, self._process_id, actor, experiment_id, "promote", promoted=key
        )
        if archive_others:
            for arm in promoted.arms:
                if arm.variant != key:
                    await self._variants.change(arm.variant_id, {"status": "archived"}, actor)
        return promoted

    async def results(
        self,
        experiment_id: str,
        segment_by: str | None = None,
        phase: int | None = None,
        *,
        series: bool = False,
    ) -> Results:
        """What an experiment has shown so far, from its rollups. Writes nothing, and reads all it needs before it computes.

        Args:
            experiment_id: Of any experiment.
            segment_by: `persona_id` or a metadata key: adds the same figures per value of it.
            phase: Which phase, from 1 on; the present one by default.
            series: Whether to add the figures as they stood at the end of each day.

        Raises:
            ExperimentNotFound: there is none of that id.
            Refused: there is no such phase, or the metadata key took too many values to be counted.
        """
        async with (
            acquire(self._pool) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            experiment = await experiments.find(connection, experiment_id)
            phase = experiment.phase if phase is None else phase
            if phase > experiment.phase or (phase < 1 and experiment.phase > 0):
                raise Refused(f"phase {phase} is none of this experiment's {experiment.phase}")
            counts = await results.read(connection, experiment, phase)
            segments = None
            if segment_by == _PERSONA:
                segments = by_persona(counts.days)
            elif segment_by is not None:
                segments = await results.segments(connection, experiment, segment_by, phase)
                if segments is None:
                    raise Refused(
                        f"segment_by '{segment_by}' has more values than are counted per experiment (1000)"
                    )
        self.evidence.merge_into(experiment.key, counts)
        now = datetime.now(UTC)
        if series:
            # A tenth of a second, and selections can't wait for so long.
            verdict = await asyncio.to_thread(judge, experiment, counts, now, series=True)
        else:
            verdict = judge(experiment, counts, now)
        self.evidence.add(experiment.key, phase, verdict.evidence, counts.evidence)
        if segments is not None:
            verdict.segments = await asyncio.to_thread(breakdown, experiment, segments, verdict)
        return verdict


def _arm_plans(
    keys: Sequence[int], shares: Sequence[float], floors: Sequence[float]
) -> list[experiments.ArmPlan]:
    total = sum(shares)
    starts = with_floors([share / total for share in shares], floors)
    return [experiments.ArmPlan(*arm) for arm in zip(keys, shares, floors, starts, strict=True)]


def _guardrails(request: StartRequest) -> list[Guardrail]:
    return [Guardrail(metric) if isinstance(metric, str) else metric for metric in request.guardrail_metrics]


def _check(request: StartRequest) -> None:
    if not request.experiment_name.strip():
        raise Refused("experiment_name is empty")
    if not request.success_metrics:
        raise Refused("success_metrics is empty: name at least one metric")
    names = [*request.success_metrics, *(guardrail.name for guardrail in _guardrails(request))]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Refused(f"success_metrics and guardrail_metrics name '{twice}' twice")
    _check_arms(request.variant_ids, request.traffic_allocation)
    if request.control_variant_id is not None and request.control_variant_id not in request.variant_ids:
        raise Refused(f"control_variant_id '{request.control_variant_id}' is not one of variant_ids")
    start, end = request.namespace_range
    if not start < end:
        raise Refused(f"namespace_range is [{start}, {end}]: its start must be below its end")
    if request.namespace is None and request.namespace_range != (0, 1):
        raise Refused(f"namespace_range is [{start}, {end}], of no namespace: name it as namespace")
    if request.unresolved == "pending" and request.attribution_days is None:
        raise Refused(
            "unresolved 'pending' needs attribution_days: without them no impression is ever resolved"
        )


def _check_arms(variant_ids: Sequence[str], shares: Sequence[float]) -> None:
    if not variant_ids:
        raise Refused("variant_ids is empty: name at least one variant")
    if len(set(variant_ids)) < len(variant_ids):
        twice = next(name for name in variant_ids if variant_ids.count(name) > 1)
        raise Refused(f"variant_ids names '{twice}' twice")
    if len(shares) != len(variant_ids):
        raise Refused(
            f"traffic_allocation has {len(shares)} shares for {len(variant_ids)} variants: "
            "variant_ids and traffic_allocation must have the same length"
        )
    for share in shares:
        if not 0 <= share <= 1:
            raise Refused(f"traffic_allocation has a share of {share}: shares lie between 0 and 1")
    if abs(sum(shares) - 1) > 1e-6:
        raise Refused(f"Traffic allocation must sum to 1.0, and sums to {sum(shares):.10g}")
