"""The database's clock, as a process knows it without asking each time."""

from datetime import UTC, datetime
from time import monotonic, time


class DatabaseClock:
    """Tells the database's time: several processes on several hosts decide by one clock, whatever their own say.

    It is set by every read of the change feed. Until the first one it has the process's own time.
    """

    def __init__(self) -> None:
        self._start = time() - monotonic()

    def set(self, now: datetime) -> None:
        """Set the clock to the time that the database has just told."""
        self._start = now.timestamp() - monotonic()

    def time(self) -> float:
        """Return the time in seconds since 1970."""
        return self._start + monotonic()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(self._start + monotonic(), UTC)
