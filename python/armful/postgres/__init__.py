"""A PostgreSQL server in a data folder: started, supervised and stopped with the process that owns it."""

from armful.postgres._errors import (
    DataFolderInUse,
    DataFolderRefused,
    EmbeddedPostgresError,
    ProgramsNotFound,
    StartFailed,
)
from armful.postgres._programs import find_programs
from armful.postgres._server import EmbeddedPostgres, find_running

__all__ = [
    "DataFolderInUse",
    "DataFolderRefused",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "ProgramsNotFound",
    "StartFailed",
    "find_programs",
    "find_running",
]
