"""Runs PostgreSQL's programs that write and read dumps."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from armful.domain.errors import ArmfulError
from armful.ops.backup._archive import CHUNK
from armful.ops.postgres import ProgramsNotFound, find_programs

_UNKNOWN_TO_OLDER = b"SET transaction_timeout = 0;\n"
"""A setting that pg_restore writes from version 17 on, and that older servers reject."""


class ProgramFailed(ArmfulError):
    """{} failed: {}"""


def programs(bin_dir: Path | None) -> Path:
    """Find the folder with `pg_dump`, `pg_restore` and `psql`: the folder of the embedded server's programs.

    Raises:
        ProgramsNotFound: one of the programs is missing there.
    """
    folder = find_programs(bin_dir)
    if missing := [n for n in ("pg_dump", "pg_restore", "psql") if not os.access(folder / n, os.X_OK)]:
        raise ProgramsNotFound(
            f"PostgreSQL's {' and '.join(missing)} are not in {folder}: name a folder that has them in ARMFUL_POSTGRES_BIN."
        )
    return folder


def dump(folder: Path, dsn: str, snapshot: str) -> Iterator[bytes]:
    """Return pg_dump's output for armful's schema in a snapshot, in the custom format, in pieces.

    Raises:
        ProgramFailed: pg_dump failed; the error quotes its message.
    """
    command = [
        str(folder / "pg_dump"),
        *("--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=10s"),
        *(f"--snapshot={snapshot}", "--schema=armful", f"--dbname={_address(dsn)}"),
    ]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=_environment(dsn), stdout=subprocess.PIPE, stderr=said)  # noqa: S603
        try:
            assert process.stdout is not None
            while chunk := process.stdout.read(CHUNK):
                yield chunk
            if process.wait() != 0:
                raise ProgramFailed("pg_dump", _words(said))
        finally:
            _end(process)


def load(folder: Path, dsn: str, dump: Iterator[bytes], before: str, after: str) -> None:
    """Load a dump in one transaction that begins with the SQL `before` and ends with `after`.

    Raises:
        ProgramFailed: pg_restore or psql failed; the error quotes its message, and the database is unchanged.
    """
    reader = [str(folder / "pg_restore"), "--no-owner", "--no-privileges"]
    writer = [str(folder / "psql"), "-Xq", "--set=ON_ERROR_STOP=1", f"--dbname={_address(dsn)}"]
    environment = _environment(dsn)
    pipe = subprocess.PIPE
    with tempfile.TemporaryFile() as read, tempfile.TemporaryFile() as wrote:
        restoring = subprocess.Popen(  # noqa: S603
            [*reader, "--file=-"], env=environment, stdin=pipe, stdout=pipe, stderr=read
        )
        loading = subprocess.Popen(  # noqa: S603
            writer, env=environment, stdin=pipe, stdout=subprocess.DEVNULL, stderr=wrote
        )
        feeding = threading.Thread(target=_feed, args=(restoring.stdin, dump), daemon=True)
        try:
            assert restoring.stdout is not None
            assert loading.stdin is not None
            feeding.start()
            # If psql no longer reads, it has failed, and has printed the reason.
            with suppress(BrokenPipeError):
                loading.stdin.write(f"BEGIN;\n{before}\n".encode())
                head = restoring.stdout.read(CHUNK)
                loading.stdin.write(head.replace(_UNKNOWN_TO_OLDER, b"", 1))
                while chunk := restoring.stdout.read(CHUNK):
                    loading.stdin.write(chunk)
                # Only a dump that was read completely may be committed.
                if restoring.wait() == 0:
                    loading.stdin.write(f"\n{after}\nCOMMIT;\n".encode())
            with suppress(BrokenPipeError):
                loading.stdin.close()
            if loading.wait() != 0:
                raise ProgramFailed("psql", _words(wrote))
            if restoring.returncode != 0:
                raise ProgramFailed("pg_restore", _words(read))
        finally:
            _end(restoring)
            _end(loading)
            feeding.join()


def _feed(to: IO[bytes], chunks: Iterator[bytes]) -> None:
    with suppress(BrokenPipeError):
        for chunk in chunks:
            to.write(chunk)
    with suppress(BrokenPipeError):
        to.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()


def _words(file: IO[bytes]) -> str:
    """Return the most informative line of a program's output."""
    file.seek(0)
    lines = file.read().decode(errors="replace").splitlines()
    errors = [line for line in lines if "ERROR:" in line or "error:" in line or "FATAL:" in line]
    return (errors or lines or ["it did not say why"])[0].strip()


def _address(dsn: str) -> str:
    """Return the URL without its password, because all users of the machine can read command lines."""
    parts = urlsplit(dsn)
    user, at, host = parts.netloc.rpartition("@")
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "password"]
    return urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + host, query=urlencode(query)))


def _environment(dsn: str) -> dict[str, str]:
    parts = urlsplit(dsn)
    password = dict(parse_qsl(parts.query)).get("password") or unquote(parts.password or "")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ARMFUL_")}
    return (
        ours
        | {"PGAPPNAME": "armful-backup", "PGCONNECT_TIMEOUT": "10"}
        | ({"PGPASSWORD": password} if password else {})
    )
