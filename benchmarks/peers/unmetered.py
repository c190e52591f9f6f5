"""armful without metrics. The difference from armful is what the metrics cost."""

from typing import Any

from armful import app, lifespan
from armful.observability.metrics import Metrics, Observe
from armful.settings import Settings


class Unmetered(Metrics):
    """Metrics that record no requests and no selections."""

    def request_observer(self, method: str, endpoint: str, status: int) -> Observe:
        return bool

    def selection_observer(self, algorithm: str, persona_id: str) -> Observe:
        return self.selection_observers[algorithm].setdefault(persona_id, bool)


def create_app(settings: Settings) -> Any:
    lifespan.Metrics = Unmetered  # type: ignore[misc]
    return app.create_app(settings)
