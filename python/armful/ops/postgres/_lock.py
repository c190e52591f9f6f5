"""The lock of a data folder: a file that the holder keeps locked. Its contents identify the holder."""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from armful.ops.postgres._errors import DataFolderInUse


@dataclass(frozen=True)
class Holder:
    """The contents of the lock file. They remain if the holder is killed, so that the next holder can clean up."""

    pid: int | None = None
    """The id of the process that started the server."""

    socket_dir: Path | None = None
    """The folder of the server's socket."""


class DataFolderLock:
    """The lock of a data folder, held until `release` or the end of this process."""

    def __init__(self, file: int, previous: Holder) -> None:
        self._file = file
        self.previous = previous

    @classmethod
    def acquire(cls, data_dir: Path) -> Self:
        """Take the lock.

        Raises:
            DataFolderInUse: another process holds it.
        """
        file = _open(data_dir, os.O_RDWR | os.O_CREAT)
        for wait in (*[0.05] * 10, None):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if wait is None:
                    pid = _read(file).pid
                    os.close(file)
                    raise DataFolderInUse(data_dir, pid) from None
                time.sleep(wait)  # another process's `find_holder` holds it for a moment only
        lock = cls(file, _read(file))
        lock.record(lock.previous.socket_dir)
        return lock

    def record(self, socket_dir: Path | None) -> None:
        """Write this process's id and the folder of its server's socket."""
        self._write(f"{os.getpid()}\n{socket_dir or ''}\n")

    def release(self) -> None:
        """Release the lock."""
        self._write("")
        os.close(self._file)

    def _write(self, text: str) -> None:
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, os.fsencode(text), 0)


def find_holder(data_dir: Path) -> Holder | None:
    """Return the holder of `data_dir`'s lock, if there is one."""
    try:
        file = _open(data_dir, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(file)
    finally:
        os.close(file)
    return None


def _open(data_dir: Path, flags: int) -> int:
    return os.open(data_dir / "lock", flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _read(file: int) -> Holder:
    pid, socket_dir, *_ = [*os.pread(file, 4096, 0).splitlines(), b"", b""]
    return Holder(int(pid) if pid.isdigit() else None, Path(os.fsdecode(socket_dir)) if socket_dir else None)
