"""The digest by which a replay of an event id is told from another body under the same id."""

from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec

from armful.domain.outcome import Outcome, VariantOutcome

_canonical = msgspec.json.Encoder(order="sorted")


def digest(item: VariantOutcome, kind: type[Outcome] = Outcome) -> bytes | None:
    """A digest of the variant and of what an outcome says; None where it has no event id.

    It covers the fields that differ from their defaults, by name. So a field that is added to the type with a default
    changes no digest: a retry that a newer armful gets, or an older one, is still the same body.

    Args:
        item: The variant's key, the outcome, and the variant's id.
        kind: The type whose fields are covered: an item of a batch also has its variant's id.
    """
    variant, outcome, _ = item
    if outcome.event_id is None:
        return None
    said = {
        name: value
        for name, default in _fields(kind)
        if (value := getattr(outcome, name)) != default or default is msgspec.NODEFAULT
    }
    return blake2b(_canonical.encode((variant, said)), digest_size=16).digest()


@cache
def _fields(kind: type[Outcome]) -> list[tuple[str, Any]]:
    return [(field.name, field.default) for field in msgspec.structs.fields(kind)]
