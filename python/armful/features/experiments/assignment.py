r"""Assigns participants to the variants of an experiment. A participant always gets the same variant.

A fixed split is a hash of the experiment's salt and the participant's id, which any client can compute:

    u = first 8 bytes, big-endian, of SHA-256(salt + "\n" + participant_id), divided by 2^64
    the variant is the first, in the experiment's order, at which the running sum of shares exceeds u

A namespace range works the same way, with the namespace's name in place of the salt. The hash decides for new participants
only: a participant who has been assigned keeps their variant when the shares change, also at a share of 0. Participants of a
retired variant are assigned again.

A participant of the global holdout is not assigned. Somebody who was assigned before the holdout began keeps their variant,
so that running experiments stay valid.

An adaptive split draws a variant at random. Its shares are the chances to be best, raised above the floors. The draw is
stored.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from msgspec import Struct

from armful.contract.experiments import AssignRequest
from armful.core import probability_best
from armful.db.clock import DatabaseClock
from armful.db.pool import Pool, acquire
from armful.decisions.engine import DecisionEngine
from armful.domain.decision import Decision
from armful.domain.errors import Conflict
from armful.domain.experiment import EVERYBODY, Arm, Experiment
from armful.domain.unit_hash import unit_hash
from armful.domain.variant import Variant
from armful.features.experiments import assignment_store as assignments
from armful.features.experiments import phase_store as phases
from armful.features.experiments import store as experiments
from armful.features.variants.service import Variants
from armful.learning.policies import Settled, SettledParameters, Shares, SharesParameters
from armful.replica.cached_variant import CachedVariant
from armful.replica.holdout_cache import HoldoutCache
from armful.stats.design.allocation import with_floors

_SHARES, _SETTLED = Shares(), Settled()

_COUNTING = ("draft", "active", "paused")
"""The statuses in which an experiment counts outcomes, or may do so later."""

_RENEW_AFTER = 0.01
"""Recompute the shares when the number of participants has grown by this fraction since the last time."""


class ParticipantDecision(Struct, kw_only=True):
    """The decision for a participant. A participant outside the experiment gets control, and `reason` says why."""

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
        """The probability with which the variant was chosen; None for a participant outside the experiment."""
        propensities = self.decision.propensities
        return None if propensities is None else propensities[0]


class _Subject(NamedTuple):
    """The participant a decision is for, and the experiment."""

    experiment_id: str
    participant_id: str
    persona_id: str | None


class Assignments:
    """Assigns participants to experiments, and stores the assignments."""

    def __init__(
        self,
        pool: Pool,
        variants: Variants,
        decisions: DecisionEngine,
        holdout: HoldoutCache,
        clock: DatabaseClock,
    ) -> None:
        self._holdout = holdout
        self._pool = pool
        self._clock = clock
        self._variants = variants
        self._decisions = decisions
        self._random = random.SystemRandom().random

    async def assign(self, experiment_id: str, request: AssignRequest) -> ParticipantDecision:
        """Return the variant that a participant sees: the assigned one, or else a new assignment.

        Raises:
            ExperimentNotFound: There is no experiment with this id.
            Conflict: Every variant of the experiment is archived.
        """
        async with acquire(self._pool) as connection:
            experiment = await experiments.find(connection, experiment_id)
            subject = _Subject(experiment.experiment_id, request.participant_id, request.persona_id)
            assigned = await assignments.find(connection, experiment.key, request.participant_id)
            arms = {arm.variant: arm for arm in experiment.arms}
            if assigned is None and self._holdout.holds_out(request.participant_id):
                return await self._hold_out(connection, experiment, subject, enroll=request.enroll)
            if experiment.status == "promoted":
                return await self._not_enrolled(
                    experiment, subject, f"{experiment.promoted_variant_id} was promoted"
                )
            if assigned is not None and _keeps(arms[assigned.variant], experiment):
                return await self._keep_assignment(subject, arms[assigned.variant], assigned.propensity)
            exclusion = _exclusion(experiment, request)
            if exclusion is not None:
                if exclusion.is_stored and request.enroll and assigned is None:
                    await assignments.exclude(connection, experiment.key, request.participant_id)
                return await self._not_enrolled(experiment, subject, exclusion.reason)
            if any(arm.archived for arm in experiment.open_arms):
                # A database from before archiving retired variants: that experiment takes nobody new.
                return await self._not_enrolled(
                    experiment, subject, "a variant of the experiment is archived"
                )
            epoch, shares = await self._current_shares(connection, experiment)
            decision = await self._draw(experiment, subject, shares)
            if not request.enroll:
                return ParticipantDecision(
                    decision=decision, enrolled=False, is_new=False, reason="enroll is false"
                )
            variant = decision.chosen[0].variant.key
            if assigned is not None:
                await assignments.reassign(connection, experiment.key, request.participant_id, epoch, variant)
            elif not await assignments.insert(
                connection, experiment.key, request.participant_id, epoch, variant, request.persona_id
            ):
                # Another request assigned the same participant first; that assignment counts.
                assigned = await assignments.find(connection, experiment.key, request.participant_id)
                assert assigned is not None
                return await self._keep_assignment(subject, arms[assigned.variant], assigned.propensity)
        return ParticipantDecision(decision=decision, enrolled=True, is_new=True)

    async def _draw(
        self, experiment: Experiment, subject: "_Subject", shares: Mapping[int, float]
    ) -> Decision[CachedVariant]:
        """Choose an arm by its share: with the participant's hash in a fixed split, at random in an adaptive one."""
        open_arms = [arm for arm in experiment.open_arms if arm.variant in shares]
        fixed = experiment.allocation == "fixed"
        parameters = SharesParameters(
            [await self._variants.get_entry(arm.variant_id) for arm in open_arms],
            [shares[arm.variant] for arm in open_arms],
            unit_hash(experiment.salt, subject.participant_id) if fixed else self._random(),
        )
        return self._decisions.decide(_SHARES, parameters, **subject._asdict())

    async def _keep_assignment(
        self, subject: "_Subject", arm: Arm, propensity: float | None
    ) -> ParticipantDecision:
        """Decide for the variant that a participant was assigned before."""
        variant = await self._variants.get_entry(arm.variant_id)
        decision = self._decisions.decide(
            _SETTLED, SettledParameters(variant, propensity), **subject._asdict()
        )
        return ParticipantDecision(decision=decision, enrolled=True, is_new=False)

    async def _not_enrolled(
        self, experiment: Experiment, subject: "_Subject", reason: str
    ) -> ParticipantDecision:
        """Decide for a participant outside the experiment: the promoted variant, or else control, unless archived."""
        arm = experiment.fallback
        if arm is None:
            raise Conflict(
                f"Every variant of experiment {experiment.experiment_id} is archived: restore one of them"
            )
        variant = await self._variants.get_entry(arm.variant_id)
        decision = self._decisions.decide(_SETTLED, SettledParameters(variant), **subject._asdict())
        return ParticipantDecision(decision=decision, enrolled=False, is_new=False, reason=reason)

    async def _hold_out(
        self, connection: Any, experiment: Experiment, subject: "_Subject", *, enroll: bool
    ) -> ParticipantDecision:
        """Decide for control, for a participant of the global holdout; for the promoted variant if control is archived.

        The holdout measures what experiments have achieved, so its participants do not get what one has promoted.
        """
        if enroll and experiment.status in _COUNTING:
            await assignments.exclude(connection, experiment.key, subject.participant_id)
        control = await self._variants.get_entry(experiment.control.variant_id)
        if control.variant.status != "active":
            return await self._not_enrolled(experiment, subject, "holdout")
        decision = self._decisions.decide(_SETTLED, SettledParameters(control), **subject._asdict())
        return ParticipantDecision(decision=decision, enrolled=False, is_new=False, reason="holdout")

    async def _current_shares(
        self, connection: Any, experiment: Experiment
    ) -> tuple[int, Mapping[int, float]]:
        """Return the current allocation epoch and its shares, after renewing the shares if there is enough new data."""
        assert experiment.allocation_epoch is not None
        epoch = await assignments.allocation_epoch(connection, experiment.allocation_epoch)
        if experiment.allocation == "fixed":
            return experiment.allocation_epoch, epoch.shares
        until = None
        if experiment.unresolved == "pending" and experiment.attribution_days:
            until = (self._clock.now() - timedelta(days=experiment.attribution_days + 1)).date()
        counts = await assignments.counts(connection, experiment.key, until)
        participants = sum(count for count, _ in counts.values())
        # An epoch of an earlier version has the number of impressions, which is larger.
        if 0 <= participants - epoch.participants < max(1, _RENEW_AFTER * epoch.participants):
            return experiment.allocation_epoch, epoch.shares
        shares = adaptive_shares(experiment.open_arms, counts)
        number = await phases.renew_shares(connection, experiment, participants, shares)
        return number, (await assignments.allocation_epoch(connection, number)).shares


