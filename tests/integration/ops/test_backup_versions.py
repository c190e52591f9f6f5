"""Backups go to servers of older versions and back."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import processes
from tests.conftest import Running, new_database, serving
from tests.integration.contract import create, report
from tests.integration.ops.test_backup import back_up, bring_back, totals

from armful.ops.postgres import EmbeddedPostgres

OLDER = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("1[4-7]/bin/initdb"))]


@contextmanager
def older_server() -> Iterator[str]:
    """A server of an older version that is on this machine, and its address."""
    who = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name), Path(name) / "data"
        if who:
            shutil.chown(folder, **who)
        making = [
            OLDER[0] / "initdb",
            "--username=armful",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "-D",
            data,
        ]
        subprocess.run(making, check=True, capture_output=True, cwd="/", **who)
        server = subprocess.Popen(
            [OLDER[0] / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **who,
        )  # fmt: skip
        try:
            processes.wait_until(lambda: "ready" in _said(data / "postmaster.pid"), 60)
            yield f"postgresql://armful@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)


def _said(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def test_to_an_older_server_and_back(service: Running, postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    if not OLDER:
        assert not os.environ.get("CI"), "an older PostgreSQL is missing: CI installs one"
        pytest.skip("there is no older PostgreSQL on this machine (Debian: apt-get install postgresql)")
    file = tmp_path / "backup.tar"
    source, target = service.settings.database_url or "", new_database(postgres)
    create(service.client, "a", "b")
    report(service.client, "a", success=True, event_id="first")
    back_up(source, file)
    with older_server() as older:
        bring_back(older, file)
        assert totals(older) == totals(source)
        with serving(older) as other:
            report(other.client, "a")
        made = back_up(older, file)
    assert int(made.server.split(".")[0]) < 18
    bring_back(target, file)
    assert totals(target)[0] == totals(source)[0] + 1
