"""Examines the installed programs, the data folder and the port."""

import os
import platform
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from armful import __version__
from armful.ops.data_folder import unsafe_folder, unsafe_key
from armful.ops.doctor._finding import Finding, ok, problem, warning
from armful.ops.postgres import EmbeddedPostgresError, ProgramsNotFound, examine_cluster
from armful.settings import Settings, explain_unknown, unknown_variables

OLDEST_PYTHON = (3, 11)
LITTLE_SPACE, NO_SPACE = 5e9, 5e8
"""Free bytes on the data folder's disk: below the first number there is a warning, below the second a problem."""


def variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Examine the names of the environment variables."""
    for name, similar in unknown_variables(environment).items():
        yield warning("settings", f"{explain_unknown(name, similar)}.".replace("?.", "?"))


def programs(settings: Settings) -> Iterator[Finding]:
    """Examine the programs: Python, the compiled core and, if it is embedded, PostgreSQL."""
    version = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        yield problem("python", f"This is Python {version}; armful needs 3.11 or newer.")
    else:
        yield ok("python", f"armful {__version__} on Python {version}, {platform.machine()}.")
    yield _core()
    if settings.database_url is None:
        try:
            found = examine_cluster(settings.data_dir, settings.postgres_bin)
        except ProgramsNotFound as error:
            yield problem("postgresql", str(error))
        except EmbeddedPostgresError as error:
            yield problem("data folder", str(error))
        else:
            yield ok(
                "postgresql", f"PostgreSQL {found.major} from {found.programs}, run as user {found.uid}."
            )


def _core() -> Finding:
    # In a separate process, because the core warns of a debug build only when it is first imported.
    command = [sys.executable, "-P", "-W", "error", "-c", "import armful._core"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return ok("core", "The compiled core loads, and is a release build.")
    said = (done.stderr.splitlines() or ["no reason given"])[-1]
    if "debug build" in said:
        return warning(
            "core", "The compiled core is a debug build and slow: build it anew with `make setup`."
        )
    return problem("core", f"The compiled core does not load ({said}): install armful anew.")


def data_folder(settings: Settings) -> Iterator[Finding]:
    """Examine the data folder: its owner, its permissions and the free space."""
    folder = settings.data_dir.absolute()
    try:
        status = folder.stat()
    except FileNotFoundError:
        if settings.database_url is None:
            yield ok("data folder", f"{folder} is not there yet: the first `armful serve` makes it.")
        return
    except OSError as error:
        yield problem("data folder", f"{folder} cannot be looked at: {error.strerror}.")
        return
    if not stat.S_ISDIR(status.st_mode):
        yield problem("data folder", f"{folder} is not a folder: name another in ARMFUL_DATA_DIR.")
        return
    if os.geteuid() not in (0, status.st_uid):
        yield problem(
            "data folder",
            f"{folder} is user {status.st_uid}'s, and this is user {os.geteuid()}: run armful as that user.",
        )
    elif (reason := unsafe_folder(folder)) is not None:
        yield problem("data folder", reason)
    elif status.st_mode & 0o077:
        yield warning(
            "data folder",
            f"{folder} is open to other users (mode {status.st_mode & 0o777:o}): `chmod 700 {folder}`.",
        )
    else:
        yield ok("data folder", f"{folder} is open to its owner only.")
    yield from _key_file(folder / "api-key")
    yield _space(folder)


def _key_file(file: Path) -> Iterator[Finding]:
    try:
        unsafe = unsafe_key(file)
        mode = file.lstat().st_mode & 0o777
        empty = not file.lstat().st_size
    except FileNotFoundError:
        return
    except OSError as error:
        yield problem("key file", f"{file} cannot be looked at: {error.strerror}.")
        return
    if unsafe is not None:
        yield problem("key file", unsafe)
    elif empty:
        yield problem("key file", f"{file} is empty: delete it, and the next start makes a new API key.")
    elif mode & 0o077:
        yield problem(
            "key file",
            f"{file}, a key with every scope, can be read by other users (mode {mode:o}): `chmod 600 {file}`.",
        )
    else:
        yield ok("key file", f"{file} is readable by its owner only.")


def _space(folder: Path) -> Finding:
    usage = shutil.disk_usage(folder)
    free = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.0f} GB are free for {folder}"
    if usage.free < NO_SPACE:
        return problem("disk", f"{free}: updates will be refused when nothing is left. Make room.")
    if usage.free < LITTLE_SPACE:
        return warning("disk", f"{free}: make room, or keep events for fewer days with ARMFUL_EVENT_DAYS.")
    return ok("disk", f"{free}.")


def port(host: str, number: int) -> bool:
    """Whether a process listens at the address."""
    try:
        socket.create_connection((host, number), timeout=2).close()
    except OSError:
        return False
    return True
