"""The errors of the embedded server. Each message is a sentence for the user.

EmbeddedPostgresError
├── ProgramsNotFound    there is no PostgreSQL, or none that can be run
├── DataFolderInUse     another process uses the data folder
├── DataFolderRefused   the data folder contains something that must not be changed
└── StartFailed         PostgreSQL or the operating system failed
"""

from pathlib import Path


class EmbeddedPostgresError(Exception):
    """The base of every error of the embedded server."""


class ProgramsNotFound(EmbeddedPostgresError):
    """There is no PostgreSQL, or none that can be run."""


class DataFolderInUse(EmbeddedPostgresError):
    """The data folder {} is in use by process {}"""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(f"The data folder {data_dir} is in use by {holder}: stop that one first.")
        self.pid = pid


class DataFolderRefused(EmbeddedPostgresError):
    """The data folder contains something that must not be changed. Nothing was changed."""


class StartFailed(EmbeddedPostgresError):
    """PostgreSQL or the operating system failed."""