def adaptive_shares(arms: Sequence[Arm], counts: Mapping[int, tuple[int, int]]) -> dict[int, float]:
    """Compute each arm's share from its floor f and its chance to be best w: pᵢ = fᵢ + (1 − Σf) wᵢ.

    Args:
        arms: The arms that get participants.
        counts: The participants, and how many of them converted, by variant key. Each counts once.
    """
    tallies = [counts.get(arm.variant, (0, 0)) for arm in arms]
    weights = probability_best(
        [arm.prior_alpha + converted for arm, (_, converted) in zip(arms, tallies, strict=True)],
        [
            arm.prior_beta + participants - converted
            for arm, (participants, converted) in zip(arms, tallies, strict=True)
        ],
    )
    shares = with_floors(weights.tolist(), [arm.floor for arm in arms])
    return {arm.variant: share for arm, share in zip(arms, shares, strict=True)}


def _keeps(arm: Arm, experiment: Experiment) -> bool:
    """Whether a participant keeps their arm: never an archived one, and a retired one only while nobody is assigned."""
    return not arm.archived and (not arm.retired or experiment.status != "active")


class _Exclusion(NamedTuple):
    """Why a participant takes no part, and whether that must be stored so that their outcomes are not counted."""

    reason: str
    is_stored: bool


def _exclusion(experiment: Experiment, request: AssignRequest) -> _Exclusion | None:
    if experiment.status != "active":
        # Once an experiment has ended, it counts nobody new.
        return _Exclusion(f"the experiment is {experiment.status}", experiment.status in ("draft", "paused"))
    if request.persona_id is not None and experiment.target_persona not in (EVERYBODY, request.persona_id):
        return _Exclusion(f"the experiment is for {experiment.target_persona}", is_stored=True)
    start, end = experiment.namespace_range
    if (
        experiment.namespace is not None
        and not start <= unit_hash(experiment.namespace, request.participant_id) < end
    ):
        # The id alone tells this.
        return _Exclusion(
            f"the participant is outside the experiment's range of namespace {experiment.namespace}",
            is_stored=False,
        )
    return None
