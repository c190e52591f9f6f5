"""A PostgreSQL server in a data folder: started, supervised and stopped with the process that owns it."""

from armful.postgres._errors import (
    DataFolderInUse,
    DataFolderRefused,
    EmbeddedPostgresError,
    ProgramsNotFound,
    StartFailed,
)
from armful.postgres._examine import Examined, examine_cluster
from armful.postgres._programs import find_programs
from armful.postgres._server import EmbeddedPostgres, find_running

__all__ = [
    "DataFolderInUse",
    "DataFolderRefused",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "Examined",
    "ProgramsNotFound",
    "StartFailed",
    "examine_cluster",
    "find_programs",
    "find_running",
]
