"""Starts, changes and stops the global holdout."""

import asyncio
import secrets
from collections.abc import Sequence
from uuid import UUID

from armful.contract.holdout import HoldoutRequest
from armful.db.pool import Pool, acquire
from armful.domain.errors import Refused, VariantNotFound
from armful.domain.holdout import Holdout
from armful.domain.key import Actor
from armful.features.holdouts import store as holdouts
from armful.features.holdouts.report import HoldoutReport, compute_report
from armful.features.variants.service import Variants
from armful.replica.holdout_cache import HoldoutCache
from armful.replica.holdout_rows import read_holdout


class Holdouts:
    """The operations on the global holdout.

    A change takes effect in this process at once, and in others through the change feed.
    """

    def __init__(self, pool: Pool, variants: Variants, cache: HoldoutCache, process_id: UUID) -> None:
        self._pool = pool
        self._variants = variants
        self._cache = cache
        self._process_id = process_id

    async def get(self) -> Holdout | None:
        """Return the holdout, or None if there is none."""
        async with acquire(self._pool) as connection:
            return await read_holdout(connection)

    async def report(self) -> HoldoutReport:
        """Compute the cumulative effect since the holdout began."""
        async with (
            acquire(self._pool) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            holdout = await read_holdout(connection)
            totals = await holdouts.totals(connection)
        # Each day has figures of its own: in a thread they do not block selections.
        return await asyncio.to_thread(compute_report, holdout, totals)

    async def put(self, request: HoldoutRequest, actor: Actor) -> Holdout:
        """Start a holdout, or change its share and its baseline. Everybody who is held out stays so if the share grows.

        Raises:
            Refused: A variant of the baseline is unknown, archived or named twice.
        """
        await self._check_baseline(request.baseline)
        async with acquire(self._pool) as connection:
            put = await holdouts.put(
                connection, self._process_id, actor, request.share, secrets.token_hex(8), request.baseline
            )
            self._cache.current = await read_holdout(connection)
        return put

    async def _check_baseline(self, baseline: Sequence[str]) -> None:
        for variant_id in baseline:
            if baseline.count(variant_id) > 1:
                raise Refused(f"baseline names '{variant_id}' twice")
            try:
                variant = await self._variants.get(variant_id)
            except VariantNotFound as error:
                # Not a 404: the variant is named in the request's body, not in its path.
                raise Refused(str(error)) from error
            if variant.status != "active":
                raise Refused(f"Variant '{variant_id}' is archived")

    async def stop(self, actor: Actor) -> Holdout | None:
        """Stop the holdout, and return it as it was; None if there was none."""
        async with acquire(self._pool) as connection:
            ended = await holdouts.delete(connection, self._process_id, actor)
            self._cache.current = await read_holdout(connection)
        return ended
