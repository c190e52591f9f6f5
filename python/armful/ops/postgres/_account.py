"""Chooses the user that PostgreSQL's programs run as, because they refuse to run as root."""

import dataclasses
import json
import os
import pwd
import re
import signal
import subprocess
import sys
from pathlib import Path

from armful.ops.postgres._errors import ProgramsNotFound

LAUNCHER = Path(__file__).with_name("_launch.py")
NOBODY = 65534
# Other variables are not passed on: PG* would change what the programs do, and some may contain keys.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")


@dataclasses.dataclass(frozen=True)
class Account:
    """A user to run programs as."""

    uid: int
    """The user id that the programs see."""

    gid: int
    """Their group id."""

    namespace: bool = False
    """Whether that user exists only in a user namespace. Outside of it, the programs run as our own user."""

    @property
    def owner(self) -> tuple[int, int]:
        """The user and group that must own their files."""
        return (os.geteuid(), os.getegid()) if self.namespace else (self.uid, self.gid)

    def data_argument(self, folder: Path) -> str:
        """Return the path that names `folder` for a program that runs as this account and is started in `folder`.

        Another user may have no access to the folders above, and so cannot use the full path. The folder in which
        the program was started can be used in any case.
        """
        return "/proc/self/cwd" if self.owner[0] != os.geteuid() else str(folder)

    def command(self, program: Path, *arguments: str, death: signal.Signals = signal.SIGKILL) -> list[str]:
        """Return a command that runs `program` as this account, and ends it by the signal `death` when this thread ends."""
        options = {"parent": os.getpid(), "signal": death, **dataclasses.asdict(self)}
        return [
            sys.executable,
            "-I",
            "-S",
            "-B",
            str(LAUNCHER),
            json.dumps(options),
            str(program),
            *arguments,
        ]


def environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"LC_ALL": "C"}


def choose_account(programs: Path, cluster: Path) -> tuple[Account, int]:
    """Choose the account to run the programs as, and find their major version.

    It is our own account unless we are root. If we are root, it is the first of these that can run the programs: the
    owner of the files in `cluster`, the user `nobody`, and a user in a user namespace that stands for root.

    Raises:
        ProgramsNotFound: none of these accounts can run the programs.
    """
    complaints = []
    for account in _candidates(cluster):
        command = account.command(programs / "postgres", "--version")
        answer = subprocess.run(  # noqa: S603
            command, env=environment(), cwd="/", capture_output=True, text=True, check=False, timeout=30
        )
        if answer.returncode == 0 and (version := re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)):
            return account, int(version[1])
        complaints.append((answer.stderr.splitlines() or ["no version"])[-1].removeprefix("FATAL: "))
    if os.geteuid() == 0:
        raise ProgramsNotFound(
            f"PostgreSQL refuses to run as root, the user nobody cannot run the programs in {programs}, "
            f"and user namespaces are not available either ({'; '.join(complaints)}): run armful as another "
            "user, install it where every user can read it, or name a running server in ARMFUL_DATABASE_URL."
        )
    raise ProgramsNotFound(f"PostgreSQL cannot be run from {programs}: {'; '.join(complaints)}.")


def _candidates(cluster: Path) -> list[Account]:
    nobody = _nobody()
    alias = dataclasses.replace(nobody, namespace=True)
    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:  # initdb needs a name for its user, and containers may run under an id without one
            return [alias]
        return [Account(os.geteuid(), os.getegid())]
    if not cluster.exists():
        return [nobody, alias]
    owner = cluster.stat()
    if owner.st_uid == 0:
        return [alias, nobody]
    return [Account(owner.st_uid, owner.st_gid), nobody, alias]


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(NOBODY, NOBODY)
    return Account(entry.pw_uid, entry.pw_gid)
