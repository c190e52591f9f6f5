"""An estimate of the database's clock, so that a process need not query the time."""

from datetime import UTC, datetime
from time import monotonic, time


class DatabaseClock:
    """Returns the database's time, so that processes on several hosts use the same clock even if their own clocks differ.

    Every read of the change feed sets it. Before the first read, it returns the process's own time.
    """

    def __init__(self) -> None:
        self._start = time() - monotonic()

    def set(self, now: datetime) -> None:
        """Set the clock to a time that the database has just returned."""
        self._start = now.timestamp() - monotonic()

    def time(self) -> float:
        """Return the time in seconds since 1970."""
        return self._start + monotonic()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(self._start + monotonic(), UTC)
