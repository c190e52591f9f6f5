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
from typing import Any, NamedTuple

from msgspec import Struct

from armful.contract.experiments import AssignRequest
from armful.core import probability_best
from armful.db.pool import Pool, acquire
from armful.decisions.engine import DecisionEngine
from armful.domain.decision import Decision
from armful.domain.experiment import Arm, Experiment
from armful.domain.variant import Variant
from armful.features.experiments import assignment_store as assignments
from armful.features.experiments import store as experiments
from armful.features.variants.service import Variants
from armful.learning.policies import Settled, SettledParameters, Shares, SharesParameters
from armful.replica.variant_cache import CachedVariant
from armful.stats.allocation import with_floors

_SHARES, _SETTLED = Shares(), Settled()

_RENEW_AFTER = 0.01
"""Shares are worked out anew when impressions have grown by this part of what they were worked out from."""


class ParticipantDecision(Struct, kw_only=True):
    """The decision for a participant. One who is not in the experiment gets control, and `reason` says why."""

    decision: Decision[CachedVariant]
    enrolled: bool
    is_new: bool
    reason: str | None = None

    @property
    def variant(self) -> Variant:
        """The variant to show."""
        return self.decision.chosen[0].variant

    @property
    def propensity(self) -> float | None:
        """The probability with which the variant was chosen; None for a participant who is not in the experiment."""
        propensities = self.decision.propensities
        return None if propensities is None else propensities[0]


def unit_hash(salt: str, participant_id: str) -> float:
    """A participant's place in [0, 1): the same everywhere for the same salt."""
    digest = sha256(f"{salt}\n{participant_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


class _Subject(NamedTuple):
    """Whom a decision is for, in which experiment."""

    experiment_id: str
    participant_id: str
    persona_id: str | None


class Assignments:
    """Assignment to the experiments of the database."""

    def __init__(self, pool: Pool, variants: Variants, decisions: DecisionEngine) -> None:
        self._pool = pool
        self._variants = variants
        self._decisions = decisions
        self._random = random.SystemRandom().random

    async def assign(self, experiment_id: str, request: AssignRequest) -> ParticipantDecision:
        """Decide which variant of an experiment a participant sees: the one they have, else a new one.

        Raises:
            ExperimentNotFound: There is no experiment of that id.
        """
        async with acquire(self._pool) as connection:
            experiment = await experiments.find(connection, experiment_id)
            subject = _Subject(experiment.experiment_id, request.participant_id, request.persona_id)
            held = await assignments.find(connection, experiment.key, request.participant_id)
            arms = {arm.variant: arm for arm in experiment.arms}
            if experiment.status == "promoted":
                return await self._not_in(
                    experiment, subject, f"{experiment.promoted_variant_id} was promoted"
                )
            if held is not None and (not arms[held.variant].retired or experiment.status != "active"):
                return await self._settled(subject, arms[held.variant], held.propensity)
            reason = _why_not(experiment, request)
            if reason is not None:
                return await self._not_in(experiment, subject, reason)
            epoch, shares = await self._shares(connection, experiment)
            decision = await self._draw(experiment, subject, shares)
            if not request.enroll:
                return ParticipantDecision(
                    decision=decision, enrolled=False, is_new=False, reason="only looked"
                )
            variant = decision.chosen[0].variant.key
            if held is not None:
                await assignments.move(connection, experiment.key, request.participant_id, epoch, variant)
            elif not await assignments.remember(
                connection, experiment.key, request.participant_id, epoch, variant, request.persona_id
            ):
                # Another request assigned the same participant first; that assignment counts.
                held = await assignments.find(connection, experiment.key, request.participant_id)
                assert held is not None
                return await self._settled(subject, arms[held.variant], held.propensity)
        return ParticipantDecision(decision=decision, enrolled=True, is_new=True)

    async def _draw(
        self, experiment: Experiment, subject: "_Subject", shares: Mapping[int, float]
    ) -> Decision[CachedVariant]:
        """Choose an arm by the shares: by a hash of the participant where they are fixed, else at random."""
        open_arms = [arm for arm in experiment.open_arms if arm.variant in shares]
        fixed = experiment.allocation == "fixed"
        parameters = SharesParameters(
            [await self._variants.cached(arm.variant_id) for arm in open_arms],
            [shares[arm.variant] for arm in open_arms],
            unit_hash(experiment.salt, subject.participant_id) if fixed else self._random(),
        )
        return self._decisions.decide(_SHARES, parameters, **subject._asdict())

    async def _settled(self, subject: "_Subject", arm: Arm, propensity: float) -> ParticipantDecision:
        """The variant that a participant was assigned before."""
        variant = await self._variants.cached(arm.variant_id)
        decision = self._decisions.decide(
            _SETTLED, SettledParameters(variant, propensity), **subject._asdict()
        )
        return ParticipantDecision(decision=decision, enrolled=True, is_new=False)

    async def _not_in(self, experiment: Experiment, subject: "_Subject", reason: str) -> ParticipantDecision:
        """The promoted variant or control, for a participant who is not in the experiment."""
        variant = await self._variants.cached(experiment.promoted_variant_id or experiment.control.variant_id)
        decision = self._decisions.decide(_SETTLED, SettledParameters(variant), **subject._asdict())
        return ParticipantDecision(decision=decision, enrolled=False, is_new=False, reason=reason)

    async def _shares(self, connection: Any, experiment: Experiment) -> tuple[int, Mapping[int, float]]:
        """The epoch in force and its shares; an adaptive experiment's are renewed where much has happened since."""
        assert experiment.allocation_epoch is not None
        epoch = await assignments.allocation_epoch(connection, experiment.allocation_epoch)
        if experiment.allocation == "fixed":
            return experiment.allocation_epoch, epoch.shares
        until = None
        if experiment.unresolved == "pending" and experiment.attribution_days:
            until = (datetime.now(UTC) - timedelta(days=experiment.attribution_days + 1)).date()
        counts = await assignments.counts(connection, experiment.key, until)
        impressions = sum(shown for shown, _ in counts.values())
        if impressions - epoch.impressions < max(1, _RENEW_AFTER * epoch.impressions):
            return experiment.allocation_epoch, epoch.shares
        shares = adaptive_shares(experiment.open_arms, counts)
        number = await experiments.renew_shares(connection, experiment, impressions, shares)
        return number, (await assignments.allocation_epoch(connection, number)).shares


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
