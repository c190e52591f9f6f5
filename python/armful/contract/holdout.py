"""Request and response types of the global holdout."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from ..domain.fields import VariantId


class HoldoutRequest(Struct, kw_only=True, forbid_unknown_fields=True):
    """The share of all participants to hold out, and the variants to show them, in order of preference."""

    share: Annotated[float, Meta(gt=0, le=0.5)]
    baseline: Annotated[list[VariantId], Meta(max_length=1000)] = []


class HoldoutView(Struct, kw_only=True):
    """The global holdout. A participant is held out if the hash of `salt` and their id is below `share`.

    Without a holdout, `share` is 0, and `salt` and `started_at` are null.
    """

    share: float
    baseline: list[str]
    salt: str | None
    started_at: datetime | None
