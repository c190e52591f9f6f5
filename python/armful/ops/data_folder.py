"""The data folder's API key, which `armful serve` creates at its first start."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def own_key(data_dir: Path) -> str:
    """Read the key in `data_dir`. Create one if there is none.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: there is nothing in it.
    """
    file = data_dir / "api-key"
    try:
        key = file.read_text().strip()
    except FileNotFoundError:
        _make(file)
        key = file.read_text().strip()
    if not key:
        raise ValueError(f"The file {file} is empty: delete it, and the next start makes a new API key.")
    file.chmod(0o600)
    return key


def _make(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="api-key-", dir=file.parent)  # readable by its owner only
    try:
        with os.fdopen(descriptor, "w") as unfinished:
            unfinished.write(f"armful_{secrets.token_urlsafe(32)}\n")
            unfinished.flush()
            os.fsync(descriptor)
        # The file appears with its contents. If another process was faster, its key counts.
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()
