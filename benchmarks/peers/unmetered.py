"""armful that counts nothing for `/metrics`: what counting costs is its distance from armful."""

from typing import Any

from armful import app, lifespan
from armful.observability.metrics import Metrics, Observe
from armful.settings import Settings


class Unmetered(Metrics):
    """A metrics that is told of everything and keeps nothing."""

    def request_observer(self, method: str, endpoint: str, status: int) -> Observe:
        return bool

    def selection_observer(self, algorithm: str, persona_id: str) -> Observe:
        return self.selection_observers[algorithm].setdefault(persona_id, bool)


def create_app(settings: Settings) -> Any:
    lifespan.Metrics = Unmetered  # type: ignore[misc]
    return app.create_app(settings)
