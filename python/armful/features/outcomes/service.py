"""What happened to variants: checked, then counted in the next commit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import to_builtins

from armful.domain.errors import ArmfulError, EventConflict, ExperimentNotFound, Refused
from armful.domain.outcome import CountedOutcome, Outcome, OutcomeStatus, VariantOutcome
from armful.domain.variant import Variant
from armful.features.variants.service import Variants
from armful.ingest.pending_commit import PendingCommit
from armful.ingest.port import IngestPort
from armful.ingest.statement import Statement

_CLOCK_TOLERANCE = timedelta(minutes=5)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
"""The first moment of the calendar is minus infinity to PostgreSQL's driver, and an offset may lead before it."""

_COUNTED = OutcomeStatus.COUNTED


class Outcomes:
    """Takes outcomes in: every outcome, alone or among many, is completed here and counted through the ingest port."""

    def __init__(self, port: IngestPort, variants: Variants) -> None:
        self._port = port
        self._variants = variants

    def submit(self, variant: Variant, update: Outcome) -> PendingCommit:
        """Have one outcome counted in the next commit; `counted` says what became of it.

        Raises:
            Refused: The outcome does not fit.
            QueueFull: Too many outcomes are waiting.
        """
        complete(update)
        return self._port.submit([(variant.key, update)])

    async def record(self, variant_id: str, update: Outcome) -> CountedOutcome:
        """Count one outcome, and return after its commit.

        Raises:
            VariantNotFound, ExperimentNotFound, EventConflict, Refused: Nothing was counted.
            Unavailable: The database did not commit it in time.
        """
        (one,) = await self.record_many([(variant_id, update)])
        if isinstance(one, ArmfulError):
            raise one
        return one

    async def record_many(
        self, updates: Sequence[tuple[str, Outcome]], statements: Sequence[Statement] = ()
    ) -> list[CountedOutcome | ArmfulError]:
        """Count many outcomes in one commit: for each, what became of it or why it was refused.

        Args:
            updates: Variants' ids, and what happened to them.
            statements: What else is to take effect in the same transaction, also where every outcome is refused.

        Raises:
            Unavailable: The database did not commit them in time; none was counted.
            StatementRefused: A statement affected another number of rows than it must; none was counted.
        """
        answers: list[CountedOutcome | ArmfulError | None] = [None] * len(updates)
        accepted: list[VariantOutcome] = []
        positions: list[int] = []
        for position, (variant_id, update) in enumerate(updates):
            try:
                complete(update)
                variant = self._variants.get_cached(variant_id) or await self._variants.read(variant_id)
                accepted.append((variant.key, update))
                positions.append(position)
            except ArmfulError as error:
                answers[position] = error
        if accepted or statements:
            recorded = await self._port.submit(accepted, statements)
            for position, one in zip(positions, recorded, strict=True):
                answers[position] = _refusal(one, *updates[position]) or one
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


def complete(update: Outcome) -> None:
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
