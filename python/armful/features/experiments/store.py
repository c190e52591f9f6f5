"""Stores experiments in PostgreSQL: their arms, their status and their allocation epochs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from armful.db.pool import Pool, acquire
from armful.db.queries import load
from armful.domain.errors import Conflict, ExperimentNotFound, Refused, VariantMoved
from armful.domain.experiment import (
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
from armful.features.experiments.phases import ArmPlan
from armful.replica.change_store import announce

_SQL = load("armful.features.experiments")

_LAST = 2**63 - 1
_KIND = "experiment"


class HeldVariant(Struct, frozen=True):
    """A variant whose row is locked: its id, and whether it is archived."""

    variant_id: str
    archived: bool


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
            held = await hold_variants(connection, [arm.variant for arm in new.arms])
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
            check_arms(held, new.arms)
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


async def hold_variants(connection: Any, variants: Sequence[int]) -> dict[int, HeldVariant]:
    """Lock variants, by key, so that nobody archives or restores them before the transaction ends.

    Call it before any experiment's row is locked: whoever archives a variant locks that variant first, too.
    """
    rows = await connection.fetch(_SQL["hold_variants"], variants)
    return {row["id"]: HeldVariant(row["variant_id"], row["status"] == "archived") for row in rows}


def check_arms(held: Mapping[int, HeldVariant], arms: Sequence[ArmPlan]) -> None:
    """Check that the arms' keys are those of their variants in this database, and that none of them is archived.

    Raises:
        VariantMoved: The database was replaced by another one after the keys were read.
        Refused: A variant was archived after its status was read.
    """
    if {key: variant.variant_id for key, variant in held.items()} != {
        arm.variant: arm.variant_id for arm in arms
    }:
        raise VariantMoved
    for variant in held.values():
        if variant.archived:
            raise Refused(f"Variant '{variant.variant_id}' is archived")


async def _start(connection: Any, key: int, arms: Sequence[ArmPlan]) -> None:
    await connection.execute(_SQL["lock_namespace"], key)
    other = await connection.fetchval(_SQL["overlapping"], key)
    if other is not None:
        raise Conflict(
            f"Experiment {other} uses an overlapping range of the namespace: end it first, or choose another range"
        )
    allocation_epoch = await connection.fetchval(_SQL["open_allocation_epoch"], key, 1, 0)
    await put_shares(connection, allocation_epoch, {arm.variant: arm.start for arm in arms})
    await connection.execute(_SQL["start"], key, allocation_epoch)


async def put_shares(connection: Any, allocation_epoch: int, shares: Mapping[int, float]) -> None:
    """Store the shares of an allocation epoch, by variant key."""
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
    arms: Sequence[ArmPlan] = (),
) -> Experiment:
    """Start, pause, resume or stop an experiment.

    Args:
        pool: The database's connection pool.
        process_id: The id of this process.
        actor: Who makes the change.
        experiment_id: The experiment's id.
        action: One of `TRANSITIONS`.
        arms: The arms of the first phase, for `start`.

    Raises:
        ExperimentNotFound: There is no experiment with this id.
        IllegalTransition: The experiment's status does not allow the action.
        Conflict: Another experiment uses an overlapping range of the namespace, or the planned end has passed.
        Refused: A variant to start with is archived.
    """
    async with acquire(pool) as connection:
        async with connection.transaction():
            held = await hold_variants(connection, [arm.variant for arm in arms])
            allowed, next_state = TRANSITIONS[action]
            key, _, state = await lock(connection, experiment_id, allowed, action)
            if action == "start":
                check_arms(held, arms)
                await _start(connection, key, arms)
            elif action == "resume" and await connection.fetchval(_SQL["time_is_over"], key):
                raise Conflict(
                    f"Experiment {experiment_id} was paused past its planned end: stop it, or promote a variant"
                )
            else:
                await connection.execute(_SQL["change_status"], key, next_state, None)
            changed = {"status": [state, next_state]}
            await audit.write(connection, actor, action, _KIND, experiment_id, changed=changed)
            await announce(connection, process_id, "experiments")
        return await find(connection, experiment_id)


async def promote(
    connection: Any, process_id: UUID, actor: Actor, experiment_id: str, variant: int, variant_id: str
) -> None:
    """End an experiment and record which variant was promoted, in a transaction that holds the variant.

    Raises:
        ExperimentNotFound: There is no experiment with this id.
        IllegalTransition: The experiment is already promoted, or was never started.
    """
    allowed, next_state = TRANSITIONS["promote"]
    key, _, state = await lock(connection, experiment_id, allowed, "promote")
    await connection.execute(_SQL["change_status"], key, next_state, variant)
    changed = {"status": [state, next_state]}
    await audit.write(
        connection, actor, "promote", _KIND, experiment_id, changed=changed, variant_id=variant_id
    )
    await announce(connection, process_id, "experiments")


async def lock(
    connection: Any, experiment_id: str, allowed: Sequence[ExperimentStatus], action: str
) -> tuple[int, int | None, str]:
    """Lock an experiment's row until the transaction ends. Returns its key, its allocation epoch and its status.

    Raises:
        ExperimentNotFound: There is no experiment with this id.
        IllegalTransition: Its status is not one of the allowed ones.
    """
    row = await connection.fetchrow(_SQL["lock"], experiment_id) if "\0" not in experiment_id else None
    if row is None:
        raise ExperimentNotFound(experiment_id)
    check_state(experiment_id, row["state"], allowed, action)
    return row["id"], row["allocation_epoch"], row["state"]


async def active(connection: Any) -> dict[str, int]:
    """Return the number of participants of every active experiment, by experiment id."""
    return dict(await connection.fetch(_SQL["active"]))
