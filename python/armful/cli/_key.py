"""The API key that comes with a data folder."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

import rich_click as click

from armful.settings import Settings


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


def known_key(settings: Settings) -> str:
    """The key to ask a service with: the one that is set, else the one in the data folder.

    Raises:
        click.UsageError: there is neither.
    """
    if settings.api_key is not None:
        return settings.api_key
    if not (settings.data_dir / "api-key").exists():
        raise click.UsageError("No API key: give one with --key or in ARMFUL_API_KEY.")
    return own_key(settings.data_dir)


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
