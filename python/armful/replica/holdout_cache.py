"""The in-memory copy of the global holdout."""

from armful.domain.holdout import Holdout


class HoldoutCache:
    """Holds the global holdout, so that selections need no database query. The change feed keeps it up to date."""

    def __init__(self) -> None:
        self.current: Holdout | None = None

    def holds_out(self, participant_id: str) -> bool:
        """Whether a participant is held out; False without a holdout."""
        return self.current is not None and self.current.holds_out(participant_id)
