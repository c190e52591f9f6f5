"""armful that counts nothing for `/metrics`: what counting costs is its distance from armful."""

from typing import Any

from armful import app, lifespan
from armful.meter import Meter
from armful.settings import Settings


class Unmetered(Meter):
    """A meter that is told of everything and keeps nothing."""

    def request(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        pass

    def selection(self, algorithm: str, persona_id: str, seconds: float) -> None:
        pass


def create_app(settings: Settings) -> Any:
    lifespan.Meter = Unmetered  # type: ignore[misc]
    return app.create_app(settings)
