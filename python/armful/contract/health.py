"""The service's health on the wire."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Liveness(Struct):
    """The process answers."""

    status: Literal["live"] = "live"


class Readiness(Struct):
    """The variants are in memory: selections are answered, even while the database is away."""

    status: Literal["ready"] = "ready"


class Health(Struct):
    """Whether the database answers and the core draws."""

    status: Literal["healthy", "unhealthy"]
    variant_count: int
    thompson_sampling: str
    error: str | UnsetType = UNSET
