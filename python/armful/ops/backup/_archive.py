"""The file a backup is: a tar archive of a PostgreSQL dump and of what must be in it.

`tar xf FILE` gives `database.dump`, in pg_dump's custom format, and `manifest.json`: what is in a backup can be had without
armful as well.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from armful.domain.errors import ArmfulError
from armful.ops.backup.store import Content

DUMP, MANIFEST = "database.dump", "manifest.json"
FORMAT = 2
CHUNK = 1 << 20

_UNREADABLE = (tarfile.TarError, KeyError, ValueError, EOFError, OverflowError)
"""What tarfile raises over bytes that are no archive, or one without the file wanted."""


class Damaged(ArmfulError):
    """{} is no whole backup: {}"""


class CannotWrite(ArmfulError):
    """The backup {} cannot be written: {}"""


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup says of itself."""

    format: int = FORMAT
    armful: str
    """The version that made it."""

    at: datetime
    """The moment it shows."""

    server: str
    """PostgreSQL's version."""

    migration: int
    """The newest migration of the database."""

    tables: dict[str, Content]
    size: int = 0
    sha256: str = ""


def write(path: Path, manifest: Manifest, dump: Callable[[], Iterator[bytes]]) -> Manifest:
    """Write what `dump` gives to the file `path`, readable by us only; one of that name is replaced once all is on disk.

    Returns:
        The manifest with the dump's size and digest.

    Raises:
        CannotWrite: the disk is full, or something of the kind; a file of that name is as it was.
    """
    try:
        return _write(path, manifest, dump)
    except OSError as error:
        raise CannotWrite(path, error.strerror) from error


def _write(path: Path, manifest: Manifest, dump: Callable[[], Iterator[bytes]]) -> Manifest:
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            digest = hashlib.sha256()
            out.seek(tarfile.BLOCKSIZE)  # the header says how long it is, which nobody knows yet
            for chunk in dump():
                digest.update(chunk)
                out.write(chunk)
            size = out.tell() - tarfile.BLOCKSIZE
            manifest = msgspec.structs.replace(manifest, size=size, sha256=digest.hexdigest())
            _pad(out)
            text = msgspec.json.format(msgspec.json.encode(manifest))
            out.write(_header(MANIFEST, len(text), manifest.at))
            out.write(text)
            _pad(out)
            out.write(bytes(2 * tarfile.BLOCKSIZE))
            out.seek(0)
            out.write(_header(DUMP, size, manifest.at))
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
        _sync(path.absolute().parent)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def read(path: Path) -> Manifest:
    """The manifest of the backup `path`, whose dump is as it was written.

    Raises:
        Damaged: it is something else.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            file = archive.extractfile(MANIFEST)
            assert file is not None
            manifest = msgspec.json.decode(file.read(), type=Manifest)
    except (*_UNREADABLE, AssertionError, msgspec.DecodeError) as error:
        raise Damaged(path, f"it has no readable {MANIFEST}") from error
    if manifest.format != FORMAT:
        raise Damaged(path, f"its format is {manifest.format}, and this armful reads {FORMAT}")
    digest = hashlib.sha256()
    for chunk in dump(path):
        digest.update(chunk)
    if digest.hexdigest() != manifest.sha256:
        raise Damaged(path, "its contents are not those that were written")
    return manifest


def dump(path: Path) -> Iterator[bytes]:
    """The dump in the backup `path`, piece by piece."""
    try:
        with tarfile.open(path, "r:") as archive:
            file = archive.extractfile(DUMP)
            assert file is not None
            while chunk := file.read(CHUNK):
                yield chunk
    except (*_UNREADABLE, AssertionError) as error:
        raise Damaged(path, f"it has no readable {DUMP}") from error


def _header(name: str, size: int, at: datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(at.timestamp())
    return info.tobuf(tarfile.GNU_FORMAT)  # one block, for sizes beyond 8 GiB too


def _pad(out: BinaryIO | io.BufferedWriter) -> None:
    out.write(bytes(-out.tell() % tarfile.BLOCKSIZE))


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
