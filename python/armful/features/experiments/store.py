"""Stores experiments in PostgreSQL: their arms, their status and their allocation epochs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from armful.db.pool import Pool, acquire
from armful.db.queries import load
from armful.domain.errors import Conflict, ExperimentNotFound, VariantMoved
from armful.domain.experiment import (
    REALLOCATABLE,
    TRANSITIONS,
    Action,
    Arm,
    Experiment,
    ExperimentPlan,
    ExperimentStatus,
    Guardrail,
    Metric,
    StopRule,
    check_state,
)
from armful.domain.key import Actor
from armful.features.audit import store as audit
from armful.replica.change_store import announce

_SQL = load("armful.features.experiments")

_LAST = 2**63 - 1
_KIND = "experiment"


class ArmPlan(Struct, frozen=True):
    """An arm of a new phase: its planned share, its floor, and the share it starts with."""

    variant: int
    variant_id: str
    share: float
    floor: float
    start: float


class NewExperiment(ExperimentPlan, kw_only=True):
    """An experiment to create; `arms` are in the caller's order, and `control` is the variant key of one of them."""

    arms: list[ArmPlan]
    control: int


async def create(
    pool: Pool, process_id: UUID, actor: Actor, new: NewExperiment, *, draft: bool
) -> Experiment:
    """Create an experiment, as a draft or active.

    Raises:
        Conflict: The id is taken, or another experiment uses an overlapping range of the namespace.
    """
    async with acquire(pool) as connection:
        async with connection.transaction():
            key = await connection.fetchval(
                _SQL["insert"],
                new.experiment_id,
                new.experiment_name,
                new.description,
                new.target_persona,
                new.success_metrics,
                [guardrail.name for guardrail in new.guardrails],
                [guardrail.harm for guardrail in new.guardrails],
                [guardrail.margin for guardrail in new.guardrails],
                new.duration_days,
                new.min_sample_size,
                new.allocation,
                new.salt,
                new.namespace,
                *new.namespace_range,
                new.attribution_days,
                new.unresolved,
                msgspec.to_builtins(new.stop_rule) if new.stop_rule is not None else {"off": True},
                msgspec.to_builtins(new.metrics),
            )
            if key is None:
                raise Conflict(
                    f"Experiment '{new.experiment_id}' exists already: choose another experiment_id"
                )
            await _check_arms(connection, new.arms)
            for position, arm in enumerate(new.arms):
                is_control = arm.variant == new.control
                await connection.execute(
                    _SQL["put_arm"], key, arm.variant, position, is_control, arm.share, arm.floor
                )
            await audit.write(connection, actor, "create", _KIND, new.experiment_id, name=new.experiment_name)
            if not draft:
                await _start(connection, key, new.arms)
                await audit.write(connection, actor, "start", _KIND, new.experiment_id)
            await announce(connection, process_id, "experiments")
        return await find(connection, new.experiment_id)


async def _check_arms(connection: Any, arms: Sequence[ArmPlan]) -> None:
    """Check that the arms' keys are those of their variants in this database.

    Raises:
        VariantMoved: The database was replaced by another one after the keys were read.
    """
    rows = await connection.fetch(_SQL["variant_ids"], [arm.variant for arm in arms])
    if {row["id"]: row["variant_id"] for row in rows} != {arm.variant: arm.variant_id for arm in arms}:
        raise VariantMoved


async def _start(connection: Any, key: int, arms: Sequence[ArmPlan]) -> None:
    await connection.execute(_SQL["lock_namespace"], key)
    other = await connection.fetchval(_SQL["overlapping"], key)
    if other is not None:
        raise Conflict(
            f"Experiment {other} uses an overlapping range of the namespace: end it first, or choose another range"
        )
    allocation_epoch = await connection.fetchval(_SQL["open_allocation_epoch"], key, 1, 0)
    await _put_shares(connection, allocation_epoch, {arm.variant: arm.start for arm in arms})
    await connection.execute(_SQL["start"], key, allocation_epoch)


async def _put_shares(connection: Any, allocation_epoch: int, shares: Mapping[int, float]) -> None:
    await connection.execute(_SQL["put_shares"], allocation_epoch, list(shares), list(shares.values()))


async def find(connection: Any, experiment_id: str) -> Experiment:
    """Return an experiment.

    Raises:
        ExperimentNotFound: There is no experiment with this id.
    """
    # PostgreSQL text cannot contain the null character, so no id contains it.
    rows = await connection.fetch(_SQL["by_id"], experiment_id) if "\0" not in experiment_id else []
    if not rows:
        raise ExperimentNotFound(experiment_id)
    return (await _with_arms(connection, rows))[0]


