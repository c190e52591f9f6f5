"""Finds out how armful would run a server in a data folder, without changing anything."""

from dataclasses import dataclass
from pathlib import Path

from armful.ops.postgres import _cluster
from armful.ops.postgres._account import choose_account
from armful.ops.postgres._programs import find_programs


@dataclass(frozen=True)
class Examined:
    """How armful would run a server in a data folder."""

    programs: Path
    major: int
    uid: int


def examine_cluster(data_dir: Path, bin_dir: Path | None = None) -> Examined:
    """Check whether a server can be started in `data_dir`, as far as that is possible without changing anything.

    Raises:
        ProgramsNotFound: there is no PostgreSQL to run.
        DataFolderRefused: the data folder belongs to another major version or another user, or is not a cluster.
    """
    cluster = data_dir.absolute() / "postgresql"
    programs = find_programs(bin_dir)
    account, major = choose_account(programs, cluster)
    _cluster.check(data_dir, cluster, major)
    return Examined(programs, major, account.owner[0])
