r"""Who sees which variant of an experiment: the same person always the same one.

A fixed split is a function of the experiment's salt and the participant's id that any client can compute:

    u = first 8 bytes, big-endian, of SHA-256(salt + "\n" + participant_id), divided by 2^64
    the variant is the first, in the experiment's order, at which the running sum of shares exceeds u

and likewise for the experiment's part of its namespace, with the namespace's name in place of the salt. It holds for
participants not seen before: who has been assigned keeps their variant when the shares change later.

An adaptive split draws from the chances to be best, above the floors, and remembers what was drawn.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from msgspec import Struct

from armful.core import probability_best
from armful.db.pool import Pool, acquire
from armful.domain.experiment import Arm, Experiment
from armful.domain.fields import Label
from armful.domain.variant import Variant
from armful.features.experiments import assignment_store as assignments
from armful.features.experiments import store as experiments
from armful.features.variants.service import Variants
from armful.stats.allocation import with_floors

_RENEW_AFTER = 0.01
"""Shares are worked out anew when impressions have grown by this part of what they were worked out from."""


class AssignRequest(Struct, kw_only=True):
    """Whom to assign; `enroll` false looks without assigning."""

    participant_id: Label
    persona_id: Label | None = None
    enroll: bool = True


class Assigned(Struct, kw_only=True):
    """The variant for a participant. Who is not in the experiment gets control, and `reason` says why."""

    variant: Variant
    enrolled: bool
    is_new: bool
    propensity: float | None
    reason: str | None = None


def unit_hash(salt: str, participant_id: str) -> float:
    """A participant's place in [0, 1): the same everywhere for the same salt."""
    digest = sha256(f"{salt}\n{participant_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def at_share(place: float, shares: Sequence[float]) -> int:
    """The position at which the running sum of shares exceeds `place`."""
    total = 0.0
    for position, share in enumerate(shares):
        total += share
        if place < total:
            return position
    # Shares that sum to a rounding error less than 1: the last one that has any.
    return max(position for position, share in enumerate(shares) if share > 0)


class Assignments:
    """Assignment to the experiments of the database."""

    def __init__(self, pool: Pool, variants: Variants) -> None:
        self._pool = pool
        self._variants = variants
        self._draw = random.SystemRandom().random

    async def assign(self, experiment_id: str, request: AssignRequest) -> Assigned:
        """The variant of an experiment for a participant: the one they have, else a new one.

        Raises:
            ExperimentNotFound: there is none of that id.
        """
        async with acquire(self._pool) as connection:
            experiment = await experiments.find(connection, experiment_id)
            held = await assignments.find(connection, experiment.key, request.participant_id)
            arms = {arm.variant: arm for arm in experiment.arms}
            if experiment.status == "promoted":
                return await self._not_in(experiment, f"{experiment.promoted_variant_id} was promoted")
            if held is not None and (not arms[held.variant].retired or experiment.status != "active"):
                return await self._assigned(arms[held.variant], held.propensity)
            reason = _why_not(experiment, request)
            if reason is not None:
                return await self._not_in(experiment, reason)
            regime, shares = await self._shares(connection, experiment)
            open_arms = [arm for arm in experiment.open_arms if arm.variant in shares]
            fixed = experiment.allocation == "fixed"
            place = unit_hash(experiment.salt, request.participant_id) if fixed else self._draw()
            arm = open_arms[at_share(place, [shares[arm.variant] for arm in open_arms])]
            if not request.enroll:
                return await self._assigned(arm, shares[arm.variant], enrolled=False, reason="only looked")
            if held is not None:
                await assignments.move(
                    connection, experiment.key, request.participant_id, regime, arm.variant
                )
            elif not await assignments.remember(
                connection, experiment.key, request.participant_id, regime, arm.variant, request.persona_id
            ):
                # Somebody else was first: theirs counts.
                held = await assignments.find(connection, experiment.key, request.participant_id)
                assert held is not None
                return await self._assigned(arms[held.variant], held.propensity)
        return await self._assigned(arm, shares[arm.variant], is_new=True)

    async def _assigned(
        self,
        arm: Arm,
        propensity: float,
        *,
        enrolled: bool = True,
        is_new: bool = False,
        reason: str | None = None,
    ) -> Assigned:
        variant = await self._variants.get(arm.variant_id)
        return Assigned(
            variant=variant, enrolled=enrolled, is_new=is_new, propensity=propensity, reason=reason
        )

    async def _not_in(self, experiment: Experiment, reason: str) -> Assigned:
        variant = await self._variants.get(experiment.promoted_variant_id or experiment.control.variant_id)
        return Assigned(variant=variant, enrolled=False, is_new=False, propensity=None, reason=reason)

    async def _shares(self, connection: Any, experiment: Experiment) -> tuple[int, Mapping[int, float]]:
        """The regime in force and its shares; an adaptive experiment's are renewed where much has happened since."""
        assert experiment.regime is not None
        regime = await assignments.regime(connection, experiment.regime)
        if experiment.allocation == "fixed":
            return experiment.regime, regime.shares
        until = None
        if experiment.unresolved == "pending" and experiment.attribution_days:
            until = (datetime.now(UTC) - timedelta(days=experiment.attribution_days + 1)).date()
        counts = await assignments.counts(connection, experiment.key, until)
        impressions = sum(shown for shown, _ in counts.values())
        if impressions - regime.impressions < max(1, _RENEW_AFTER * regime.impressions):
            return experiment.regime, regime.shares
        shares = adaptive_shares(experiment.open_arms, counts)
        number = await experiments.renew_shares(connection, experiment, impressions, shares)
        return number, (await assignments.regime(connection, number)).shares


def adaptive_shares(arms: Sequence[Arm], counts: Mapping[int, tuple[int, int]]) -> dict[int, float]:
    """Each arm's chance to be best, above its floor: pᵢ = fᵢ + (1 − Σf) wᵢ."""
    tallies = [counts.get(arm.variant, (0, 0)) for arm in arms]
    weights = probability_best(
        [1.0 + successes for _, successes in tallies],
        [1.0 + shown - successes for shown, successes in tallies],
    )
    shares = with_floors(weights.tolist(), [arm.floor for arm in arms])
    return {arm.variant: share for arm, share in zip(arms, shares, strict=True)}


def _why_not(experiment: Experiment, request: AssignRequest) -> str | None:
    if experiment.status != "active":
        return f"the experiment is {experiment.status}"
    if request.persona_id is not None and request.persona_id != experiment.target_persona:
        return f"the experiment is for {experiment.target_persona}"
    start, end = experiment.namespace_range
    if (
        experiment.namespace is not None
        and not start <= unit_hash(experiment.namespace, request.participant_id) < end
    ):
        return f"the participant is outside the experiment's part of {experiment.namespace}"
    return None
