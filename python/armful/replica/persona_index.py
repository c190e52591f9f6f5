"""The personas of one pool: their numbers in its table, what was read of their counts, and the last fit."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

NOBODY = 0
"""The number of outcomes without a persona."""

UNKNOWN = 9_999
"""The number of every persona without outcomes."""


class PersonaFit(Struct, frozen=True):
    """How alike personas are: `ArmTable.fit_personas`, with odds by persona."""

    strength: float
    gain: float
    odds: dict[str, float]


class PersonaIndex:
    """Numbers personas in the order in which they are read. A pool has at most `UNKNOWN` − 1; further ones are nobody."""

    def __init__(self, changed: Iterable[int] = ()) -> None:
        self.changed = set(changed)
        """The keys of variants whose counts by persona may have changed since they were read."""
        self.fit: PersonaFit | None = None
        self.priors: object = None
        """What the table's priors for personas were set from: `PoolModel.priors_and_sharpness`."""
        self._numbers: dict[str, int] = {}
        self._read: dict[int, int] = {}
        self._named: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        """The number of personas with outcomes."""
        return len(self._numbers)

    def __iter__(self) -> Iterator[str]:
        """The names of the personas, in the order of their numbers, from 1 on."""
        return iter(self._numbers)

    def number(self, persona_id: str) -> int:
        """Return the number of a persona in the table."""
        return self._numbers.get(persona_id, UNKNOWN)

    def add(self, persona_id: str) -> int | None:
        """Return the number of a persona with outcomes; None if there are too many."""
        number = self._numbers.get(persona_id)
        if number is None and len(self._numbers) < UNKNOWN - 1:
            number = self._numbers[persona_id] = len(self._numbers) + 1
        return number

    def version_read(self, key: int) -> int:
        """Return the version up to which the counts of a variant were read."""
        return self._read.get(key, -1)

    def set_read(self, key: int, version: int) -> None:
        """Note that a variant's counts were read up to a version."""
        self._read[key] = max(version, self.version_read(key))

    def named(self, key: int) -> tuple[int, int]:
        """Return the impressions and successes that a variant has with all personas together."""
        return self._named.get(key, (0, 0))

    def set_named(self, key: int, impressions: int, successes: int) -> None:
        """Note the impressions and successes that a variant has with all personas together."""
        self._named[key] = impressions, successes
