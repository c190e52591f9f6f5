from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ArmTable",
    "expected_loss",
    "inclusion_probability",
    "probability_best",
    "sample_beta",
    "select_top_k",
    "select_top_k_many",
    "simulate",
]

_Floats: TypeAlias = NDArray[np.float64] | Sequence[float]
_Integers: TypeAlias = NDArray[np.int64] | Sequence[int]
_Policy: TypeAlias = Literal[
    "thompson", "thompson_exploration", "epsilon_greedy", "ucb1", "kl_ucb", "greedy", "random"
]

def sample_beta(alpha: _Floats, beta: _Floats, *, seed: int | None = None) -> NDArray[np.float64]:
    """Draw one rate per arm from its posterior.

    >>> sample_beta([121.0, 1.0], [881.0, 1.0], seed=7).round(3)
    array([0.101, 0.705])

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.
        seed: from 0 to 2**64 - 1; ``None`` for draws that nobody can repeat.

    Returns:
        Draws θᵢ ~ Beta(αᵢ, βᵢ) in [0, 1], shape (n,). A draw nearer to 0 or 1 than a double can tell is 0.0
        or 1.0. Ctrl-C interrupts it.

    Raises:
        ValueError: a value is out of range, or lengths differ; the message names where and what.
        TypeError: an argument is not of dtype float64.

    Source: X / (X + Y) with X ~ Gamma(α) and Y ~ Gamma(β), drawn as in Marsaglia & Tsang (2000), ACM TOMS 26,
        363-372, and below 0.1 as in Liu, Martin & Syring (2017), Computational Statistics 32, 1767-1775.

    """

def select_top_k(alpha: _Floats, beta: _Floats, k: int, *, seed: int | None = None) -> NDArray[np.intp]:
    """Select k arms by Thompson sampling: one draw per arm, the k largest.

    >>> select_top_k([25.0, 45.0, 15.0], [11.0, 6.0, 21.0], 2, seed=7)
    array([1, 0])

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.
        k: how many arms, from 1 to n.
        seed: from 0 to 2**64 - 1; ``None`` for a selection that nobody can repeat.

    Returns:
        The indices of the k largest draws, by descending draw, shape (k,). Ctrl-C interrupts it.

    Raises:
        ValueError: a value is out of range, or lengths differ; the message names where and what.
        TypeError: an array is not of dtype float64, or ``k`` or ``seed`` not an integer.

    Source: Thompson (1933), Biometrika 25, 285-294.

    """

def select_top_k_many(
    alpha: _Floats, beta: _Floats, k: int, rounds: int, *, seed: int | None = None
) -> NDArray[np.intp]:
    """Select k arms in each of many independent rounds, from the same posteriors.

    >>> chosen = select_top_k_many([4.0, 5.0, 3.0], [1.0, 1.0, 1.0], 1, rounds=10_000, seed=7)
    >>> chosen.shape, bool(abs((chosen == 1).mean() - 5 / 12) < 0.02)
    ((10000, 1), True)

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.
        k: how many arms a round, from 1 to n.
        rounds: how many rounds, at least 1.
        seed: from 0 to 2**64 - 1; ``None`` for selections that nobody can repeat.

    Returns:
        One row a round, each as of :func:`select_top_k`, shape (rounds, k). Ctrl-C interrupts it.

    Raises:
        ValueError: a value is out of range, or lengths differ; the message names where and what.
        TypeError: an array is not of dtype float64, or ``k``, ``rounds`` or ``seed`` not an integer.
        MemoryError: rounds × k indices don't fit into memory.

    """

def probability_best(alpha: _Floats, beta: _Floats) -> NDArray[np.float64]:
    """Compute each arm's probability to have the largest rate.

    >>> probability_best([25.0, 45.0, 15.0], [11.0, 6.0, 21.0]).round(4)
    array([0.0141, 0.9859, 0.    ])

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.

    Returns:
        P(θᵢ = maxⱼ θⱼ) for independent θⱼ ~ Beta(αⱼ, βⱼ), shape (n,), with errors below 1e-8; they sum to 1.
        Ctrl-C interrupts it.

    Raises:
        ValueError: a value is out of range, or lengths differ; the message names where and what.
        TypeError: an array is not of dtype float64.

    Source: Gauss-Legendre quadrature of ∫ fᵢ ∏ Fⱼ over log-odds.

    """

def expected_loss(alpha: _Floats, beta: _Floats) -> NDArray[np.float64]:
    """Compute what choosing each arm for good would lose on average.

    >>> expected_loss([121.0, 65.0], [881.0, 737.0]).round(6)
    array([1.1000e-05, 3.9722e-02])

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.

    Returns:
        E[maxⱼ θⱼ] - E[θᵢ] for independent θⱼ ~ Beta(αⱼ, βⱼ), shape (n,), as a rate, with errors below 1e-8.
        Ctrl-C interrupts it.

    Raises:
        ValueError: a value is out of range, or lengths differ; the message names where and what.
        TypeError: an array is not of dtype float64.

    Source: Gauss-Legendre quadrature of ∫ Fᵢ (1 - ∏ Fⱼ) over log-odds.

    """

