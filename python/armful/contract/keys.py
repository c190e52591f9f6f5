"""Request and response types of API keys."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from ..domain.fields import Name
from ..domain.key import Scope

Moment = Annotated[datetime, Meta(tz=True)]


Days = Annotated[float, Meta(gt=0, le=36_500)]


class NewKey(Struct, kw_only=True, forbid_unknown_fields=True):
    """A key to create. It expires at a time, after a number of days, or never."""

    name: Name
    scopes: Annotated[list[Scope], Meta(min_length=1)]
    rate_limit: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    expires_at: Moment | None = None
    expires_in_days: Days | None = None


class Rotation(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How to replace a key. The old key stays valid for `overlap_seconds`.

    Without an expiry, the new key has the same lifetime as the old one had when it was created.
    """

    overlap_seconds: Annotated[int, Meta(ge=0, le=2_592_000)] = 86_400
    expires_at: Moment | None = None
    expires_in_days: Days | None = None


class KeyView(Struct, kw_only=True):
    """An API key. Its text, `key`, is shown once, when it is created.

    `last_used` is updated about once a second, and stays null for the key from the settings. `replaces` is the id of the key
    that this one replaces.
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
    """All keys, including revoked ones."""

    keys: list[KeyView]
