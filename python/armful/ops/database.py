"""The database a command works on: the one named, the one that is running, or the data folder's, started for as long."""

from collections.abc import Iterator
from contextlib import contextmanager

from armful.ops.postgres import EmbeddedPostgres, find_running
from armful.settings import Settings


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Where the database is, for as long as the block runs."""
    running = settings.database_url or find_running(settings.data_dir)
    if running is not None:
        yield running
    else:
        with EmbeddedPostgres(settings.data_dir, bin_dir=settings.postgres_bin) as server:
            yield server.dsn
