"""What can go wrong in a call."""

from typing import Self

import httpx2
import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One thing in a request that does not fit: which field, and what is wrong with it."""

    field: str
    message: str


class _Body(msgspec.Struct):
    title: str
    detail: str
    errors: tuple[FieldError, ...] = ()


class ClientError(Exception):
    """A call that did not succeed.

    ClientError
    ├── Unreachable      no answer, however often it was tried
    └── Problem          an answer that says what is wrong
        ├── NotFound     404: there is no such variant or experiment
        ├── Conflict     409: the id exists, an event id was used with another body, the state does not allow it
        └── Unavailable  503: the database is out of reach or too much is waiting to be written, after the last try too
    """


class Unreachable(ClientError):
    """No answer came. Unless the call was one that only reads, it may have been carried out."""


class Problem(ClientError):
    """An answer that is a problem (RFC 9457).

    Attributes:
        status: Its HTTP status.
        title: What that status is called.
        detail: A sentence that says what to do about it.
        errors: The fields that do not fit, where it is about fields.
    """

    def __init__(self, status: int, title: str, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors

    @classmethod
    def of(cls, response: httpx2.Response) -> Self:
        """The problem that a response is, of the class of its status."""
        kind = _KINDS.get(response.status_code, Problem)
        try:
            body = msgspec.json.decode(response.content, type=_Body)
        except (msgspec.DecodeError, UnicodeDecodeError):  # something between us and armful answered
            body = _Body(response.reason_phrase, response.text[:200])
        return kind(response.status_code, body.title, body.detail, body.errors)  # type: ignore[return-value]


class NotFound(Problem):
    """There is no such variant or experiment."""


class Conflict(Problem):
    """The id exists, an event id was used with another body, or the state does not allow it."""


class Unavailable(Problem):
    """The database is out of reach, or too much is waiting to be written."""


_KINDS = {404: NotFound, 409: Conflict, 503: Unavailable}
