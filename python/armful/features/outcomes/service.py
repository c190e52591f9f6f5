"""What happened to variants: checked, then counted in the next commit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import to_builtins

from armful.domain.errors import ArmfulError, EventConflict, ExperimentNotFound, Refused
from armful.domain.outcome import CountedOutcome, Outcome, OutcomeStatus
from armful.domain.variant import Variant
from armful.features.variants.service import Variants
from armful.ingest.group_committer import GroupCommitter
from armful.ingest.pending_commit import PendingCommit
from armful.ingest.store import Item

_CLOCK_TOLERANCE = timedelta(minutes=5)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
"""The first moment of the calendar is minus infinity to PostgreSQL's driver, and an offset may lead before it."""

_COUNTED = OutcomeStatus.COUNTED


class Outcomes:
    """Counting, through the process's committer."""

    def __init__(self, committer: GroupCommitter, variants: Variants) -> None:
        self._committer = committer
        self._variants = variants

    async def record(self, variant_id: str, update: Outcome) -> CountedOutcome:
        """Count one update; return after its commit.

        Raises:
            VariantNotFound, ExperimentNotFound, EventConflict, Refused: nothing was counted.
            Unavailable: the database did not commit it in time.
        """
        variant = self._variants.held(variant_id) or await self._variants.read(variant_id)
        return counted(await self.submit(variant, update), variant_id, update)

    def submit(self, variant: Variant, update: Outcome) -> PendingCommit:
        """Have one update counted in the next commit; `counted` says what became of it.

        Raises:
            Refused: it does not fit.
            QueueFull: too many updates are waiting.
        """
        _complete(update)
        return self._committer.submit([(variant.key, update)])

    async def record_many(self, updates: Sequence[tuple[str, Outcome]]) -> list[CountedOutcome | ArmfulError]:
        """Count many updates in one commit: for each, what became of it or why it was refused.

        Raises:
            Unavailable: the database did not commit them in time; none was counted.
        """
        answers: list[CountedOutcome | ArmfulError | None] = [None] * len(updates)
        items: list[Item] = []
        positions: list[int] = []
        for position, (variant_id, update) in enumerate(updates):
            try:
                _complete(update)
                variant = self._variants.held(variant_id) or await self._variants.read(variant_id)
                items.append((variant.key, update))
                positions.append(position)
            except ArmfulError as error:
                answers[position] = error
        if items:
            for position, recorded in zip(positions, await self._committer.submit(items), strict=True):
                answers[position] = _refusal(recorded, *updates[position]) or recorded
        return [answer for answer in answers if answer is not None]


def counted(recorded: Sequence[CountedOutcome], variant_id: str, update: Outcome) -> CountedOutcome:
    """What became of one update.

    Raises:
        ExperimentNotFound, EventConflict, Refused: it was not counted.
    """
    (one,) = recorded
    if refusal := _refusal(one, variant_id, update):
        raise refusal
    return one


def _complete(update: Outcome) -> None:
    """Put into the update what its metadata says where the fields themselves are absent.

    Raises:
        Refused: it tells of the future, or of a time before the calendar.
    """
    if update.metadata is not None:
        if update.persona_id is None:
            update.persona_id = _label(update.metadata.get("persona_id"))
        if update.experiment_id is None:
            update.experiment_id = _label(update.metadata.get("experiment_id"))
    if update.occurred_at is not None:
        if update.occurred_at > datetime.now(UTC) + _CLOCK_TOLERANCE:
            raise Refused(f"occurred_at is {to_builtins(update.occurred_at)}, which has not come yet")
        if update.occurred_at < _EARLIEST:
            raise Refused(
                f"occurred_at is {to_builtins(update.occurred_at)}, before any time that can be kept"
            )


def _label(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 255 else None


def _refusal(recorded: CountedOutcome, variant_id: str, update: Outcome) -> ArmfulError | None:
    if recorded.outcome is _COUNTED:
        return None
    match recorded.outcome:
        case OutcomeStatus.CONFLICT:
            return EventConflict(update.event_id)
        case OutcomeStatus.NO_EXPERIMENT:
            return ExperimentNotFound(update.experiment_id)
        case OutcomeStatus.NO_ARM:
            return Refused(f"Variant '{variant_id}' is not part of experiment {update.experiment_id}")
        case _:
            return None
