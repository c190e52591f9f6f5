"""Finds and ends the server processes of a cluster, including those that another process started."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path


def servers_in(cluster: Path) -> list[int]:
    """Find the PostgreSQL servers and their children whose working directory is `cluster`.

    Returns their process ids. Needs Linux's /proc. On other systems, the list is empty.
    """
    folder = cluster.resolve()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or belongs to another user
            # A shell or an editor may have the same working directory.
            if (process / "cwd").readlink() == folder and (process / "exe").readlink().name.startswith(
                "postgres"
            ):
                found.append(int(process.name))
    return found


def end_servers_in(cluster: Path, patience: float = 0) -> None:
    """Wait up to `patience` seconds for the servers in `cluster` to end by themselves, then kill them."""
    now = time.monotonic()
    while (servers := servers_in(cluster)) and time.monotonic() < now + patience + 5:
        if time.monotonic() >= now + patience:
            for pid in servers:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def read_postmaster_file(cluster: Path) -> tuple[int | None, Path | None, bool]:
    """Read `postmaster.pid` in `cluster`: the process id, the folder of the socket, and whether the server is ready."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None, None, False
    pid, socket_dir, status = (lines[at].strip() if at < len(lines) else "" for at in (0, 4, 7))
    return (
        (int(pid) if pid.isdigit() else None),
        (Path(socket_dir) if socket_dir else None),
        status == "ready",
    )
