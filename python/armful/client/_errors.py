"""What can go wrong in a call."""

from typing import Self

import httpx2
import msgspec

from ..contract.problems import FieldError, Problem


class ClientError(Exception):
    """A call that did not succeed.

    ClientError
    ├── UnreachableError      no answer, however often it was tried
    └── ApiError              an answer that says what is wrong
        ├── NotFoundError     404: there is no such variant or experiment
        ├── ConflictError     409: the id exists, an event id was used with another body, the state does not allow it
        └── UnavailableError  503: the database is out of reach or too much is waiting to be written, after the last try too
    """


class UnreachableError(ClientError):
    """No answer came. Unless the call was one that only reads, it may have been carried out."""


class ApiError(ClientError):
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
        kind = _KINDS.get(response.status_code, ApiError)
        try:
            body = msgspec.json.decode(response.content, type=Problem)
        except (msgspec.DecodeError, UnicodeDecodeError):  # something between us and armful answered
            body = Problem(
                title=response.reason_phrase, status=response.status_code, detail=response.text[:200]
            )
        errors = () if body.errors is msgspec.UNSET else tuple(body.errors)
        return kind(response.status_code, body.title, body.detail, errors)  # type: ignore[return-value]


class NotFoundError(ApiError):
    """There is no such variant or experiment."""


class ConflictError(ApiError):
    """The id exists, an event id was used with another body, or the state does not allow it."""


class UnavailableError(ApiError):
    """The database is out of reach, or too much is waiting to be written."""


_KINDS = {404: NotFoundError, 409: ConflictError, 503: UnavailableError}
