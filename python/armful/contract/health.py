"""Response types of the health checks."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Liveness(Struct):
    """The process responds."""

    status: Literal["live"] = "live"


class Readiness(Struct):
    """The variants are loaded: the process can answer selections, even without the database."""

    status: Literal["ready"] = "ready"


class Health(Struct):
    """Whether the database responds and the Rust core works."""

    status: Literal["healthy", "unhealthy"]
    variant_count: int
    thompson_sampling: str
    error: str | UnsetType = UNSET
