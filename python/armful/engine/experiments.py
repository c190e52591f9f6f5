"""Formal experiments: started, paused, ended, and judged by what happened while they were active."""

import secrets
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from armful.engine.results import Results, breakdown, judge
from armful.engine.variants import Variants
from armful.errors import Refused, VariantNotFound
from armful.model import Experiment, Label, Text
from armful.storage import experiments
from armful.storage.pool import Pool, acquire

_PERSONA = "persona_id"


class StartRequest(Struct, kw_only=True):
    """An experiment to start: which variants share the traffic how, for whom, and for how long."""

    experiment_name: Annotated[str, Meta(max_length=255)]
    variant_ids: list[str]
    traffic_allocation: list[float]
    target_persona: Label
    success_metrics: list[Label]
    duration_days: Annotated[int, Meta(ge=1, le=3650)]
    description: Text | None = None
    min_sample_size: Annotated[int, Meta(ge=1, le=2**53)] | None = None
    control_variant_id: str | None = None


class Experiments:
    """The experiments of the database."""

    def __init__(self, pool: Pool, variants: Variants, source: UUID) -> None:
        self._pool = pool
        self._variants = variants
        self._source = source

    async def start(self, request: StartRequest) -> Experiment:
        """Start an experiment now.

        Raises:
            Refused: the request breaks a rule, which the message names.
        """
        _check(request)
        keys = []
        for variant_id in request.variant_ids:
            try:
                variant = await self._variants.get(variant_id)
            except VariantNotFound as error:
                # Not the 404 of a resource that was asked for: the request itself names something unknown.
                raise Refused(str(error)) from error
            if variant.status != "active":
                raise Refused(f"Variant '{variant_id}' is archived")
            keys.append(variant.key)
        control = request.control_variant_id or request.variant_ids[0]
        new = experiments.NewExperiment(
            experiment_id=f"exp_{secrets.token_hex(6)}",
            experiment_name=request.experiment_name,
            description=request.description,
            target_persona=request.target_persona,
            success_metrics=request.success_metrics,
            duration_days=request.duration_days,
            min_sample_size=request.min_sample_size,
            arms=list(zip(keys, request.traffic_allocation, strict=True)),
            control=keys[request.variant_ids.index(control)],
        )
        return await experiments.start(self._pool, self._source, new)

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

    async def change(self, experiment_id: str, action: str) -> Experiment:
        """Pause, resume or stop an experiment.

        Raises:
            ExperimentNotFound: there is none of that id.
            IllegalTransition: its state does not lead there.
        """
        return await experiments.transition(self._pool, self._source, experiment_id, action)

    async def promote(
        self, experiment_id: str, variant_id: str | None, *, archive_others: bool
    ) -> Experiment:
        """End an experiment with the variant that goes on: the one named, else the one that has won.

        Args:
            experiment_id: Of an experiment that is not promoted yet.
            variant_id: One of its variants.
            archive_others: Whether its other variants are never selected again.

        Raises:
            ExperimentNotFound: there is none of that id.
            IllegalTransition: it is promoted already.
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
        promoted = await experiments.transition(self._pool, self._source, experiment_id, "promote", key)
        if archive_others:
            for arm in promoted.arms:
                if arm.variant != key:
                    await self._variants.change(arm.variant_id, {"status": "archived"})
        return promoted

    async def results(self, experiment_id: str, segment_by: str | None = None) -> Results:
        """What an experiment has shown so far, from its rollups.

        Args:
            experiment_id: Of any experiment.
            segment_by: `persona_id` or a metadata key: adds the same figures per value of it.

        Raises:
            ExperimentNotFound: there is none of that id.
            Refused: the metadata key took too many values to be counted.
        """
        async with (
            acquire(self._pool) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            experiment = await experiments.find(connection, experiment_id)
            days = await experiments.days(connection, experiment.key)
            segments = None
            if segment_by == _PERSONA:
                segments = [
                    experiments.SegmentCount(day.persona_id, day.variant, day.impressions, day.successes)
                    for day in days
                    if day.persona_id
                ]
            elif segment_by is not None:
                if await experiments.segment_closed(connection, experiment.key, segment_by):
                    raise Refused(
                        f"segment_by '{segment_by}' has more values than are counted per experiment (1000)"
                    )
                segments = await experiments.segments(connection, experiment.key, segment_by)
        results = judge(experiment, days, datetime.now(UTC))
        if segments is not None:
            results.segments = breakdown(experiment, segments, results.completed_as_planned)
        return results


def _check(request: StartRequest) -> None:
    if not request.experiment_name.strip():
        raise Refused("experiment_name is empty")
    if not request.variant_ids:
        raise Refused("variant_ids is empty: name at least one variant")
    if not request.success_metrics:
        raise Refused("success_metrics is empty: name at least one metric")
    if len(set(request.variant_ids)) < len(request.variant_ids):
        twice = next(name for name in request.variant_ids if request.variant_ids.count(name) > 1)
        raise Refused(f"variant_ids names '{twice}' twice")
    shares = request.traffic_allocation
    if len(shares) != len(request.variant_ids):
        raise Refused(
            f"traffic_allocation has {len(shares)} shares for {len(request.variant_ids)} variants: "
            "variant_ids and traffic_allocation must have the same length"
        )
    for share in shares:
        if not 0 <= share <= 1:
            raise Refused(f"traffic_allocation has a share of {share}: shares lie between 0 and 1")
    if abs(sum(shares) - 1) > 1e-6:
        raise Refused(f"Traffic allocation must sum to 1.0, and sums to {sum(shares):.6g}")
    if request.control_variant_id is not None and request.control_variant_id not in request.variant_ids:
        raise Refused(f"control_variant_id '{request.control_variant_id}' is not one of variant_ids")
