"""Diagnoses an installation."""

import asyncio
import os
from collections.abc import Iterator

from armful.ops.database import database as the_database
from armful.ops.doctor._database import database
from armful.ops.doctor._finding import Finding, problem
from armful.ops.doctor._installation import data_folder, programs, variables
from armful.ops.doctor._service import service
from armful.ops.postgres import EmbeddedPostgresError
from armful.settings import Settings

__all__ = ["Finding", "examine"]


def examine(settings: Settings, host: str, port: int) -> Iterator[Finding]:
    """Examine everything. An embedded database that is not running is started for the examination.

    Args:
        settings: the installation's settings.
        host: the host on which it serves, or will serve.
        port: the port on that host.
    """
    yield from variables(os.environ)
    wrong = False
    for finding in (*programs(settings), *data_folder(settings)):
        wrong = wrong or (finding.verdict == "problem" and finding.subject in ("postgresql", "data folder"))
        yield finding
    # An embedded server is started only if its data folder exists and can be used.
    if settings.database_url is not None or ((settings.data_dir / "postgresql").exists() and not wrong):
        try:
            with the_database(settings) as dsn:
                yield from asyncio.run(_all(settings, dsn))
        except EmbeddedPostgresError as error:
            yield problem("database", str(error))
    yield from service(settings, host, port)


async def _all(settings: Settings, dsn: str) -> list[Finding]:
    return [finding async for finding in database(settings, dsn)]
