"""Sets the covariates of an experiment's participants: what is known of each of them before they take part."""

from collections.abc import Mapping

from armful.db.pool import Pool, acquire
from armful.domain.errors import Conflict, Refused
from armful.domain.experiment import ExperimentStatus
from armful.domain.key import Actor
from armful.features.audit import store as audit
from armful.features.experiments import covariate_store as covariates
from armful.features.experiments import store as experiments
from armful.features.experiments.covariate_store import CovariateCounts

MAX_COVARIATES = 10_000_000
"""How many participants of one experiment may have a covariate. Each takes about 100 bytes on disk."""

_ALLOWED: tuple[ExperimentStatus, ...] = ("draft", "active", "paused")
_TRIES = 3


class Covariates:
    """The operations on the covariates of experiments."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self, experiment_id: str) -> CovariateCounts:
        """Return how many participants of an experiment have a covariate.

        Raises:
            ExperimentNotFound: There is no experiment with this id.
        """
        async with acquire(self._pool) as connection:
            return await covariates.count(connection, await experiments.find(connection, experiment_id))

    async def put(self, experiment_id: str, values: Mapping[str, float], actor: Actor) -> CovariateCounts:
        """Set the covariates of some participants, and replace those that they have.

        Outcomes of the experiment's variants are counted before or after this, not meanwhile.

        Args:
            experiment_id: The experiment's id.
            values: The covariate of each participant.
            actor: Who sets them.

        Raises:
            ExperimentNotFound: There is no experiment with this id.
            IllegalTransition: The experiment has ended: its results are known.
            Conflict: The experiment's variants change at the same time, again and again.
            Refused: The experiment is adaptive, or more participants than are allowed would have a covariate.
        """
        for _ in range(_TRIES):
            async with acquire(self._pool) as connection, connection.transaction():
                variants = await covariates.hold_arms(connection, experiment_id)
                await experiments.lock(connection, experiment_id, _ALLOWED, "set covariates")
                experiment = await experiments.find(connection, experiment_id)
                if {arm.variant for arm in experiment.arms} != set(variants):
                    continue  # a new phase has added one, whose outcomes are not held
                if experiment.allocation != "fixed":
                    raise Refused(
                        f"allocation is '{experiment.allocation}' in {experiment_id}: covariates adjust a fixed split only"
                    )
                known = await covariates.put(connection, experiment, values)
                if known > MAX_COVARIATES:
                    raise Refused(
                        f"covariates would make it {known} participants of {experiment_id} that have one: "
                        f"at most {MAX_COVARIATES} are allowed"
                    )
                await audit.write(
                    connection, actor, "set_covariates", "experiment", experiment_id, participants=len(values)
                )
            return await self.read(experiment_id)
        raise Conflict(f"The variants of {experiment_id} are being changed: send the covariates again")
