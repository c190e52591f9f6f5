"""The data folder: the API key that `armful serve` makes on its first start."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def own_key(data_dir: Path) -> str:
    """Read the key in `data_dir`, and make one first where there is none.

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
    descriptor, name = tempfile.mkstemp(prefix="api-key-", dir=file.parent)  # readable by us only
    try:
        with os.fdopen(descriptor, "w") as unfinished:
            unfinished.write(f"armful_{secrets.token_urlsafe(32)}\n")
            unfinished.flush()
            os.fsync(descriptor)
        # Whole or not at all; and where another process was quicker, its key stands.
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()
