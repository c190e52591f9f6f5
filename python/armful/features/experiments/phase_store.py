"""Stores the phases and allocation epochs of running experiments, and takes variants out of them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from armful.db.pool import Pool, acquire
from armful.db.queries import load
from armful.domain.errors import VariantInUse
from armful.domain.experiment import REALLOCATABLE, Experiment
from armful.domain.key import Actor
from armful.features.audit import store as audit
from armful.features.experiments import store as experiments
from armful.features.experiments.phases import ArmPlan, plan_without
from armful.replica.change_store import announce

_SQL = load("armful.features.experiments")


async def open_phase(
    pool: Pool, process_id: UUID, actor: Actor, experiment_id: str, arms: Sequence[ArmPlan]
) -> Experiment:
    """Change the arms and allocation of a running experiment by opening a new phase.

    Raises:
        ExperimentNotFound: There is no experiment with this id.
        IllegalTransition: The experiment has ended, or has not started.
        Refused: A variant was archived after its status was read.
    """
    async with acquire(pool) as connection:
        async with connection.transaction():
            held = await experiments.hold_variants(connection, [arm.variant for arm in arms])
            await experiments.lock(connection, experiment_id, REALLOCATABLE, "change the allocation")
            experiments.check_arms(held, arms)
            before = await experiments.find(connection, experiment_id)
            await _change_arms(connection, process_id, actor, before, arms)
        return await experiments.find(connection, experiment_id)


async def _change_arms(
    connection: Any, process_id: UUID, actor: Actor, before: Experiment, arms: Sequence[ArmPlan]
) -> None:
    """Open a new phase with these arms, and retire the others, in a transaction that holds the experiment."""
    await connection.execute(_SQL["retire_others"], before.key, [arm.variant for arm in arms])
    known = [arm.variant for arm in before.arms]
    for arm in arms:
        position = known.index(arm.variant) if arm.variant in known else len(known)
        if arm.variant not in known:
            known.append(arm.variant)
        is_control = arm.variant == before.control.variant
        await connection.execute(
            _SQL["put_arm"], before.key, arm.variant, position, is_control, arm.share, arm.floor
        )
    allocation_epoch = await connection.fetchval(
        _SQL["open_allocation_epoch"], before.key, before.phase + 1, 0
    )
    await experiments.put_shares(connection, allocation_epoch, {arm.variant: arm.start for arm in arms})
    await connection.execute(_SQL["use_allocation_epoch"], before.key, allocation_epoch)
    after = await experiments.find(connection, before.experiment_id)
    await audit.write(
        connection,
        actor,
        "change_allocation",
        "experiment",
        before.experiment_id,
        phase=before.phase + 1,
        changed={"traffic_allocation": [_planned(before), _planned(after)]},
    )
    await announce(connection, process_id, "experiments")


def _planned(experiment: Experiment) -> dict[str, float]:
    return {arm.variant_id: arm.traffic_allocation for arm in experiment.open_arms}


async def leave_running(
    connection: Any, process_id: UUID, actor: Actor, variant: int, variant_id: str, *, retire: bool
) -> None:
    """Take a variant that is being archived out of the running experiments. Each of them opens a new phase without it.

    Call it in the transaction that archives the variant, while that holds the variant's row.

    Raises:
        VariantInUse: A running experiment has the variant, and `retire` is false or the variant is its control.
    """
    rows = await connection.fetch(_SQL["running_with"], [variant])
    running = [await experiments.find(connection, row["experiment_id"]) for row in rows]
    # Another transaction may have retired it while this one waited for the rows.
    running = [one for one in running if any(arm.variant == variant for arm in one.open_arms)]
    controlled = {one.experiment_id for one in running if one.control.variant == variant}
    if running and (controlled or not retire):
        raise VariantInUse(variant_id, _names(running, controlled), _ADVICE[bool(controlled)])
    for experiment in running:
        await _change_arms(connection, process_id, actor, experiment, plan_without(experiment, variant))


_ADVICE = {
    False: "End them, or archive it with DELETE and retire=true, which retires it there.",
    True: "End them first: control cannot be retired.",
}
"""What to do, by whether the variant is the control of one of the experiments."""


def _names(running: Sequence[Experiment], controlled: Collection[str]) -> str:
    ids = [one.experiment_id for one in running]
    return ", ".join(f"{name} (as control)" if name in controlled else name for name in ids)


async def renew_shares(
    connection: Any, experiment: Experiment, participants: int, shares: dict[int, float]
) -> int:
    """Open an allocation epoch with new shares, unless another process has just opened one.

    Args:
        connection: A connection outside a transaction.
        experiment: The adaptive experiment, as read before the shares were computed.
        participants: The number of participants that the shares were computed from.
        shares: The shares by variant key, summing to 1.

    Returns:
        The current allocation epoch.
    """
    async with connection.transaction():
        _, allocation_epoch, _ = await experiments.lock(
            connection, experiment.experiment_id, ("active",), "renew the shares"
        )
        if allocation_epoch != experiment.allocation_epoch:
            assert allocation_epoch is not None
            return allocation_epoch
        renewed: int = await connection.fetchval(
            _SQL["open_allocation_epoch"], experiment.key, None, participants
        )
        await experiments.put_shares(connection, renewed, shares)
        await connection.execute(_SQL["use_allocation_epoch"], experiment.key, renewed)
        return renewed
