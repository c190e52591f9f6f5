"""A variant's past: by day, by persona, and what was changed about it."""

from datetime import UTC, datetime, timedelta

from armful.engine.variants import Variants
from armful.storage import history
from armful.storage.history import History
from armful.storage.pool import Pool


class Histories:
    """The past of the database's variants."""

    def __init__(self, pool: Pool, variants: Variants) -> None:
        self._pool = pool
        self._variants = variants

    async def of(self, variant_id: str, days: int) -> History:
        """What happened to a variant today and on the `days` − 1 UTC days before.

        Raises:
            VariantNotFound: there is none of that id.
        """
        variant = await self._variants.get(variant_id)
        return await history.of_variant(self._pool, variant.key, first_day(days))


def first_day(days: int) -> datetime:
    """The beginning of the first of the last `days` UTC days, today included."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days - 1)
