"""The data folder's API key, which `armful serve` creates at its first start."""

import os
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def own_key(data_dir: Path) -> str:
    """Read the key in `data_dir`. Create one if there is none.

    Raises:
        OSError: The file cannot be read or written.
        ValueError: The file is empty, or other users may have chosen the key.
    """
    file = data_dir / "api-key"
    if not os.path.lexists(file):
        _make(file)
    for reason in (unsafe_folder(data_dir), unsafe_key(file)):
        if reason is not None:
            raise ValueError(reason)
    # O_NOFOLLOW, because the file may have been replaced since.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor) as opened:
        key = opened.read().strip()
        if not key:
            raise ValueError(f"The file {file} is empty: delete it, and the next start makes a new API key.")
        if os.fstat(descriptor).st_uid == os.geteuid():
            os.fchmod(descriptor, 0o600)
    return key


def unsafe_folder(folder: Path) -> str | None:
    """Return a sentence if other users may write to a folder, because they could replace the files in it.

    A group that this process belongs to may write to the folder: volumes of containers need that.
    """
    status = folder.stat()
    ours = status.st_gid in (os.getegid(), *os.getgroups())
    mode = stat.S_IMODE(status.st_mode)
    if mode & stat.S_ISVTX or not mode & (stat.S_IWOTH | (0 if ours else stat.S_IWGRP)):
        return None
    return f"{folder} can be written to by other users (mode {mode:o}): `chmod go-w {folder}`."


def unsafe_key(file: Path) -> str | None:
    """Return a sentence if a key's file is a link or belongs to another user, who then knows the key."""
    status = file.lstat()
    anew = "delete it, and the next start makes a new API key."
    if not stat.S_ISREG(status.st_mode):
        kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "not a file"
        return f"{file} is {kind}: {anew}"
    if status.st_uid not in (os.geteuid(), 0):
        return f"{file} belongs to user {status.st_uid}, and this is user {os.geteuid()}: {anew}"
    return None


def _make(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="api-key-", dir=file.parent)  # readable by its owner only
    try:
        with os.fdopen(descriptor, "w") as unfinished:
            unfinished.write(f"armful_{secrets.token_urlsafe(32)}\n")
            unfinished.flush()
            os.fsync(descriptor)
        # The file appears together with its contents. If another process was faster, its key is used.
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()
