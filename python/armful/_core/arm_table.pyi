from collections.abc import Mapping, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from armful._core._types import Floats, Integers, Slots

@final
class ArmTable:
    """Arms in memory, found by id, to select from.

    When an id first appears, it gets a *slot*, a small integer. It keeps this slot for the table's lifetime. Each state of
    an arm has a *version*, which grows with every change. The state with the higher version wins, in whatever order states
    arrive. Several threads may use a table at the same time.

    >>> table = ArmTable()
    >>> table.upsert(["warm", "bold"], [121.0, 65.0], [881.0, 737.0], [1000, 800], [1, 1])
    array([0, 1])
    >>> slots, scores = table.select(1, seed=7)
    >>> table.ids(slots)
    ['warm']
    """

    def __new__(cls) -> ArmTable: ...
    def upsert(
        self,
        ids: Sequence[str],
        alpha: Floats,
        beta: Floats,
        impressions: Integers,
        version: Integers,
        dimensions: Sequence[Mapping[str, str]] | None = None,
    ) -> NDArray[np.intp]:
        """Insert or update arms. All rows are checked before any is applied.

        A row is ignored if its version is not higher than the version in the table. A newer row restores a removed arm in
        its old slot. Many rows are applied in batches of 1,000, and selections can run between batches.

        >>> table = ArmTable()
        >>> table.upsert(["warm"], [3.0], [9.0], [10], version=[1], dimensions=[{"tone": "warm"}])
        array([0])
        >>> table.upsert(["warm", "bold"], [2.0, 1.0], [9.0, 1.0], [9, 0], version=[0, 0])
        array([0, 1])
        >>> table.arms()[0]
        array([3., 1.])

        Args:
            ids: the ids of the arms, length n. If an id occurs twice, the higher version is kept.
            alpha: α of each arm, shape (n,), finite and greater than 0.
            beta: β of each arm, shape (n,), finite and greater than 0.
            impressions: the number of times each arm was shown, shape (n,), at least 0.
            version: the version of each row, shape (n,).
            dimensions: the dimensions of each arm, as names and values, length n. They replace the previous ones. With
                ``None``, dimensions stay unchanged.

        Returns:
            The slot of each id, shape (n,), also for rows that were ignored.

        Raises:
            ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
            TypeError: an array has another dtype, or an id or a dimension is not a string.
            MemoryError: there are more than 2**32 slots or bytes of ids.

        """

    def update(
        self,
        slots: Slots,
        alpha: Floats,
        beta: Floats,
        impressions: Integers,
        version: Integers,
    ) -> int:
        """Update arms by slot.

        This is like :meth:`upsert`, but faster. Removed arms stay removed and unchanged, whatever the version.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm"], [3.0], [9.0], [10], [1])
        >>> table.update(slots, [4.0], [9.0], [11], [2])
        1

        Args:
            slots: the slots of the arms, shape (n,).
            alpha: α of each arm, shape (n,), finite and greater than 0.
            beta: β of each arm, shape (n,), finite and greater than 0.
            impressions: the number of times each arm was shown, shape (n,), at least 0.
            version: the version of each row, shape (n,).

        Returns:
            The number of rows that were applied. The others were too old.

        Raises:
            IndexError: the table has no such slot.
            ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
            TypeError: an array has another dtype.

        """

    def remove(self, ids: Sequence[str], version: int | Integers | None = None) -> int:
        """Remove arms. They are never selected again, but keep their slots.

        Many arms are removed in batches of 1,000, and selections can run between batches.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [3.0, 1.0], [9.0, 1.0], [10, 0], [1, 1])
        >>> table.remove(["warm"], version=2), "warm" in table
        (1, False)

        Args:
            ids: the ids of the arms, length n.
            version: the version of each removal, or one version for all. A removal that is older than an arm's state is
                ignored. After a removal, only an upsert with a higher version restores the arm. An unknown id is
                remembered as removed. With ``None``, arms are removed whatever their version, and any later upsert
                restores them.

        Returns:
            The number of arms that were removed now.

        Raises:
            KeyError: ``version`` is ``None`` and an id is unknown. Nothing was removed.
            ValueError: lengths differ.
            TypeError: an id is not a string, or ``version`` does not consist of integers.

        """

    def select(
        self,
        k: int,
        *,
        min_impressions: int | None = None,
        exploration_ratio: float = 0.0,
        where: Mapping[str, str] | None = None,
        exclude: Sequence[str] | None = None,
        sharpness: float = 1.0,
        seed: int | None = None,
        persona: int | None = None,
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Select arms by Thompson sampling: make one draw per eligible arm, and take the k largest.

        With ``min_impressions``, places are reserved for new arms, which have fewer impressions. Their expected number is
        k × ``exploration_ratio``: the integer part is always reserved, and one random draw decides the fraction. Thompson
        sampling fills these places from the new arms, and the other places from the experienced arms. Places that one
        group cannot fill go to the other.

        >>> table = ArmTable()
        >>> tones = [{"tone": "warm"}, {"tone": "bold"}, {"tone": "warm"}]
        >>> slots = table.upsert(["a", "b", "c"], [9.0, 90.0, 1.0], [91.0, 10.0, 1.0], [98, 98, 0], [1] * 3, tones)
        >>> slots, scores = table.select(1, where={"tone": "warm"}, exclude=["c"], seed=7)
        >>> table.ids(slots), bool(0 < scores[0] < 1)
        (['a'], True)
        >>> slots, scores = table.select(2, min_impressions=50, exploration_ratio=0.5, seed=7)
        >>> sorted(table.ids(slots))
        ['b', 'c']

        Args:
            k: the number of arms to select, at least 1. If fewer are eligible, all of them are selected.
            min_impressions: the number of impressions from which an arm counts as experienced, at least 0. With ``None``,
                no places are reserved, whatever ``exploration_ratio`` is.
            exploration_ratio: in [0, 1].
            where: dimensions that eligible arms must all have.
            exclude: ids of arms that are not eligible. Unknown ids are ignored.
            sharpness: the factor g of α and β: draws are from Beta(gα, gβ). Above 0 and at most 10,000. With more than 1,
                a selection explores less. Below 1, all eligible arms are drawn, which takes longer in large tables.
            seed: from 0 to 2**64 - 1. With the same arms in the same slots, it determines the result.
            persona: the number of the persona to select for, from 0 to 9,999. Draws are then made from the posteriors of
                :meth:`persona_arms`, on the scale of an average persona. With ``None``, or as long as the table has no
                personas, they are made from the arms' own posteriors.

        Returns:
            The slots and their draws, largest draw first, each of shape (m,) with m ≤ k.

        Raises:
            ValueError: a number is out of range. The message names the argument and the value.
            TypeError: an argument has the wrong type.

        """

    def update_cells(
        self, slots: Slots, personas: Integers, successes: Floats, failures: Floats, version: Integers
    ) -> int:
        """Update the counts of arms for personas, each pair of which is a *cell*.

        Counts are totals, which replace the previous ones. They belong to :meth:`select` with ``persona``; an arm's own α
        and β do not change. Outcomes without a persona should have a persona of their own, so that they count too. Many
        rows are applied in batches of 1,000, and selections can run between batches.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [31.0, 31.0], [71.0, 71.0], [100, 100], [1, 1])
        >>> table.update_cells([0, 0, 1, 1], [0, 1, 0, 1], [30.0, 1.0, 1.0, 30.0], [20.0, 49.0, 49.0, 20.0], [1] * 4)
        4
        >>> alpha, beta = table.persona_arms(0)
        >>> (alpha / (alpha + beta)).round(1)
        array([0.4, 0.3])

        Args:
            slots: the slots of the arms, shape (n,). They may be removed.
            personas: the number of each persona, shape (n,), from 0 to 9,999. Memory grows with the highest number.
            successes: the successes of each cell, shape (n,), from 0 to 1e15.
            failures: the failures of each cell, shape (n,), from 0 to 1e15.
            version: the version of each row, shape (n,). A row is ignored if its version is not higher than the cell's.

        Returns:
            The number of rows that were applied. The others were too old.

        Raises:
            IndexError: the table has no such slot.
            ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
            TypeError: an array has another dtype.

        """

    def set_persona_priors(self, slots: Slots, alpha: Floats, beta: Floats) -> None:
        """Set the priors that arms have in selections for a persona. A new arm has Beta(1, 1).

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm"], [1.0], [1.0], [0], [1])
        >>> table.set_persona_priors(slots, [2.0], [38.0])
        >>> alpha, beta = table.persona_arms(0)
        >>> round(float(alpha[0] / (alpha[0] + beta[0])), 3)
        0.05

        Args:
            slots: the slots of the arms, shape (n,).
            alpha: a of each prior, shape (n,), finite and greater than 0.
            beta: b of each prior, shape (n,), finite and greater than 0.

        Raises:
            IndexError: the table has no such slot.
            ValueError: a value is out of range, or lengths differ. The message names the argument and the position.
            TypeError: an array has another dtype.

        """

    def set_persona_sharpness(self, sharpness: float) -> None:
        """Set the sharpness g of draws for personas, which are made from Beta(gα, gβ). It is 1 unless set.

        :meth:`persona_arms` returns α and β. With g > 1, a selection explores less.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm"], [1.0], [1.0], [0], [1])
        >>> table.set_persona_sharpness(2.0)

        Raises:
            ValueError: it is not finite and greater than 0.

        """

    def fit_personas(self, growth: float = 1.0) -> tuple[float, float, NDArray[np.float64]] | None:
        """Estimate from the cells how alike personas are, and use it from now on.

        Two things are estimated (``docs/personas.md``): the *odds* ω of each persona, which are those of its outcomes
        compared with other personas' outcomes for the same arms; and the *strength* κ, from 2 (personas have little in
        common) to 20,000 (alike). Until the first fit, all odds are 1 and κ is 200. The result depends on counts
        and priors only.

        The estimate is made without the GIL, and selections can run during it. They wait while it is put in force, which
        takes about a tenth of a microsecond per cell.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [31.0, 31.0], [71.0, 71.0], [100, 100], [1, 1])
        >>> table.update_cells([0, 0, 1, 1], [0, 1, 0, 1], [30.0, 1.0, 1.0, 30.0], [20.0, 49.0, 49.0, 20.0], [1] * 4)
        4
        >>> strength, gain, odds = table.fit_personas()
        >>> strength < 10, gain > 3, odds.round(2)
        (True, True, array([0.99, 0.99]))
        >>> table.fit_personas(growth=1.1) is None
        True

        Args:
            growth: do nothing unless the cells have this many times the outcomes that they had at the last fit.

        Returns:
            κ; the gain of personas; and ω of each persona, up to the highest one with a cell. The gain is the logarithm of
            the mean predictive likelihood over the grid of κ, minus that with κ = ∞, both leaving one cell out at a time.
            ``None`` if nothing was done.

        """

    def clear_personas(self) -> None:
        """Remove all cells, priors and the fit, as if there had never been personas.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm"], [1.0], [1.0], [0], [1])
        >>> table.update_cells([0], [3], [10.0], [10.0], [1])
        1
        >>> table.clear_personas()
        >>> table.persona_arms(3)[0]
        array([1.])
        """

    def persona_arms(
        self, persona: int, slots: Slots | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the posteriors for a persona: α and β, each of shape (n,).

        They are on the scale of an average persona: the odds of a rate for this persona are ω times as high.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm"], [1.0], [1.0], [0], [1])
        >>> table.update_cells([0], [3], [10.0], [10.0], [1])
        1
        >>> alpha, beta = table.persona_arms(3)
        >>> alpha.round(3), beta.round(3)
        (array([10.985]), array([10.985]))

        Args:
            persona: the number of the persona, from 0 to 9,999.
            slots: the slots to return. With ``None``, all live arms are returned, in the order of :meth:`slots`.

        Raises:
            IndexError: the table has no such slot.
            ValueError: the persona's number is out of range.

        """

    def slot(self, id: str) -> int | None:
        """Return the slot of a live arm, or ``None``. An arm is live if it has not been removed.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm"], [3.0], [9.0], [10], [1])
        >>> table.slot("warm"), table.slot("bold")
        (0, None)
        """

    def ids(self, slots: Slots) -> list[str]:
        """Return the ids of slots, also of removed arms.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [3.0, 1.0], [9.0, 1.0], [10, 0], [1, 1])
        >>> table.ids([1, 0])
        ['bold', 'warm']

        Raises:
            IndexError: the table has no such slot.

        """

    def slots(self) -> NDArray[np.intp]:
        """Return the slots of the live arms, in ascending order.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [3.0, 1.0], [9.0, 1.0], [10, 0], [1, 1])
        >>> table.remove(["warm"])
        1
        >>> table.slots()
        array([1])
        """

    def arms(
        self, slots: Slots | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the contents of the table: α, β, impressions and version, each of shape (n,).

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [3.0, 1.0], [9.0, 1.0], [10, 0], [1, 1])
        >>> alpha, beta, impressions, version = table.arms()
        >>> alpha, impressions
        (array([3., 1.]), array([10,  0]))

        Args:
            slots: the slots to return. A removed arm is returned in its last state. With ``None``, all live arms are
                returned, in the order of :meth:`slots`.

        Raises:
            IndexError: the table has no such slot.

        """

    @property
    def nbytes(self) -> int:
        """The number of bytes of memory that the table uses.

        >>> ArmTable().nbytes < 100_000
        True
        """

    def __len__(self) -> int:
        """Return the number of live arms."""

    def __contains__(self, id: str, /) -> bool:
        """Return whether the arm is live."""
