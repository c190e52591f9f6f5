"""The interfaces of a policy, of its candidates and of its parameters."""

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
    """The variants that can be chosen: a table of posteriors in the Rust core, and the variant of each slot in it."""

    @property
    def table(self) -> ArmTable:
        """The posteriors, by slot."""

    @property
    def persona(self) -> int | None:
        """The number of the persona in the table whose posteriors to draw from; None for the variants' own."""

    def at_slots(self, slots: Iterable[int]) -> Sequence[Item]:
        """Return the variants in these slots of the table."""


class Policy(Protocol[Parameters, Choice]):
    """A way to choose variants. It is stateless: all its inputs are in the candidates and the parameters."""

    name: str

    def draw(self, candidates: Candidates[Choice], parameters: Parameters) -> Draw[Choice]:
        """Choose variants."""


class SelectionParameters(Protocol):
    """The parameters of every selection policy. `contract.selection` defines their ranges."""

    @property
    def top_k(self) -> int:
        """The maximum number of variants to choose."""

    @property
    def min_impressions(self) -> int:
        """The number of impressions from which a variant counts as explored."""

    @property
    def exploration_ratio(self) -> float:
        """The fraction of places for variants that are not explored yet."""

    @property
    def dimensions(self) -> Mapping[str, str] | UnsetType | None:
        """The dimension values that candidates must have."""

    @property
    def exclude(self) -> Sequence[str] | UnsetType | None:
        """The ids of variants that must not be chosen."""

    @property
    def sharpness(self) -> float | UnsetType | None:
        """The factor by which α and β in the table are multiplied for the draws; 1 if it is not set."""

    @property
    def seed(self) -> int | UnsetType | None:
        """The seed of the random draws."""
