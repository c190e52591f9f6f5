"""What happened to variants: checked, then counted in the next commit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import to_builtins

from armful.engine.variants import Variants
from armful.errors import ArmfulError, EventConflict, ExperimentNotFound, Refused
from armful.model import Outcome, PerformanceUpdate, Recorded, Variant
from armful.state.job import Job
from armful.state.recorder import Recorder
from armful.storage.performance import Item

_CLOCK_TOLERANCE = timedelta(minutes=5)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
"""The first moment of the calendar is minus infinity to PostgreSQL's driver, and an offset may lead before it."""

_COUNTED = Outcome.COUNTED


class Performance:
    """Counting, through the process's recorder."""

    def __init__(self, recorder: Recorder, variants: Variants) -> None:
        self._recorder = recorder
        self._variants = variants

    async def record(self, variant_id: str, update: PerformanceUpdate) -> Recorded:
        """Count one update; return after its commit.

        Raises:
            VariantNotFound, ExperimentNotFound, EventConflict, Refused: nothing was counted.
            Unavailable: the database did not commit it in time.
        """
        variant = self._variants.held(variant_id) or await self._variants.read(variant_id)
        return counted(await self.submit(variant, update), variant_id, update)

    def submit(self, variant: Variant, update: PerformanceUpdate) -> Job:
        """Have one update counted in the next commit; `counted` says what became of it.

        Raises:
            Refused: it does not fit.
            QueueFull: too many updates are waiting.
        """
        _complete(update)
        return self._recorder.submit([(variant.key, update)])

    async def record_many(
        self, updates: Sequence[tuple[str, PerformanceUpdate]]
    ) -> list[Recorded | ArmfulError]:
        """Count many updates in one commit: for each, what became of it or why it was refused.

        Raises:
            Unavailable: the database did not commit them in time; none was counted.
        """
        answers: list[Recorded | ArmfulError | None] = [None] * len(updates)
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
            for position, recorded in zip(positions, await self._recorder.submit(items), strict=True):
                answers[position] = _refusal(recorded, *updates[position]) or recorded
        return [answer for answer in answers if answer is not None]


def counted(recorded: Sequence[Recorded], variant_id: str, update: PerformanceUpdate) -> Recorded:
    """What became of one update.

    Raises:
        ExperimentNotFound, EventConflict, Refused: it was not counted.
    """
    (one,) = recorded
    if refusal := _refusal(one, variant_id, update):
        raise refusal
    return one


def _complete(update: PerformanceUpdate) -> None:
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


def _refusal(recorded: Recorded, variant_id: str, update: PerformanceUpdate) -> ArmfulError | None:
    if recorded.outcome is _COUNTED:
        return None
    match recorded.outcome:
        case Outcome.CONFLICT:
            return EventConflict(update.event_id)
        case Outcome.NO_EXPERIMENT:
            return ExperimentNotFound(update.experiment_id)
        case Outcome.NO_ARM:
            return Refused(f"Variant '{variant_id}' is not part of experiment {update.experiment_id}")
        case _:
            return None
