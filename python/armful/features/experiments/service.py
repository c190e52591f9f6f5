"""Starts, changes and ends experiments, and computes their results."""

import asyncio
import math
import secrets
from collections.abc import Sequence
from uuid import UUID

from armful.contract.audit import AuditEntry
from armful.contract.experiments import ChangeRequest, StartRequest
from armful.db.clock import DatabaseClock
from armful.db.pool import Pool, acquire
from armful.decisions.engine import DecisionEngine
from armful.domain.errors import Refused, VariantArchived, VariantNotFound
from armful.domain.experiment import EVERYBODY, Action, Allocation, Experiment
from armful.domain.key import Actor
from armful.features.audit import store as audit
from armful.features.experiments import phase_store as phases
from armful.features.experiments import store as experiments
from armful.features.experiments.assignment import Assignments
from armful.features.experiments.covariates import Covariates
from armful.features.experiments.phases import ArmPlan, plan_arms
from armful.features.experiments.results import store as results
from armful.features.experiments.results.evaluation import Results, evaluate, last_resolved_day
from armful.features.experiments.results.evidence import PendingEvidence
from armful.features.experiments.results.segments import by_persona, compute_segments
from armful.features.experiments.results.series import series_limit
from armful.features.experiments.results.shrunken_lifts import PAST_LIFTS, shrink_winner
from armful.features.experiments.validation import (
    check_arms,
    check_start_request,
    declared_metrics_of,
    guardrails_of,
    success_metrics_of,
)
from armful.features.variants import store as variants
from armful.features.variants.service import Variants
from armful.replica.holdout_cache import HoldoutCache

_PERSONA = "persona_id"
_ARCHIVED = {"status": "archived"}
_DEFAULT_FLOORS = 0.1
"""The sum of the default floors of an adaptive experiment. Floors keep every propensity well above 0."""