def inclusion_probability(
    alpha: _Floats, beta: _Floats, k: int, draws: int, *, seed: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimate each arm's chance to be among the k that Thompson sampling selects.

    >>> share, error = inclusion_probability([4.0, 5.0, 3.0], [1.0, 1.0, 1.0], 1, 10_000, seed=7)
    >>> bool((abs(share - [1 / 3, 5 / 12, 1 / 4]) < 4 * error).all())
    True

    Args:
        alpha: α of each arm, shape (n,), finite and greater than 0.
        beta: β of each arm, shape (n,), finite and greater than 0.
        k: how many arms a selection has, from 1 to n.
        draws: how many selections to make, at least 1.
        seed: from 0 to 2**64 - 1; ``None`` for an estimate that nobody can repeat.

    Returns:
        The share of the selections that have the arm, and that share's standard error √(p(1-p)/draws), each
        of shape (n,). Ctrl-C interrupts it. For k = 1 :func:`probability_best` is exact.

    Raises:
        ValueError: a value is out of range, or lengths differ; the message names where and what.
        TypeError: an array is not of dtype float64, or ``k``, ``draws`` or ``seed`` not an integer.

    """

def simulate(
    rates: _Floats,
    policy: _Policy,
    horizon: int,
    runs: int,
    *,
    seed: int | None = None,
    prior: tuple[float, float] | None = None,
    epsilon: float = 0.1,
    min_impressions: int = 100,
    exploration_ratio: float = 0.3,
    points: int = 100,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Play a policy against arms of known success rates, one arm a step, in many independent runs.

    >>> steps, regret, choices = simulate([0.05, 0.1], "thompson", 1000, 200, seed=7)
    >>> int(steps[-1]), regret.shape, choices.shape
    (1000, (200, 100), (200, 2))
    >>> bool(5 < regret[:, -1].mean() < 12)
    True

    Args:
        rates: each arm's true success rate, shape (n,), in [0, 1].
        policy: which of these chooses. ``thompson``; ``thompson_exploration``, which goes to arms with
            fewer than ``min_impressions`` impressions with probability ``exploration_ratio`` and to the
            others else; ``epsilon_greedy``, which goes anywhere with probability ``epsilon`` and to the
            largest share of successes so far else; ``ucb1`` (Auer et al. 2002); ``kl_ucb`` (Garivier &
            Cappé 2011); ``greedy``, the largest posterior mean; ``random``.
        horizon: steps in a run, at least 1.
        runs: how many runs, at least 1.
        seed: from 0 to 2**64 - 1; fixes every run, however many threads there are.
        prior: α and β of every arm's Beta prior; (1, 1) unless given.
        epsilon: in [0, 1].
        min_impressions: at least 0.
        exploration_ratio: in [0, 1].
        points: at how many evenly spaced steps the regret is noted, at most as many as there are.
        threads: how many play at once; ``None`` for as many as there are processors.
        progress: called now and then, and at the end, with the share of the steps played, in [0, 1].

    Returns:
        The m noted steps, shape (m,); the regret up to each, which is the sum over the steps so far of the
        best rate less the chosen arm's, shape (runs, m); how often each arm was chosen, shape (runs, n).
        Ctrl-C interrupts it, and so does an exception of ``progress``.

    Raises:
        ValueError: a value is out of range; the message names the argument and the value.
        TypeError: an argument is of another type.
        MemoryError: the answer doesn't fit into memory.

    """

@final
class ArmTable:
    """Arms kept in memory by id, to select from.

    An id gets a *slot*, a small integer, on its first appearance and keeps it for the table's lifetime.
    States of an arm carry a *version* that grows with every change; of two the higher wins, in whatever order
    they arrive. A table may be used from several threads at once.

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
        alpha: _Floats,
        beta: _Floats,
        impressions: _Integers,
        version: _Integers,
        dimensions: Sequence[Mapping[str, str]] | None = None,
    ) -> NDArray[np.intp]:
        """Insert or update arms. All rows are checked before any is applied.

        A row whose version is not above the one held is ignored. A newer one also revives a removed arm, in
        its slot. Many rows are applied in batches of 1,000, between which selections are let in.

        >>> table = ArmTable()
        >>> table.upsert(["warm"], [3.0], [9.0], [10], version=[1], dimensions=[{"tone": "warm"}])
        array([0])
        >>> table.upsert(["warm", "bold"], [2.0, 1.0], [9.0, 1.0], [9, 0], version=[0, 0])
        array([0, 1])
        >>> table.arms()[0]
        array([3., 1.])

        Args:
            ids: the arms' ids, length n. An id may come twice: the higher version stays.
            alpha: α of each arm, shape (n,), finite and greater than 0.
            beta: β of each arm, shape (n,), finite and greater than 0.
            impressions: how often each arm was shown, shape (n,), at least 0.
            version: the version of each row, shape (n,).
            dimensions: each arm's names and values, length n, replacing those it had; ``None`` leaves them.

        Returns:
            The slot of each id, shape (n,), that of ignored rows too.

        Raises:
            ValueError: a value is out of range, or lengths differ; the message names where and what.
            TypeError: an array is of another dtype, or an id or a dimension not a string.
            MemoryError: more than 2**32 slots or bytes of ids.

        """

    def update(
        self,
        slots: NDArray[np.intp] | Sequence[int],
        alpha: _Floats,
        beta: _Floats,
        impressions: _Integers,
        version: _Integers,
    ) -> int:
        """Update arms by slot.

        As :meth:`upsert`, but cheaper; and removed arms stay removed and as they were, whatever the version.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm"], [3.0], [9.0], [10], [1])
        >>> table.update(slots, [4.0], [9.0], [11], [2])
        1

        Args:
            slots: the arms' slots, shape (n,).
            alpha: α of each arm, shape (n,), finite and greater than 0.
            beta: β of each arm, shape (n,), finite and greater than 0.
            impressions: how often each arm was shown, shape (n,), at least 0.
            version: the version of each row, shape (n,).

        Returns:
            How many rows were new enough to be applied.

        Raises:
            IndexError: a slot the table has not given out.
            ValueError: a value is out of range, or lengths differ; the message names where and what.
            TypeError: an array is of another dtype.

        """

    def remove(self, ids: Sequence[str], version: int | _Integers | None = None) -> int:
        """Remove arms: they are never selected again, but keep their slots.

        Many are removed in batches of 1,000, between which selections are let in.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [3.0, 1.0], [9.0, 1.0], [10, 0], [1, 1])
        >>> table.remove(["warm"], version=2), "warm" in table
        (1, False)

        Args:
            ids: the arms' ids, length n.
            version: of each removal, or one for all. A removal older than the state held is ignored;
                otherwise only an upsert of a higher version revives the arm. An id not seen before is
                remembered as removed. ``None`` removes whatever is held, and any later upsert revives it.

        Returns:
            How many arms were live and are no more.

        Raises:
            KeyError: ``version`` is ``None`` and the table has never seen an id; then nothing is removed.
            ValueError: lengths differ.
            TypeError: an id is not a string, or ``version`` not of integers.

        """

    def select(
        self,
        k: int,
        *,
        min_impressions: int | None = None,
        exploration_ratio: float = 0.0,
        where: Mapping[str, str] | None = None,
        exclude: Sequence[str] | None = None,
        seed: int | None = None,
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Select arms by Thompson sampling: one draw per eligible arm, the k largest.

        With ``min_impressions``, an expected k × ``exploration_ratio`` places (the whole part surely, the
        fraction by one random draw) go to arms with fewer impressions, Thompson-drawn among them, and the
        rest to the experienced ones; places that one group can't fill go to the other.

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
            k: how many arms, at least 1. If fewer are eligible, all of them are selected.
            min_impressions: from how many impressions on an arm counts as experienced, at least 0. ``None``
                for plain Thompson sampling, whatever ``exploration_ratio`` says.
            exploration_ratio: in [0, 1].
            where: only arms that have every one of these dimensions.
            exclude: no arm with one of these ids; ids the table doesn't know are ignored.
            seed: from 0 to 2**64 - 1; with the same arms in the same slots it fixes the answer.

        Returns:
            The slots and their draws, by descending draw, each of shape (m,) with m ≤ k.

        Raises:
            ValueError: a number is out of range; the message names the argument and the value.
            TypeError: an argument is of another type.

        """

    def slot(self, id: str) -> int | None:
        """Give the slot of a live arm, or ``None``.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm"], [3.0], [9.0], [10], [1])
        >>> table.slot("warm"), table.slot("bold")
        (0, None)
        """

    def ids(self, slots: NDArray[np.intp] | Sequence[int]) -> list[str]:
        """Give the ids of slots, those of removed arms too.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [3.0, 1.0], [9.0, 1.0], [10, 0], [1, 1])
        >>> table.ids([1, 0])
        ['bold', 'warm']

        Raises:
            IndexError: a slot the table has not given out.

        """

    def slots(self) -> NDArray[np.intp]:
        """Give the slots of the live arms, in ascending order.

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [3.0, 1.0], [9.0, 1.0], [10, 0], [1, 1])
        >>> table.remove(["warm"])
        1
        >>> table.slots()
        array([1])
        """

    def arms(
        self, slots: NDArray[np.intp] | Sequence[int] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Give what the table holds: α, β, impressions and version, each of shape (n,).

        >>> table = ArmTable()
        >>> slots = table.upsert(["warm", "bold"], [3.0, 1.0], [9.0, 1.0], [10, 0], [1, 1])
        >>> alpha, beta, impressions, version = table.arms()
        >>> alpha, impressions
        (array([3., 1.]), array([10,  0]))

        Args:
            slots: which arms, removed ones as they last were; ``None`` for the live ones, in the order of
                :meth:`slots`.

        Raises:
            IndexError: a slot the table has not given out.

        """

    @property
    def nbytes(self) -> int:
        """Bytes of memory the table holds.

        >>> ArmTable().nbytes < 100_000
        True
        """

    def __len__(self) -> int:
        """Count the live arms."""

    def __contains__(self, id: str, /) -> bool:
        """Whether the arm is live."""
