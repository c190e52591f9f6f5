"""Finds out how a server in a data folder would be run, without changing anything."""

from dataclasses import dataclass
from pathlib import Path

from armful.ops.postgres import _cluster
from armful.ops.postgres._account import choose_account
from armful.ops.postgres._programs import find_programs


@dataclass(frozen=True)
class Examined:
    """How a server in a data folder would be run."""

    programs: Path
    major: int
    uid: int


def examine_cluster(data_dir: Path, bin_dir: Path | None = None) -> Examined:
    """Check whether a server could be started in `data_dir`, as far as possible without changing anything.

    Raises:
        ProgramsNotFound: there is no PostgreSQL to run.
        DataFolderRefused: the data folder is another major version's, another user's, or no cluster.
    """
    cluster = data_dir.absolute() / "postgresql"
    programs = find_programs(bin_dir)
    account, major = choose_account(programs, cluster)
    _cluster.check(data_dir, cluster, major)
    return Examined(programs, major, account.owner[0])
