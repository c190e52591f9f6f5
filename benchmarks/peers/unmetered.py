"""armful that counts nothing for `/metrics`: what counting costs is its distance from armful."""

from typing import Any

from armful import app, lifespan
from armful.meter import Meter, Note
from armful.settings import Settings


class Unmetered(Meter):
    """A meter that is told of everything and keeps nothing."""

    def request_note(self, method: str, endpoint: str, status: int) -> Note:
        return bool

    def selection_note(self, algorithm: str, persona_id: str) -> Note:
        return self.selection_notes[algorithm].setdefault(persona_id, bool)


def create_app(settings: Settings) -> Any:
    lifespan.Meter = Unmetered  # type: ignore[misc]
    return app.create_app(settings)