async def page(pool: Pool, *, before: int | None, limit: int) -> tuple[list[Experiment], int]:
    """Return at most `limit` experiments with keys below `before`, newest first, and the number of all experiments."""
    async with (
        acquire(pool) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        rows = await connection.fetch(_SQL["page"], before or _LAST, limit)
        return await _with_arms(connection, rows), await connection.fetchval(_SQL["count"])


async def _with_arms(connection: Any, rows: Sequence[Any]) -> list[Experiment]:
    arms: dict[int, list[Arm]] = defaultdict(list)
    for row in await connection.fetch(_SQL["arms"], [row["id"] for row in rows]):
        experiment, *values = row
        arms[experiment].append(Arm(*values))
    derived = ("key", "status", "end_time", "arms", "guardrails", "metrics", "namespace_range", "stop_rule")
    return [
        Experiment(
            key=row["id"],
            status=row["state"],
            end_time=row["expected_end_time"] if row["state"] == "completed" else row["end_time"],
            arms=arms[row["id"]],
            guardrails=[
                Guardrail(*values)
                for values in zip(
                    row["guardrail_metrics"], row["guardrail_harms"], row["guardrail_margins"], strict=True
                )
            ],
            metrics=msgspec.convert(row["metrics"], dict[str, Metric]),
            namespace_range=(row["namespace_from"], row["namespace_to"]),
            stop_rule=None if "off" in row["stop_rule"] else msgspec.convert(row["stop_rule"], StopRule),
            **{name: row[name] for name in Experiment.__struct_fields__ if name not in derived},
        )
        for row in rows
    ]


async def transition(
    pool: Pool,
    process_id: UUID,
    actor: Actor,
    experiment_id: str,
    action: Action,
    *,
    promoted: int | None = None,
    arms: Sequence[ArmPlan] = (),
) -> Experiment:
    """Start, pause, resume, stop or promote an experiment.

    Args:
        pool: The database's connection pool.
        process_id: The id of this process.
        actor: Who makes the change.
        experiment_id: The experiment's id.
        action: One of `TRANSITIONS`.
        promoted: The key of the variant to promote, for `promote`.
        arms: The arms of the first phase, for `start`.

    Raises:
        ExperimentNotFound: There is no experiment with this id.
        IllegalTransition: The experiment's status does not allow the action.
        Conflict: Another experiment uses an overlapping range of the namespace, or the planned end has passed.
    """
    async with acquire(pool) as connection:
        async with connection.transaction():
            allowed, next_state = TRANSITIONS[action]
            key, _, state = await _lock(connection, experiment_id, allowed, action)
            if action == "start":
                await _check_arms(connection, arms)
                await _start(connection, key, arms)
            elif action == "resume" and await connection.fetchval(_SQL["time_is_over"], key):
                raise Conflict(
                    f"Experiment {experiment_id} was paused past its planned end: stop it, or promote a variant"
                )
            else:
                await connection.execute(_SQL["change_status"], key, next_state, promoted)
            details: dict[str, Any] = {"changed": {"status": [state, next_state]}}
            if promoted is not None:
                details["variant_id"] = await connection.fetchval(_SQL["variant_id"], promoted)
            await audit.write(connection, actor, action, _KIND, experiment_id, **details)
            await announce(connection, process_id, "experiments")
        return await find(connection, experiment_id)


async def _lock(
    connection: Any, experiment_id: str, allowed: Sequence[ExperimentStatus], action: str
) -> tuple[int, int | None, str]:
    row = await connection.fetchrow(_SQL["lock"], experiment_id) if "\0" not in experiment_id else None
    if row is None:
        raise ExperimentNotFound(experiment_id)
    check_state(experiment_id, row["state"], allowed, action)
    return row["id"], row["allocation_epoch"], row["state"]


async def open_phase(
    pool: Pool, process_id: UUID, actor: Actor, experiment_id: str, arms: Sequence[ArmPlan]
) -> Experiment:
    """Change the arms and allocation of a running experiment by opening a new phase.

    Raises:
        ExperimentNotFound: There is no experiment with this id.
        IllegalTransition: The experiment has ended, or has not started.
    """
    async with acquire(pool) as connection:
        async with connection.transaction():
            key, _, _ = await _lock(connection, experiment_id, REALLOCATABLE, "change the allocation")
            await _check_arms(connection, arms)
            before = await find(connection, experiment_id)
            await connection.execute(_SQL["retire_others"], key, [arm.variant for arm in arms])
            known = [arm.variant for arm in before.arms]
            for arm in arms:
                position = known.index(arm.variant) if arm.variant in known else len(known)
                if arm.variant not in known:
                    known.append(arm.variant)
                is_control = arm.variant == before.control.variant
                await connection.execute(
                    _SQL["put_arm"], key, arm.variant, position, is_control, arm.share, arm.floor
                )
            allocation_epoch = await connection.fetchval(
                _SQL["open_allocation_epoch"], key, before.phase + 1, 0
            )
            await _put_shares(connection, allocation_epoch, {arm.variant: arm.start for arm in arms})
            await connection.execute(_SQL["use_allocation_epoch"], key, allocation_epoch)
            after = await find(connection, experiment_id)
            await audit.write(
                connection,
                actor,
                "change_allocation",
                _KIND,
                experiment_id,
                phase=before.phase + 1,
                changed={"traffic_allocation": [_planned(before), _planned(after)]},
            )
            await announce(connection, process_id, "experiments")
        return await find(connection, experiment_id)


def _planned(experiment: Experiment) -> dict[str, float]:
    return {arm.variant_id: arm.traffic_allocation for arm in experiment.open_arms}


async def renew_shares(
    connection: Any, experiment: Experiment, impressions: int, shares: dict[int, float]
) -> int:
    """Open an allocation epoch with new shares, unless another process has just opened one.

    Args:
        connection: A connection outside a transaction.
        experiment: The adaptive experiment, as read before the shares were computed.
        impressions: The number of impressions that the shares were computed from.
        shares: The shares by variant key, summing to 1.

    Returns:
        The current allocation epoch.
    """
    async with connection.transaction():
        _, allocation_epoch, _ = await _lock(
            connection, experiment.experiment_id, ("active",), "renew the shares"
        )
        if allocation_epoch != experiment.allocation_epoch:
            assert allocation_epoch is not None
            return allocation_epoch
        renewed: int = await connection.fetchval(
            _SQL["open_allocation_epoch"], experiment.key, None, impressions
        )
        await _put_shares(connection, renewed, shares)
        await connection.execute(_SQL["use_allocation_epoch"], experiment.key, renewed)
        return renewed


async def active(connection: Any) -> dict[str, int]:
    """Return the number of participants of every active experiment, by experiment id."""
    return dict(await connection.fetch(_SQL["active"]))
