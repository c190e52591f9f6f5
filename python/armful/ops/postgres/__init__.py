"""An embedded PostgreSQL server: started, supervised and stopped by the process that owns its data folder."""

from armful.ops.postgres._errors import (
    DataFolderInUse,
    DataFolderRefused,
    EmbeddedPostgresError,
    ProgramsNotFound,
    StartFailed,
)
from armful.ops.postgres._examine import Examined, examine_cluster
from armful.ops.postgres._programs import find_programs
from armful.ops.postgres._server import EmbeddedPostgres, find_running

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
