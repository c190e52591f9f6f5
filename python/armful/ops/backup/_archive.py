"""The format of a backup: a tar archive of a PostgreSQL dump and a manifest of its contents.

`tar xf FILE` extracts `database.dump`, in pg_dump's custom format, and `manifest.json`. So a backup can be read without
armful.
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
"""The exceptions of tarfile for bytes that are not an archive, or an archive without the wanted file."""


class Damaged(ArmfulError):
    """{} is not a complete backup: {}"""


class CannotWrite(ArmfulError):
    """The backup {} cannot be written: {}"""


class Manifest(Struct, frozen=True, kw_only=True):
    """The manifest of a backup."""

    format: int = FORMAT
    armful: str
    """The version of armful that made it."""

    at: datetime
    """The moment of the database's state."""

    server: str
    """The version of PostgreSQL."""

    migration: int
    """The number of the database's newest migration."""

    tables: dict[str, Content]
    size: int = 0
    sha256: str = ""


def write(path: Path, manifest: Manifest, dump: Callable[[], Iterator[bytes]]) -> Manifest:
    """Write a dump to the file `path`, readable by its owner only. An existing file is replaced after all is on disk.

    Returns:
        The manifest with the dump's size and digest.

    Raises:
        CannotWrite: the disk is full, for example; an existing file is unchanged.
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
            out.seek(tarfile.BLOCKSIZE)  # the header contains the size, which is not known yet
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
    """Return the manifest of a backup, after checking that its dump is unchanged.

    Raises:
        Damaged: the file is not a backup, or its dump is changed or incomplete.
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
    """Return the dump of a backup in pieces."""
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
    return info.tobuf(tarfile.GNU_FORMAT)  # one block, even for sizes above 8 GiB


def _pad(out: BinaryIO | io.BufferedWriter) -> None:
    out.write(bytes(-out.tell() % tarfile.BLOCKSIZE))


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
