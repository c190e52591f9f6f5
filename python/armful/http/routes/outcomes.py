"""`POST /variants/{id}/performance` and `POST /performance/batch`: report outcomes."""

import asyncio
from collections.abc import Sequence
from io import BytesIO
from itertools import islice
from typing import Annotated, Any, cast

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET

from armful.contract.decoding import BYTE_ORDER_MARK, Unprocessable, decode, message
from armful.contract.outcomes import (
    Batch,
    BatchAnswer,
    BatchItem,
    ExperimentCount,
    ItemReasons,
    PerformanceAnswer,
    PerformanceUpdate,
    Reason,
    Rejected,
)
from armful.contract.problems import FieldError
from armful.contract.surrogates import without_half_surrogates
from armful.contract.validation import unknown_fields
from armful.domain.errors import ArmfulError
from armful.domain.outcome import CountedOutcome, Outcome, OutcomeStatus
from armful.features.outcomes.service import counted
from armful.features.services import Services
from armful.http.decoding import Strict
from armful.http.paths import unescaped
from armful.http.pending_response import PendingResponse, PendingTask
from armful.http.views.variants import performance_view

_MAX_ITEMS = 10_000
_MAX_LINES = 2 * _MAX_ITEMS  # with blank ones
_EVENT_ID_LIMIT = 128
_BATCH_KEY_LIMIT = _EVENT_ID_LIMIT - len("/9999")
_REJECTIONS_PER_TURN = 100
"""Explaining an invalid item takes long beside decoding a valid one. Other requests run in between."""
_DUPLICATE = (OutcomeStatus.DUPLICATE, OutcomeStatus.DUPLICATE_NOT_COUNTED)
_NOT_COUNTED = (OutcomeStatus.NOTHING_LEFT, OutcomeStatus.TOO_LATE, OutcomeStatus.DUPLICATE_NOT_COUNTED)

_update = msgspec.json.Decoder(PerformanceUpdate)
_item = msgspec.json.Decoder(BatchItem)
_batch = msgspec.json.Decoder(Batch)
_raw_batch = msgspec.json.Decoder(dict[str, msgspec.Raw])
_raw_items = msgspec.json.Decoder(Annotated[list[msgspec.Raw], msgspec.Meta(max_length=_MAX_ITEMS)])
_encode = msgspec.json.Encoder().encode


def answer(
    services: Services, variant_id: str, body: bytes, idempotency_key: str | None
) -> PendingResponse[Any]:
    """Count the outcome in a JSON request body. The response is sent after its commit."""
    update = decode(body, _update)
    _set_event_id(update, idempotency_key)
    variant = services.variants.get_cached(variant_id)
    if variant is None:
        recording = PendingTask(services.outcomes.record(variant_id, update))
        return PendingResponse(recording, lambda recorded: _encoded(variant_id, recorded))
    return PendingResponse(
        services.outcomes.submit(variant, update),
        lambda recorded: _encoded(variant_id, counted(recorded, variant_id, update)),
    )


def _set_event_id(update: Outcome, idempotency_key: str | None) -> None:
    """Use the Idempotency-Key as the event id of an update that has none."""
    if idempotency_key and update.event_id is None:
        update.event_id = _checked_length(idempotency_key, _EVENT_ID_LIMIT)


def _checked_length(idempotency_key: str, longest: int) -> str:
    if len(idempotency_key) > longest:
        raise Unprocessable(
            FieldError(
                "Idempotency-Key", f"has {len(idempotency_key)} characters, and at most {longest} are allowed"
            )
        )
    return idempotency_key


def _encoded(variant_id: str, recorded: CountedOutcome) -> bytes:
    totals = recorded.totals
    outcome = recorded.outcome
    as_sent = outcome is OutcomeStatus.COUNTED
    return _encode(
        PerformanceAnswer(
            variant_id=variant_id,
            updated_performance=performance_view(totals.impressions, totals.successes),
            duplicate=not as_sent and outcome in _DUPLICATE,
            counted=as_sent or outcome not in _NOT_COUNTED,
            experiments=_experiments(recorded),
        )
    )


def _experiments(recorded: CountedOutcome) -> list[ExperimentCount]:
    return [
        ExperimentCount(
            experiment_id=one.experiment_id,
            counted=one.reason is None,
            reason=cast("Reason | None", one.reason),
        )
        for one in recorded.experiments
    ]


@post(
    "/variants/{variant_id:str}/performance",
    scope="write",
    dto=Strict,
    return_dto=None,
    status_code=200,
    tags=["variants"],
    summary="Report an outcome",
)
async def update_performance(
    variant_id: FromPath[str],
    data: JSONBody[PerformanceUpdate],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
) -> Response[PerformanceAnswer]:
    """Count an impression, a success or both. The response is sent when the change is durable."""
    _set_event_id(data, request.headers.get("idempotency-key"))
    variant_id = unescaped(variant_id)
    body = _encoded(variant_id, await services.outcomes.record(variant_id, data))
    return Response(body, media_type="application/json")  # type: ignore[arg-type]


