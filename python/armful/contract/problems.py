"""Errors on the wire: `application/problem+json`, RFC 9457."""

from msgspec import UNSET, Struct, UnsetType


class FieldError(Struct, frozen=True):
    """One thing that does not fit: which field, and what is wrong with it."""

    field: str
    message: str


class Problem(Struct, kw_only=True):
    """An error; its status says its type. `errors` names the fields that do not fit, where there are any."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] | UnsetType = UNSET
