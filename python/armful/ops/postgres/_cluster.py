"""Creates and checks PostgreSQL's data directory (the cluster)."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from armful.ops.postgres._account import Account, environment
from armful.ops.postgres._errors import DataFolderRefused, StartFailed

USER = "armful"
"""The superuser of a new cluster."""

UNFINISHED = "initdb-"
"""The beginning of the name of a cluster that is not complete."""


def check(data_dir: Path, cluster: Path, major: int) -> None:
    """Check that PostgreSQL `major` can serve `cluster`, or that `cluster` does not exist. Writes nothing.

    Raises:
        DataFolderRefused: the folder contains something else.
    """
    if (data_dir / "PG_VERSION").exists():
        raise DataFolderRefused(
            f"The data folder {data_dir} is a PostgreSQL cluster itself: name another in ARMFUL_DATA_DIR, "
            "or start its server and name that in ARMFUL_DATABASE_URL. Nothing in it was changed."
        )
    try:
        version = (cluster / "PG_VERSION").read_text().strip()
        owner = cluster.stat().st_uid
    except FileNotFoundError:
        if cluster.exists() and any(cluster.iterdir()):
            raise DataFolderRefused(
                f"The folder {cluster} is neither empty nor a PostgreSQL cluster: move it away. "
                "Nothing in it was changed."
            ) from None
        return
    if version != str(major):
        raise DataFolderRefused(
            f"The data in {cluster} was written by PostgreSQL {version}, and this is PostgreSQL {major}: "
            f"name a folder with PostgreSQL {version}'s programs in ARMFUL_POSTGRES_BIN, or move the data "
            "over with pg_dumpall or pg_upgrade. Nothing was changed."
        )
    if os.geteuid() not in (0, owner):
        raise DataFolderRefused(
            f"The data in {cluster} belongs to user {owner}, and this is user {os.geteuid()}: "
            "start armful as that user. Nothing was changed."
        )


def prepare(data_dir: Path, cluster: Path, programs: Path, account: Account, major: int) -> None:
    """Create `cluster` if it does not exist, and make `account` the owner of its files.

    It is created under another name, and renamed when it is complete. If the creation is interrupted, the rest is never
    mistaken for a cluster.
    """
    for leftover in data_dir.glob(UNFINISHED + "*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if (cluster / "PG_VERSION").exists():
        if cluster.stat().st_uid != account.owner[0]:
            _give(cluster, account)
        return
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=data_dir))
    try:
        _give(unfinished, account)
        _initdb(unfinished, programs, account, major)
        unfinished.rename(cluster)
        _sync(data_dir)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _initdb(folder: Path, programs: Path, account: Account, major: int) -> None:
    # From version 17 on, PostgreSQL has a UTF-8 locale that does not depend on the C library.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
    command = account.command(
        programs / "initdb",
        f"--pgdata={account.data_argument(folder)}",
        f"--username={USER}",
        "--encoding=UTF8",
        "--locale=C",
        *locale,
        "--data-checksums",
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
    )
    result = subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        check=False,
    )
    if result.returncode != 0:
        lines = [line for line in result.stdout.splitlines() if "FATAL" in line or "error:" in line]
        raise StartFailed(
            f"PostgreSQL could not make its data folder: {(lines or [result.stdout])[0].strip()}"
        )


def _give(folder: Path, account: Account) -> None:
    uid, gid = account.owner
    for path, _, names in os.walk(folder):
        for name in (".", *names):
            os.chown(Path(path, name), uid, gid, follow_symlinks=False)


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
