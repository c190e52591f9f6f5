"""Bodies are received within limits of media type, size, time and memory."""

import asyncio
import gzip
from typing import Any

import pytest

from armful.domain.errors import Overloaded
from armful.http import bodies as module
from armful.http.bodies import Bodies
from armful.http.problems import HttpProblem

LIMIT = 100


class Sender:
    """An ASGI channel that delivers these parts, and then nothing until it is told to."""

    def __init__(self, *parts: bytes, complete: bool = True) -> None:
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for number, part in enumerate(parts, 1):
            more = number < len(parts) or not complete
            self._messages.put_nowait({"type": "http.request", "body": part, "more_body": more})

    def disconnect(self) -> None:
        self._messages.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> Any:
        return await self._messages.get()


async def read(bodies: Bodies, sender: Sender) -> bytes:
    return await bodies.read(sender.receive, asyncio.get_running_loop())


def status(error: pytest.ExceptionInfo[HttpProblem]) -> int:
    return error.value.status


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"content-type": b"application/json"},
        {b"content-type": b"Application/JSON; charset=utf-8"},
        {b"content-type": b"application/x-ndjson"},
        {b"content-type": b"text/plain", b"content-length": b"0"},
        {b"content-length": b"100"},
    ],
)
def test_json_within_the_limit_is_accepted(headers: dict[bytes, bytes]) -> None:
    assert Bodies(LIMIT, 1.0).check(headers, "/variants/select") is None


def test_covariates_may_be_a_table() -> None:
    headers = {b"content-type": b"Text/CSV; charset=utf-8"}
    assert Bodies(LIMIT, 1.0).check(headers, "/experiments/exp_1/covariates") is None
    with pytest.raises(HttpProblem, match="send application/json"):
        Bodies(LIMIT, 1.0).check(headers, "/performance/batch")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({b"content-length": b"101"}, 413),
        ({b"content-type": b"text/plain"}, 415),
        ({b"content-type": b"application/jsonp"}, 415),
        ({b"content-type": b"\xff"}, 415),
    ],
)
def test_what_is_announced_as_too_long_or_not_json_is_refused(
    headers: dict[bytes, bytes], expected: int
) -> None:
    with pytest.raises(HttpProblem) as error:
        Bodies(LIMIT, 1.0).check(headers, "/variants/select")
    assert status(error) == expected


@pytest.mark.anyio
@pytest.mark.parametrize("parts", [(b"whole",), (b"wh", b"", b"ole"), (b"",), (b"x" * LIMIT,)])
async def test_a_body_is_joined_from_its_parts(parts: tuple[bytes, ...]) -> None:
    assert await read(Bodies(LIMIT, 10.0), Sender(*parts)) == b"".join(parts)


@pytest.mark.anyio
@pytest.mark.parametrize("parts", [(b"x" * (LIMIT + 1),), (b"x" * LIMIT, b"x"), (b"x",) * (LIMIT + 1)])
async def test_a_body_that_turns_out_too_long_is_refused(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(HttpProblem) as error:
        await read(Bodies(LIMIT, 10.0), Sender(*parts))
    assert status(error) == 413


@pytest.mark.anyio
@pytest.mark.parametrize("parts", [(), (b"begun",)])
async def test_a_client_that_leaves_has_sent_no_body(parts: tuple[bytes, ...]) -> None:
    sender = Sender(*parts, complete=False)
    sender.disconnect()
    with pytest.raises(HttpProblem) as error:
        await read(Bodies(LIMIT, 10.0), sender)
    assert status(error) == 400


@pytest.mark.anyio
async def test_a_body_that_is_late_is_refused_and_others_are_not() -> None:
    bodies = Bodies(LIMIT, 0.05)
    late = [asyncio.create_task(read(bodies, Sender(b"{", complete=False))) for _ in range(3)]
    assert await read(bodies, Sender(b"{}")) == b"{}"
    for task in late:
        with pytest.raises(HttpProblem) as error:
            await task
        assert status(error) == 408
    assert await read(bodies, Sender(b"{}")) == b"{}"


@pytest.mark.anyio
async def test_a_service_that_stops_says_so() -> None:
    task = asyncio.create_task(read(Bodies(LIMIT, 10.0), Sender(b"{", complete=False)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(HttpProblem, match="stopping") as error:
        await task
    assert status(error) == 503


@pytest.mark.anyio
async def test_all_incomplete_bodies_together_have_a_limit_and_free_what_they_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_FULL_SIZE_BODIES", 2)
    bodies = Bodies(LIMIT, 10.0)
    senders = [Sender(b"x" * LIMIT, complete=False) for _ in range(2)]
    arriving = [asyncio.create_task(read(bodies, sender)) for sender in senders]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await read(bodies, Sender(b"x", b"x"))
    for sender in senders:
        sender.disconnect()
    for task in arriving:
        with pytest.raises(HttpProblem):
            await task
    assert await read(bodies, Sender(b"x", b"x")) == b"xx"


@pytest.mark.anyio
async def test_a_decompressed_body_counts_until_it_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FULL_SIZE_BODIES", 1)
    bodies, packed = Bodies(LIMIT, 10.0), gzip.compress(b"x" * LIMIT)
    body = await bodies.decompress("gzip", packed)
    assert body == b"x" * LIMIT
    with pytest.raises(Overloaded):
        await bodies.decompress("gzip", packed)
    bodies.release(body)
    assert await bodies.decompress("gzip", packed) == body


@pytest.mark.anyio
async def test_a_body_that_is_too_long_when_decompressed_is_refused_and_holds_nothing() -> None:
    bodies = Bodies(LIMIT, 10.0)
    for _ in range(20):
        with pytest.raises(HttpProblem) as error:
            await bodies.decompress("gzip", gzip.compress(b"x" * (LIMIT + 1)))
        assert status(error) == 413


@pytest.mark.parametrize(
    ("body", "found"), [(None, None), (b"x" * LIMIT, b"x" * LIMIT), (b"x" * (LIMIT + 1), None)]
)
def test_a_whole_body_is_taken_if_it_is_short_enough(body: bytes | None, found: bytes | None) -> None:
    class Request:
        def whole_body(self) -> bytes | None:
            return body

    assert Bodies(LIMIT, 1.0).whole(Request()) == found  # type: ignore[arg-type]
