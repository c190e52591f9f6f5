"""Creates the folder of the server's socket, which only its owner can reach, with a short path."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from armful.ops.postgres._account import Account
from armful.ops.postgres._cluster import USER
from armful.ops.postgres._errors import StartFailed

NAME = ".s.PGSQL.5432"
_PREFIX = "armful-"
_OWNER = "owner"  # the file that has the process id of the server's owner
PATH_LIMIT = 107
"""Maximum length of the path of a Unix socket in bytes."""


def make_socket_folder(account: Account) -> Path:
    """Create a folder for a socket. The data folder's path may be too long, or closed to `account`."""
    for base in ("/tmp", tempfile.gettempdir()):  # noqa: S108
        if not os.access(base, os.W_OK | os.X_OK):
            continue
        _remove_abandoned(Path(base))
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        if len(os.fsencode(folder / NAME)) <= PATH_LIMIT:
            (folder / _OWNER).write_text(str(os.getpid()))
            os.chown(folder, *account.owner)
            return folder
        folder.rmdir()
    raise StartFailed(
        "There is no folder for PostgreSQL's socket: /tmp cannot be written to, nor can TMPDIR."
    )


def _remove_abandoned(base: Path) -> None:
    """Remove folders that remain because their owner was killed, the server with it, and never started again."""
    for lock in base.glob(f"{_PREFIX}*/{NAME}.lock"):
        # Folders of other users cannot be read, and their servers may be running.
        with suppress(OSError, ValueError):
            if not _is_running(int(lock.read_text().split()[0])) and not _has_owner(lock.parent):
                shutil.rmtree(lock.parent)


def _has_owner(folder: Path) -> bool:
    """Whether the owner still runs. It starts a server that was killed again, in the same folder."""
    owner = folder / _OWNER
    return owner.exists() and _is_running(int(owner.read_text()))


def _is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def address(socket_dir: Path) -> str:
    """Return the URL of the server that listens in `socket_dir`."""
    return f"postgresql://{USER}@/postgres?host={quote(str(socket_dir), safe='/')}"