@post(
    "/performance/batch",
    scope="write",
    status_code=200,
    tags=["variants"],
    summary="Report many outcomes",
)
async def update_performance_batch(
    request: Request[Any, Any, Any], services: NamedDependency[Services], reasons: FromQuery[bool] = False
) -> BatchAnswer:
    """Count up to 10,000 updates in one commit: `{"updates": [...]}`, or application/x-ndjson with one update a line."""
    body = await request.body()
    lines = request.content_type[0] == "application/x-ndjson"
    items = _split_lines(body) if lines else _split_batch(body)
    if len(items) > _MAX_ITEMS:
        raise _too_many()
    key = _checked_length(request.headers.get("idempotency-key", ""), _BATCH_KEY_LIMIT)
    rejected: list[Rejected] = []
    updates: list[tuple[str, Outcome]] = []
    positions: list[int] = []
    for position, given in enumerate(items):
        try:
            item = given if isinstance(given, BatchItem) else decode(bytes(given), _item)
        except Unprocessable as error:
            rejected.append(Rejected(position, str(error)))
            if len(rejected) % _REJECTIONS_PER_TURN == 0:
                await asyncio.sleep(0)
            continue
        _set_event_id(item, key and f"{key}/{position}")
        updates.append((item.variant_id, item))
        positions.append(position)
    answers = await services.outcomes.record_many(updates)
    rejected += [
        Rejected(position, str(error))
        for position, error in zip(positions, answers, strict=True)
        if isinstance(error, ArmfulError)
    ]
    duplicates = sum(isinstance(done, CountedOutcome) and done.outcome in _DUPLICATE for done in answers)
    return BatchAnswer(
        accepted=sum(isinstance(done, CountedOutcome) for done in answers) - duplicates,
        duplicates=duplicates,
        rejected=sorted(rejected, key=lambda item: item.index),
        reasons=_reasons(positions, answers) if reasons else UNSET,
    )


def _reasons(positions: list[int], answers: Sequence[CountedOutcome | ArmfulError]) -> list[ItemReasons]:
    """Return the accepted items that were not counted, or not in an experiment."""
    return [
        ItemReasons(
            index=position,
            counted=done.outcome not in _NOT_COUNTED,
            experiments=_experiments(done),
        )
        for position, done in zip(positions, answers, strict=True)
        if isinstance(done, CountedOutcome)
        and (done.outcome in _NOT_COUNTED or any(one.reason is not None for one in done.experiments))
    ]


def _too_many() -> Unprocessable:
    return Unprocessable(FieldError("updates", f"has more than {_MAX_ITEMS} items"))


def _split_lines(body: bytes) -> list[BatchItem | bytes]:
    """Return the lines that are not blank. Nothing is done for a line beyond those that are allowed.

    Raises:
        Unprocessable: There are too many lines.
    """
    lines = list(islice(BytesIO(body.removeprefix(BYTE_ORDER_MARK)), _MAX_LINES + 1))
    items: list[BatchItem | bytes] = [line for line in lines if line.strip()]
    if len(lines) > _MAX_LINES and len(items) <= _MAX_ITEMS:
        raise Unprocessable(
            FieldError("updates", f"has more than {_MAX_LINES} lines, of which most are blank")
        )
    return items


def _split_batch(body: bytes) -> list[BatchItem | bytes]:
    """Return the updates: decoded if all are valid, else undecoded, so that the valid ones can still be counted."""
    if b"\\u0000" not in body:
        try:
            return [*_batch.decode(body).updates]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    body = body.removeprefix(BYTE_ORDER_MARK)
    readable = without_half_surrogates(body)
    items = _split_updates(readable)
    if readable == body:
        return [*items]
    originals: list[BatchItem | bytes] = []
    end = 0
    for item in items:
        start = readable.index(item, end)
        end = start + len(item)
        originals.append(body[start:end])
    return originals


def _split_updates(body: bytes) -> list[bytes]:
    sent = decode(body, _raw_batch)
    updates = sent.get("updates")
    wrong = unknown_fields(sent, Batch)
    if updates is None:
        wrong.append(FieldError("updates", "is missing"))
    if updates is None or wrong:
        raise Unprocessable(*wrong)
    try:
        return [bytes(item) for item in _raw_items.decode(updates)]
    except msgspec.ValidationError as error:
        if "length" in str(error):
            raise _too_many() from error
        raise Unprocessable(FieldError("updates", message(error))) from error
