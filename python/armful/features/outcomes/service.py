"""Validates outcomes, and counts them in the next commit."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import to_builtins
from msgspec.json import encode

from armful.db.clock import DatabaseClock
from armful.domain.errors import ArmfulError, EventConflict, ExperimentNotFound, Refused, VariantNotFound
from armful.domain.outcome import CountedOutcome, Outcome, OutcomeStatus, VariantOutcome
from armful.domain.variant import Variant
from armful.features.variants.service import Variants
from armful.ingest.pending_commit import PendingCommit
from armful.ingest.port import IngestPort
from armful.ingest.statement import Statement

_CLOCK_TOLERANCE = timedelta(minutes=5)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
"""The earliest accepted time: the driver reads year 1, January 1 as minus infinity, and a UTC offset may lead before it."""

_METADATA_LIMIT = 16_384
"""Bytes that the metadata of an outcome may have as JSON. They are kept with the event."""

_COUNTED = OutcomeStatus.COUNTED


class Outcomes:
    """Counts outcomes: validates and completes each one, and submits it to the ingest port."""

    def __init__(self, port: IngestPort, variants: Variants, clock: DatabaseClock) -> None:
        self._clock = clock
        self._port = port
        self._variants = variants

    def submit(self, variant: Variant, update: Outcome) -> PendingCommit:
        """Submit one outcome for the next commit. Pass the commit's result to `counted`.

        Raises:
            Refused: The outcome is invalid.
            QueueFull: Too many outcomes are waiting.
        """
        complete(update, self._clock)
        return self._port.submit([(variant.key, update, variant.variant_id)])

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
        """Count many outcomes in one commit.

        Args:
            updates: Outcomes, each with the id of its variant.
            statements: Further statements for the same transaction. They run even if every outcome is refused.

        Returns:
            For each outcome, its result or the reason why it was refused.

        Raises:
            Unavailable: The database did not commit in time; nothing was counted.
            StatementRefused: A statement affected an unexpected number of rows; nothing was counted.
        """
        results: list[CountedOutcome | ArmfulError | None] = [None] * len(updates)
        accepted: list[VariantOutcome] = []
        positions: list[int] = []
        variants = await self._find(variant_id for variant_id, _ in updates)
        for position, (variant_id, update) in enumerate(updates):
            try:
                complete(update, self._clock)
            except Refused as error:
                results[position] = error
                continue
            variant = variants.get(variant_id)
            if variant is None:
                results[position] = VariantNotFound(variant_id)
                continue
            accepted.append((variant.key, update, variant.variant_id))
            positions.append(position)
        if accepted or statements:
            recorded = await self._port.submit(accepted, statements)
            for position, one in zip(positions, recorded, strict=True):
                results[position] = _refusal(one, *updates[position]) or one
        return [answer for answer in results if answer is not None]

    async def _find(self, variant_ids: Iterable[str]) -> dict[str, Variant]:
        """Return the variants that exist, by id. The database is asked once for all that are not cached."""
        found: dict[str, Variant] = {}
        unknown: set[str] = set()
        for variant_id in variant_ids:
            variant = found.get(variant_id) or self._variants.get_cached(variant_id)
            if variant is None:
                unknown.add(variant_id)
            else:
                found[variant_id] = variant
        if unknown:
            found |= {variant.variant_id: variant for variant in await self._variants.read_many(unknown)}
        return found


def counted(recorded: Sequence[CountedOutcome], variant_id: str, update: Outcome) -> CountedOutcome:
    """Return the result of the only outcome of a commit.

    Raises:
        ExperimentNotFound, EventConflict, Refused: The outcome was not counted.
    """
    (one,) = recorded
    if refusal := _refusal(one, variant_id, update):
        raise refusal
    return one


def complete(update: Outcome, clock: DatabaseClock) -> None:
    """Fill missing ids of an outcome from its metadata, and check its time.

    Raises:
        Refused: `occurred_at` is in the future, or too early to be stored.
    """
    if update.metadata is not None:
        if (size := len(encode(update.metadata))) > _METADATA_LIMIT:
            raise Refused(f"metadata has {size} bytes as JSON, and at most {_METADATA_LIMIT} are allowed")
        if update.persona_id is None:
            update.persona_id = _label(update.metadata.get("persona_id"))
        if update.experiment_id is None:
            update.experiment_id = _label(update.metadata.get("experiment_id"))
    if update.occurred_at is not None:
        if update.occurred_at > clock.now() + _CLOCK_TOLERANCE:
            raise Refused(f"occurred_at is {to_builtins(update.occurred_at)}, which is in the future")
        if update.occurred_at < _EARLIEST:
            raise Refused(
                f"occurred_at is {to_builtins(update.occurred_at)}, which is too early to be stored"
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
