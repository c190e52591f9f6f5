"""A variant in memory."""

from msgspec import Struct

from armful.domain.variant import Variant


class CachedVariant(Struct, gc=False):
    """A cached variant, the version of its description, and its slot in the table of its pool if it is active."""

    variant: Variant
    described_at: int
    pool: str | None = None
    """The pool that it is a member of, which has its slot. It differs from `variant.pool` only while the cache changes."""
    slot: int | None = None
    rendered: bytes | None = None
    """A caller's cached rendering of the variant, such as its JSON. Cleared when the variant changes."""
    uses: int = 0
    """How often the variant was selected since the last `take_usage`."""
    used_at: float = 0.0
    """When it was last selected, in seconds since 1970."""
