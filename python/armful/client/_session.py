"""The parts that both clients share: session options, retries, and the conversion of responses to results or errors."""

import random
from typing import Any

import httpx2
import msgspec

from .. import __version__
from ._calls import Call
from ._errors import ApiError, UnreachableError

_random = random.Random()  # noqa: S311 - not the global generator, which the calling program may have seeded

_RETRIED_STATUSES = (429, 502, 503, 504)
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_UNSENDABLE = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds

Attempt = httpx2.Response | httpx2.TransportError


def options(base_url: str, api_key: str, timeout: float) -> dict[str, Any]:
    """Return the options of an HTTP session with the service."""
    headers = {
        "Authorization": f"Bearer {api_key}",
        "Content-Type": "application/json",
        "User-Agent": f"armful-client/{__version__}",
    }
    return {"base_url": base_url, "headers": headers, "timeout": timeout}


def request(call: Call[Any]) -> dict[str, Any]:
    """Return the arguments with which the session builds a call's request."""
    content = None if call.body is None else msgspec.json.encode(call.body)
    return {"method": call.method, "url": call.path, "params": call.query, "content": content}


def pause(call: Call[Any], outcome: Attempt, tries: int) -> float | None:
    """Return the seconds to wait before a call with this outcome is retried; None if the outcome is final.

    A call that must not run twice is retried only if it certainly has not run.
    """
    if isinstance(outcome, httpx2.Response):
        if outcome.status_code not in _RETRIED_STATUSES or not (
            call.replayable or outcome.status_code == 429
        ):
            return None
        asked = outcome.headers.get("retry-after", "")
        least = float(asked) if asked.isdecimal() else 0.0
    elif isinstance(outcome, _UNSENDABLE) or not (call.replayable or isinstance(outcome, _NOT_SENT)):
        return None
    else:
        least = 0.0
    # Random pauses keep clients that failed together from retrying together.
    backoff = _FIRST_PAUSE * 2.0**tries * _random.uniform(0.5, 1.5)
    return min(max(least, backoff), _LONGEST_PAUSE)


def answer(call: Call[Any], outcome: Attempt) -> Any:
    """Return the result of a call from its last outcome.

    Raises:
        ApiError: The response is an error.
        UnreachableError: There is no response, or it is not one of armful's.
    """
    if isinstance(outcome, httpx2.TransportError):
        what = str(outcome) or type(outcome).__name__
        raise UnreachableError(f"{call.method} {call.path} got no answer: {what}") from outcome
    if not outcome.is_success:
        raise ApiError.of(outcome)
    if call.answer is str:
        return outcome.text
    try:
        return msgspec.json.decode(outcome.content, type=call.answer)
    except msgspec.DecodeError as error:
        raise UnreachableError(
            f"{call.method} {call.path} got a response that this version of the client cannot read: {error}"
        ) from error
