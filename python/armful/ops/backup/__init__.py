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
    """Back up the database at `dsn` to `file`, as of one moment. The database can be used meanwhile.

    Args:
        dsn: where the database is.
        file: what to write; one of that name is replaced once the copy is whole.
        bin_dir: the folder with PostgreSQL's programs; by default those of the embedded server.

    Raises:
        ProgramsNotFound: pg_dump is not to be found.
        NothingToBackUp: the database has never been armful's.
        ProgramFailed: pg_dump refused; `file` is as it was.
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
    """Restore the backup in `file` to the database at `dsn`, and migrate it: completely or not at all.

    Its rows and totals are compared with those it was made of before it is committed.

    Args:
        dsn: where the database is.
        file: what `back_up` has written. It is trusted: a dump is a program for PostgreSQL to run.
        replace: whether what armful has in the database may be thrown away.
        bin_dir: as in `back_up`.

    Raises:
        Damaged: the file is no whole backup.
        NewerSchema, InUse, NotOurs, NotEmpty: see `armful.ops.backup.store.check_target`.
        ProgramFailed: PostgreSQL refused, or the totals differ; the database is as it was.
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