class Experiments:
    """The operations on experiments."""

    def __init__(
        self,
        pool: Pool,
        variants: Variants,
        decisions: DecisionEngine,
        holdout: HoldoutCache,
        process_id: UUID,
        clock: DatabaseClock,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._variants = variants
        self._process_id = process_id
        self.evidence = PendingEvidence()
        self.covariates = Covariates(pool)
        self.assignments = Assignments(pool, variants, decisions, holdout, clock)

    async def start(self, request: StartRequest, actor: Actor) -> Experiment:
        """Create an experiment, and start it unless the request says it is a draft.

        Raises:
            Refused: The request breaks a rule, which the message names.
            Conflict: The id is taken, or another experiment uses an overlapping range of the namespace.
        """
        check_start_request(request)
        arms = await self._plan(
            request.variant_ids, request.traffic_allocation, request.floors, request.allocation
        )
        control = request.control_variant_id or request.variant_ids[0]
        experiment_id = request.experiment_id or f"exp_{secrets.token_hex(6)}"
        new = experiments.NewExperiment(
            experiment_id=experiment_id,
            experiment_name=request.experiment_name,
            description=request.description,
            target_persona=request.target_persona or EVERYBODY,
            success_metrics=success_metrics_of(request),
            guardrails=guardrails_of(request),
            metrics=declared_metrics_of(request),
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
    ) -> list[ArmPlan]:
        """Build the arms of a phase. An adaptive phase starts with the given shares, raised above the floors."""
        if floors is not None:
            if unknown := sorted(set(floors) - set(ids)):
                raise Refused(f"floors names '{unknown[0]}', which is not in variant_ids")
            if math.fsum(floors.values()) > 1:
                raise Refused(f"floors must sum to at most 1, and sum to {sum(floors.values()):.10g}")
            if allocation == "fixed":
                raise Refused(
                    "floors are only for allocation 'thompson': remove them, or change the allocation"
                )
        planned = [await self._selectable(variant_id) for variant_id in ids]
        if allocation == "fixed":
            arm_floors = [0.0 for _ in ids]
        elif floors is None:
            arm_floors = [_DEFAULT_FLOORS / len(ids) for _ in ids]
        else:
            arm_floors = [floors.get(variant_id, 0.0) for variant_id in ids]
        return plan_arms(planned, ids, shares, arm_floors)

    async def _selectable(self, variant_id: str) -> int:
        """Return the key of an active variant.

        Raises:
            Refused: There is no such variant, or it is archived.
        """
        try:
            variant = await self._variants.get(variant_id)
        except VariantNotFound as error:
            # Not a 404: the variant is named in the request's body, not in its path.
            raise Refused(str(error)) from error
        if variant.status != "active":
            raise Refused(f"Variant '{variant_id}' is archived")
        return variant.key

    async def get(self, experiment_id: str) -> Experiment:
        """Return an experiment.

        Raises:
            ExperimentNotFound: There is no experiment with this id.
        """
        async with acquire(self._pool) as connection:
            return await experiments.find(connection, experiment_id)

    async def page(self, *, before: int | None, limit: int) -> tuple[list[Experiment], int]:
        """Return a page of experiments, newest first, and the number of all experiments."""
        return await experiments.page(self._pool, before=before, limit=limit)

    async def history(self, experiment_id: str) -> list[AuditEntry]:
        """Return the audit log of an experiment, newest entry first.

        Raises:
            ExperimentNotFound: There is no experiment with this id.
        """
        async with acquire(self._pool) as connection:
            await experiments.find(connection, experiment_id)
            return await audit.read(connection, kind="experiment", subject=experiment_id, limit=1000)

    async def change(self, experiment_id: str, action: Action, actor: Actor) -> Experiment:
        """Start a draft, or pause, resume or stop an experiment.

        Raises:
            ExperimentNotFound: There is no experiment with this id.
            IllegalTransition: The experiment's status does not allow the action.
            Refused: A variant of the draft has been archived since it was created.
        """
        arms: list[ArmPlan] = []
        if action == "start":
            experiment = await self.get(experiment_id)
            draft_arms = experiment.arms
            arms = plan_arms(
                # If the experiment is not a draft, `transition` raises IllegalTransition; archived variants do not matter.
                [
                    await self._selectable(arm.variant_id) if experiment.status == "draft" else arm.variant
                    for arm in draft_arms
                ],
                [arm.variant_id for arm in draft_arms],
                [arm.traffic_allocation for arm in draft_arms],
                [arm.floor for arm in draft_arms],
            )
        return await experiments.transition(
            self._pool, self._process_id, actor, experiment_id, action, arms=arms
        )

    async def reallocate(self, experiment_id: str, request: ChangeRequest, actor: Actor) -> Experiment:
        """Change the arms or shares of an experiment. This opens a new phase with results of its own.

        Raises:
            ExperimentNotFound: There is no experiment with this id.
            IllegalTransition: The experiment is neither active nor paused.
            Refused: The request breaks a rule, or leaves out control.
        """
        experiment = await self.get(experiment_id)
        check_arms(request.variant_ids, request.traffic_allocation)
        if experiment.control.variant_id not in request.variant_ids:
            raise Refused(
                f"variant_ids leaves out the control variant '{experiment.control.variant_id}': add it"
            )
        arms = await self._plan(
            request.variant_ids, request.traffic_allocation, request.floors, experiment.allocation
        )
        return await phases.open_phase(self._pool, self._process_id, actor, experiment_id, arms)

    async def promote(
        self, experiment_id: str, variant_id: str | None, *, archive_others: bool, actor: Actor
    ) -> Experiment:
        """End an experiment and show one of its variants to everyone: the named one, or else the winner.

        Args:
            experiment_id: The experiment's id.
            variant_id: One of its variants; None for the winner.
            archive_others: Whether to archive its other variants, so that nothing shows them again.
            actor: Who makes the change.

        Raises:
            ExperimentNotFound: There is no experiment with this id.
            IllegalTransition: The experiment is already promoted, or was never started.
            Refused: No variant is named and none has won, or the named variant is not part of the experiment.
            VariantArchived: The variant to promote is archived.
            VariantInUse: A variant to archive is in another running experiment. Then nothing is changed.
        """
        if variant_id is None:
            variant_id = (await self.results(experiment_id)).winner_variant_id
            if variant_id is None:
                raise Refused(f"No variant of {experiment_id} has won: name the one to promote as variant_id")
        experiment = await self.get(experiment_id)
        promoted = next((arm for arm in experiment.arms if arm.variant_id == variant_id), None)
        if promoted is None:
            raise Refused(f"Variant '{variant_id}' is not part of experiment {experiment_id}")
        others = [arm for arm in experiment.arms if archive_others and arm is not promoted]
        async with acquire(self._pool) as connection, connection.transaction():
            held = await experiments.hold_variants(connection, [arm.variant for arm in (promoted, *others)])
            if held[promoted.variant].archived:
                raise VariantArchived(variant_id)
            await experiments.promote(
                connection, self._process_id, actor, experiment_id, promoted.variant, variant_id
            )
            for arm in others:
                await variants.patch(connection, self._process_id, actor, arm.variant_id, _ARCHIVED)
        await self._variants.read_many([arm.variant_id for arm in others])
        return await self.get(experiment_id)

    async def results(
        self,
        experiment_id: str,
        segment_by: str | None = None,
        phase: int | None = None,
        *,
        series: bool = False,
    ) -> Results:
        """Compute an experiment's results from its rollups. Releases the database connection before it computes.

        If a variant other than control has won, its lift is shrunk by the stored lifts of past experiments.

        Args:
            experiment_id: The experiment's id.
            segment_by: `persona_id` or a metadata key. Adds the results of each of its values.
            phase: The phase's number, from 1; by default the current phase.
            series: Whether to add the results as they were at the end of each day.

        Raises:
            ExperimentNotFound: There is no experiment with this id.
            Refused: There is no such phase, or the metadata key has too many values to be counted.
        """
        async with (
            acquire(self._pool) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            experiment = await experiments.find(connection, experiment_id)
            phase = experiment.phase if phase is None else phase
            if phase > experiment.phase or (phase < 1 and experiment.phase > 0):
                raise Refused(f"phase is {phase}: the experiment has phases 1 to {experiment.phase}")
            now = self._clock.now()
            counts = await results.read(
                connection, experiment, phase, last_resolved_day(experiment, now), by_day=series
            )
            if series and (limit := series_limit(experiment, counts)) is not None:
                await results.read_limited_days(connection, experiment, counts, *limit)
            segments = None
            if segment_by == _PERSONA:
                found = await results.segments(connection, experiment, _PERSONA, phase)
                segments = (
                    None
                    if found is None
                    else by_persona(counts.days, found, experiment.metric(experiment.success_metrics[0]))
                )
            elif segment_by is not None:
                segments = await results.segments(connection, experiment, segment_by, phase)
            if segment_by is not None and segments is None:
                raise Refused(
                    f"segment_by '{segment_by}' has more values than are counted per experiment (1000)"
                )
        self.evidence.merge_into(experiment.key, counts)
        if series:
            # This takes about 0.1 s: in a thread it does not block selections.
            evaluated = await asyncio.to_thread(evaluate, experiment, counts, now, series=True)
        else:
            evaluated = evaluate(experiment, counts, now)
        self.evidence.add(experiment.key, phase, evaluated.evidence, counts.evidence)
        if evaluated.winner is not None:
            async with acquire(self._pool) as connection:
                past = await results.past_lifts(connection, experiment.key, PAST_LIFTS)
            evaluated.winner_lift = shrink_winner(evaluated.winner, evaluated.control, past)
        if segments is not None:
            evaluated.segments, evaluated.segment_interaction = await asyncio.to_thread(
                compute_segments, experiment, segments, evaluated
            )
        return evaluated
