"""The database that a command uses: the configured one, the running embedded one, or one started for the command."""

from collections.abc import Iterator
from contextlib import contextmanager

from armful.db.usable import explained
from armful.ops.postgres import EmbeddedPostgres, find_running
from armful.settings import Settings


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Yield the URL of the database. An embedded server that is not running is started for the block."""
    running = settings.database_url or find_running(settings.data_dir)
    if running is not None:
        with explained(running):
            yield running
    else:
        with (
            EmbeddedPostgres(settings.data_dir, bin_dir=settings.postgres_bin) as server,
            explained(server.dsn),
        ):
            yield server.dsn
