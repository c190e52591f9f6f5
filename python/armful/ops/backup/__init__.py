"""Backs up the database to a file, and restores it from one."""

import asyncio
from pathlib import Path

from armful import __version__
from armful.db.migrate import migrate
from armful.ops.backup import _archive, _programs
from armful.ops.backup import store as storage
from armful.ops.backup._archive import Damaged, Manifest
from armful.ops.backup._programs import ProgramFailed

__all__ = ["Damaged", "Manifest", "ProgramFailed", "back_up", "restore"]


async def back_up(dsn: str, file: Path, *, bin_dir: Path | None = None) -> Manifest:
    """Back up the database at `dsn` to `file`. The backup shows one moment. The database stays usable while it is made.

    Args:
        dsn: where the database is.
        file: the file to write. An existing file is replaced after the backup is complete.
        bin_dir: the folder with PostgreSQL's programs; by default those of the embedded server.

    Raises:
        ProgramsNotFound: pg_dump was not found.
        NothingToBackUp: armful has never used the database.
        ProgramFailed: pg_dump failed; `file` is unchanged.
    """
    programs = _programs.programs(bin_dir)
    async with storage.moment(dsn) as now:
        manifest = Manifest(
            armful=__version__,
            at=now.at,
            server=now.server,
            migration=now.number,
            tables=now.tables,
        )
        return await asyncio.to_thread(
            _archive.write, file, manifest, lambda: _programs.dump(programs, dsn, now.snapshot)
        )


async def restore(dsn: str, file: Path, *, replace: bool = False, bin_dir: Path | None = None) -> Manifest:
    """Restore the backup in `file` to the database at `dsn`, and migrate it, in one transaction.

    Before the commit, the numbers of rows and the totals are compared with those of the database that was backed up.

    Args:
        dsn: where the database is.
        file: a file that `back_up` wrote. Restore only files that you trust: PostgreSQL runs the SQL in a dump.
        replace: whether armful's data in the database may be deleted.
        bin_dir: as in `back_up`.

    Raises:
        Damaged: the file is not a complete backup.
        NewerSchema, InUse, NotOurs, NotEmpty: see `armful.ops.backup.store.check_target`.
        ProgramFailed: PostgreSQL failed, or the totals differ; the database is unchanged.
    """
    programs = _programs.programs(bin_dir)
    manifest = await asyncio.to_thread(_archive.read, file)
    await storage.check_target(dsn, manifest.migration, replace=replace)
    await asyncio.to_thread(
        _programs.load,
        programs,
        dsn,
        _archive.dump(file),
        storage.clear(),
        storage.check(manifest.tables),
    )
    await storage.analyze(dsn)
    await migrate(dsn)
    return manifest
