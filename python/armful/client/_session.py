"""What both clients do alike: how a session is set up, what is tried again and when, what an answer means."""

import random
from typing import Any

import httpx2
import msgspec

from .. import __version__
from ._calls import Call
from ._errors import ApiError, UnreachableError

_random = random.Random()  # noqa: S311 - not the module's own generator, which programs around us may have seeded

_TRY_AGAIN = (429, 502, 503, 504)
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_UNSENDABLE = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds

Attempt = httpx2.Response | httpx2.TransportError


def options(base_url: str, api_key: str, timeout: float) -> dict[str, Any]:
    """How a session with the service is set up."""
    headers = {
        "Authorization": f"Bearer {api_key}",
        "Content-Type": "application/json",
        "User-Agent": f"armful-client/{__version__}",
    }
    return {"base_url": base_url, "headers": headers, "timeout": timeout}


def request(call: Call[Any]) -> dict[str, Any]:
    """A call as the session takes it."""
    content = None if call.body is None else msgspec.json.encode(call.body)
    return {"method": call.method, "url": call.path, "params": call.query, "content": content}


def pause(call: Call[Any], outcome: Attempt, tries: int) -> float | None:
    """Seconds to wait before a call that came to this outcome is tried again; None if it stands.

    A call that must not be done twice is tried again only where it surely was not done.
    """
    if isinstance(outcome, httpx2.Response):
        if outcome.status_code not in _TRY_AGAIN or not (call.replayable or outcome.status_code == 429):
            return None
        asked = outcome.headers.get("retry-after", "")
        least = float(asked) if asked.isdecimal() else 0.0
    elif isinstance(outcome, _UNSENDABLE) or not (call.replayable or isinstance(outcome, _NOT_SENT)):
        return None
    else:
        least = 0.0
    # Chance keeps clients that failed together from coming back together.
    backoff = _FIRST_PAUSE * 2.0**tries * _random.uniform(0.5, 1.5)
    return min(max(least, backoff), _LONGEST_PAUSE)


def answer(call: Call[Any], outcome: Attempt) -> Any:
    """What a call's last outcome means.

    Raises:
        ApiError: The answer says what is wrong.
        UnreachableError: There is no answer, or it is not one of armful.
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
            f"{call.method} {call.path} was answered, but not as this version of armful does: {error}"
        ) from error
