"""The use cases: what a caller can ask of armful, whichever way it asks."""

from typing import Self
from uuid import UUID

from msgspec import Struct

from armful.engine.audit import Audit
from armful.engine.experiments import Experiments
from armful.engine.history import Histories
from armful.engine.keys import Keys
from armful.engine.live import Live
from armful.engine.overview import Overviews
from armful.engine.performance import Performance
from armful.engine.selection import Selections
from armful.engine.standings import Standings
from armful.engine.variants import Variants
from armful.meter import Meter
from armful.state.keyring import Keyring
from armful.state.recorder import Recorder
from armful.state.registry import Registry
from armful.storage.pool import Pool


class Engine(Struct, frozen=True):
    """One process's use cases over one database."""

    selections: Selections
    performance: Performance
    variants: Variants
    experiments: Experiments
    keys: Keys
    audit: Audit
    overviews: Overviews
    histories: Histories
    standings: Standings
    live: Live

    @classmethod
    def over(
        cls, pool: Pool, registry: Registry, recorder: Recorder, keyring: Keyring, meter: Meter, source: UUID
    ) -> Self:
        """Put the use cases together."""
        variants = Variants(pool, registry, source)
        return cls(
            selections=Selections(registry, meter),
            performance=Performance(recorder, variants),
            variants=variants,
            experiments=Experiments(pool, variants, source),
            keys=Keys(pool, keyring, source),
            audit=Audit(pool),
            overviews=Overviews(pool, registry),
            histories=Histories(pool, variants),
            standings=Standings(pool, registry),
            live=Live(registry),
        )
