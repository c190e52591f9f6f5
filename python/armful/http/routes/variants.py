"""`/variants`: list, create, read, change and archive variants, and read their statistics."""

from typing import Annotated, Literal

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from armful.contract.decoding import Unprocessable
from armful.contract.problems import FieldError
from armful.contract.variants import (
    CreatedVariants,
    NewVariants,
    SimilarVariant,
    SimilarVariants,
    StatsView,
    VariantPage,
    VariantPatch,
    VariantView,
)
from armful.domain.variant import NewVariant, Variant
from armful.features.services import Services
from armful.features.variants.service import statistics
from armful.http.auth import AnyRequest, actor
from armful.http.decoding import Strict, parse_cursor, without_null
from armful.http.paths import unescaped
from armful.http.views.variants import performance_view, stats_view, variant_view

_RESERVED = ("min_impressions", "limit", "cursor", "status", "pool")
_PREFIX = "dimension."

_encode = msgspec.json.Encoder().encode


@get("/variants", scope="read", summary="List variants")
async def list_variants(
    request: AnyRequest,
    services: NamedDependency[Services],
    min_impressions: Annotated[int, QueryParameter(ge=0, le=2**53)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1000,
    cursor: FromQuery[str | None] = None,
    status: FromQuery[Literal["active", "archived", "all"]] = "active",
    pool: Annotated[str | None, QueryParameter(max_length=255)] = None,
) -> VariantPage:
    """List variants in order of creation.

    Any other parameter filters by the dimension of that name (`?tone=casual`). `dimension.<name>=` filters by a dimension
    of any name. `pool` filters by the pool of that name; an empty one finds the variants without a pool.
    """
    variants, total = await services.variants.page(
        dimensions=_dimensions(request),
        min_impressions=min_impressions,
        status=status,
        after=parse_cursor(cursor) or 0,
        limit=limit + 1,
        pool=without_null("pool", pool),
    )
    more = str(variants[limit - 1].key) if len(variants) > limit else None
    return VariantPage([variant_view(variant) for variant in variants[:limit]], total, more)


def _dimensions(request: AnyRequest) -> dict[str, str]:
    dimensions: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in _RESERVED:
            continue
        dimension = name.removeprefix(_PREFIX)
        if "\0" in dimension or "\0" in value:
            raise Unprocessable(FieldError(dimension.replace("\0", "\\0"), "contains the null character"))
        if dimensions.setdefault(dimension, value) != value:
            raise Unprocessable(
                FieldError(dimension, f"is given twice, as '{dimensions[dimension]}' and '{value}'")
            )
    return dimensions


@post("/variants", scope="write", dto=Strict, return_dto=None, summary="Create variants")
async def create_variants(
    data: JSONBody[NewVariants | NewVariant], request: AnyRequest, services: NamedDependency[Services]
) -> CreatedVariants | VariantView:
    """Create one variant, or up to 10,000 in one transaction."""
    if isinstance(data, NewVariant):
        return variant_view((await services.variants.create([data], actor(request)))[0])
    created = await services.variants.create(data.variants, actor(request))
    return CreatedVariants([variant_view(variant) for variant in created])


@get("/variants/{variant_id:str}", scope="read", summary="Read a variant")
async def read_variant(variant_id: FromPath[str], services: NamedDependency[Services]) -> VariantView:
    """A variant, read from the database."""
    return variant_view(await services.variants.read(unescaped(variant_id)))


@patch("/variants/{variant_id:str}", scope="write", dto=Strict, return_dto=None, summary="Change a variant")
async def change_variant(
    variant_id: FromPath[str],
    data: JSONBody[VariantPatch],
    request: AnyRequest,
    services: NamedDependency[Services],
) -> VariantView:
    """Change a variant; omitted fields stay. `{"status": "active"}` restores it, `{"pool": null}` ends its pool."""
    changed = await services.variants.change(unescaped(variant_id), data.changes(), actor(request))
    return variant_view(changed)


@delete("/variants/{variant_id:str}", scope="write", status_code=200, summary="Archive a variant")
async def archive_variant(
    variant_id: FromPath[str],
    request: AnyRequest,
    services: NamedDependency[Services],
    retire: FromQuery[bool] = False,
) -> VariantView:
    """Archive a variant: nothing shows it any more. Its counts are kept, and its id stays reserved.

    A variant of a running experiment is a 409, unless `retire` is true. Control is always a 409.
    """
    archived = await services.variants.change(
        unescaped(variant_id), {"status": "archived"}, actor(request), retire=retire
    )
    return variant_view(archived)


@get(
    "/variants/{variant_id:str}/stats",
    scope="read",
    operation_id="readVariantStats",
    summary="Read a variant's statistics",
)
async def variant_stats(
    variant_id: FromPath[str], services: NamedDependency[Services], confidence_level: FromQuery[float] = 0.95
) -> StatsView:
    """A variant's success rate, its intervals and its posterior."""
    variant = await services.variants.get(unescaped(variant_id))
    return stats_view(statistics(variant, confidence_level, services.variants.posterior_of(variant)))


@get(
    "/variants/{variant_id:str}/similar",
    scope="read",
    operation_id="readSimilarVariants",
    summary="Find similar variants",
)
async def similar_variants(
    variant_id: FromPath[str],
    services: NamedDependency[Services],
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 10,
) -> SimilarVariants:
    """The active variants of the same pool that are most like this one, by embedding or else by dimensions."""
    name = unescaped(variant_id)
    compared_by, found = await services.variants.similar(name, limit)
    return SimilarVariants(
        variant_id=name,
        compared_by=compared_by,
        similar=[
            SimilarVariant(
                one.variant.variant_id,
                one.similarity,
                performance_view(one.variant.impressions, one.variant.successes),
            )
            for one in found
        ],
    )


def encode_stats(services: Services, variant: Variant, confidence_level: float) -> bytes:
    """Return a variant's statistics as JSON."""
    return _encode(stats_view(statistics(variant, confidence_level, services.variants.posterior_of(variant))))


router = Router(
    "/",
    route_handlers=[
        list_variants,
        create_variants,
        read_variant,
        change_variant,
        archive_variant,
        variant_stats,
        similar_variants,
    ],
    tags=["variants"],
)
