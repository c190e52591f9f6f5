"""Error responses: `application/problem+json`, RFC 9457."""

from msgspec import UNSET, Struct, UnsetType


class FieldError(Struct, frozen=True):
    """An invalid field, and what is wrong with it."""

    field: str
    message: str


class Problem(Struct, kw_only=True):
    """An error, identified by its status. `errors` lists the invalid fields, if any."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] | UnsetType = UNSET
