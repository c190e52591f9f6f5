"""API keys on the wire."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from ..domain.fields import Label
from ..domain.key import Scope

Moment = Annotated[datetime, Meta(tz=True)]


Days = Annotated[float, Meta(gt=0, le=36_500)]


class NewKey(Struct, kw_only=True):
    """A key to make; it expires at a time, after a number of days, or never."""

    name: Label
    scopes: Annotated[list[Scope], Meta(min_length=1)]
    rate_limit: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    expires_at: Moment | None = None
    expires_in_days: Days | None = None


class Rotation(Struct, kw_only=True, frozen=True):
    """How a key is to be replaced: the old one stays valid for `overlap_seconds`.

    Unless told when to expire, the new key lives as long as the old one was to live when that was made.
    """

    overlap_seconds: Annotated[int, Meta(ge=0, le=2_592_000)] = 86_400
    expires_at: Moment | None = None
    expires_in_days: Days | None = None


class KeyView(Struct, kw_only=True):
    """A key; its text is shown once, when it is made.

    `last_used` is written down about once a second, and stays null for the settings' key. `replaces` is the id of the key
    that this one was made to replace.
    """

    key_id: str
    name: str
    scopes: list[Scope]
    rate_limit: int | None
    created_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime | None
    last_used: datetime | None
    replaces: str | None
    key: str | UnsetType = UNSET


class KeyList(Struct):
    """Every key, revoked ones included."""

    keys: list[KeyView]
