"""The global holdout: participants that no experiment and no policy touches."""

from datetime import datetime

from msgspec import Struct

from armful.domain.unit_hash import unit_hash


class Holdout(Struct, frozen=True):
    """A share of all participants, in (0, 0.5]. They are shown the variants of `baseline`, in order of preference."""

    share: float
    salt: str
    """Stays while the share changes, so that a larger share keeps everybody who was held out."""
    baseline: list[str]
    started_at: datetime

    def holds_out(self, participant_id: str) -> bool:
        """Whether the participant is held out."""
        return unit_hash(self.salt, participant_id) < self.share
