"""Which variants to show: one draw per variant from its posterior, the largest win."""

from time import perf_counter
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from armful.domain.errors import Refused
from armful.domain.fields import Label
from armful.observability.metrics import Metrics
from armful.replica.variant_cache import CachedVariant, VariantCache

ALGORITHMS = ("thompson_sampling", "thompson_sampling_exploration")


class SelectRequest(Struct, kw_only=True):
    """How many variants to choose, how, for whom and among which."""

    top_k: Annotated[int, Meta(ge=1, le=50)]
    algorithm: str
    persona_id: Label
    min_impressions: Annotated[int, Meta(ge=0, le=2**53)] = 100
    exploration_ratio: Annotated[float, Meta(ge=0, le=1)] = 0.3
    scope: Literal["global", "persona"] = "global"
    dimensions: dict[str, str] | UnsetType | None = UNSET
    exclude: list[str] | UnsetType | None = UNSET
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | UnsetType | None = UNSET


class Selections:
    """Selections from the variants in memory; the database is never asked."""

    def __init__(self, cache: VariantCache, metrics: Metrics) -> None:
        self._cache = cache
        self._metrics = metrics
        self._noted = [metrics.selection_notes[algorithm] for algorithm in ALGORITHMS]

    def select(self, request: SelectRequest) -> tuple[list[CachedVariant], list[float]]:
        """The chosen variants and the scores drawn for them, highest first.

        Raises:
            Refused: an unknown algorithm, or a scope that is not offered.
        """
        if request.algorithm not in ALGORITHMS:
            raise Refused(f"Invalid algorithm '{request.algorithm}': valid are {', '.join(ALGORITHMS)}")
        if request.scope == "persona":
            raise Refused(
                "scope 'persona' is not offered: posteriors are kept over all personas, scope 'global'"
            )
        explores = request.algorithm == "thompson_sampling_exploration"
        began = perf_counter()
        slots, scores = self._cache.table.select(
            request.top_k,
            min_impressions=request.min_impressions if explores else None,
            exploration_ratio=request.exploration_ratio if explores else 0.0,
            where=request.dimensions or None,
            exclude=request.exclude or None,
            seed=None if request.seed is UNSET else request.seed,
        )
        seconds = perf_counter() - began
        note = self._noted[explores].get(request.persona_id)
        if note is None:
            note = self._metrics.selection_note(request.algorithm, request.persona_id)
        note(seconds)
        return self._cache.use(slots.tolist()), scores.tolist()
