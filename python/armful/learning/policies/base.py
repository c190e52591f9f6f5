"""What a policy is, and what it chooses among."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import UnsetType

from armful.core import ArmTable
from armful.domain.decision import Draw

Chosen = TypeVar("Chosen")
Item = TypeVar("Item", covariant=True)
Choice = TypeVar("Choice")
Parameters = TypeVar("Parameters", contravariant=True)


class Candidates(Protocol[Item]):
    """Variants that can be chosen: their posteriors as columns in the Rust core, and what stands behind a column's slot."""

    @property
    def table(self) -> ArmTable:
        """The posteriors, by slot."""

    def at_slots(self, slots: Iterable[int]) -> Sequence[Item]:
        """The variants in these slots of the table."""


class Policy(Protocol[Parameters, Choice]):
    """A way to choose variants. It keeps no state: everything it knows is in the candidates and the parameters."""

    name: str

    def draw(self, candidates: Candidates[Choice], parameters: Parameters) -> Draw[Choice]:
        """Choose."""


class SelectionParameters(Protocol):
    """What every policy of a selection is told; `contract` gives the meanings and the ranges."""

    @property
    def top_k(self) -> int:
        """How many variants to choose at most."""

    @property
    def min_impressions(self) -> int:
        """From how many impressions on a variant counts as experienced."""

    @property
    def exploration_ratio(self) -> float:
        """The share of places for variants that are not experienced."""

    @property
    def dimensions(self) -> Mapping[str, str] | UnsetType | None:
        """What the candidates' dimensions must match."""

    @property
    def exclude(self) -> Sequence[str] | UnsetType | None:
        """Ids of variants that are not to be chosen."""

    @property
    def seed(self) -> int | UnsetType | None:
        """The seed of the random draws."""
