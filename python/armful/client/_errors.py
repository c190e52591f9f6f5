"""The exceptions that a call can raise."""

from typing import Self

import httpx2
import msgspec

from ..contract.problems import FieldError, Problem


class ClientError(Exception):
    """A call that did not succeed.

    ClientError
    ├── UnreachableError      no response, even to the last retry
    └── ApiError              an error response
        ├── NotFoundError     404: there is no such variant or experiment
        ├── ConflictError     409: the id exists, an event id was used with another body, or the state does not allow it
        └── UnavailableError  503: the database is unreachable or too many updates are waiting, even for the last retry
    """


class UnreachableError(ClientError):
    """No response arrived. A call that changes something may have been carried out."""


class ApiError(ClientError):
    """An error response, as problem details (RFC 9457).

    Attributes:
        status: The HTTP status.
        title: The name of the status.
        detail: What is wrong, and what to do about it.
        errors: The invalid fields of the request, if any.
    """

    def __init__(self, status: int, title: str, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors

    @classmethod
    def of(cls, response: httpx2.Response) -> Self:
        """Return the exception for an error response, of the class that belongs to its status."""
        kind = _KINDS.get(response.status_code, ApiError)
        try:
            body = msgspec.json.decode(response.content, type=Problem)
        except (msgspec.DecodeError, UnicodeDecodeError):  # a proxy answered instead of armful
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
    """The database is unreachable, or too many updates are waiting."""


_KINDS = {404: NotFoundError, 409: ConflictError, 503: UnavailableError}
