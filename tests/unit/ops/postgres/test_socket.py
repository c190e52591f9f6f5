"""The socket folders of servers that are gone are removed."""

import os
import subprocess
import sys
from pathlib import Path

from armful.ops.postgres._socket import NAME, _remove_abandoned


def folder(base: Path, name: str, pid: int) -> Path:
    made = base / name
    made.mkdir()
    (made / f"{NAME}.lock").write_text(f"{pid}\n/somewhere\n")
    return made


def test_only_folders_of_dead_servers_without_an_owner_are_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = folder(tmp_path, "armful-dead", ended.pid)
    alive = folder(tmp_path, "armful-alive", os.getpid())
    others = folder(tmp_path, "somebody-else", ended.pid)
    starting = tmp_path / "armful-starting"
    starting.mkdir()
    damaged = folder(tmp_path, "armful-damaged", ended.pid)
    (damaged / f"{NAME}.lock").write_text("no number")
    # Its server was killed, and its owner is about to start it again.
    restarting = folder(tmp_path, "armful-restarting", ended.pid)
    (restarting / "owner").write_text(str(os.getpid()))
    both_dead = folder(tmp_path, "armful-both-dead", ended.pid)
    (both_dead / "owner").write_text(str(ended.pid))
    _remove_abandoned(tmp_path)
    assert not dead.exists()
    assert not both_dead.exists()
    assert all(path.exists() for path in (alive, others, starting, damaged, restarting))
