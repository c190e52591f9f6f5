"""A PgBouncer before a test's PostgreSQL."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlsplit

from tests.conftest import run, skip_without
from tests.processes import wait_until

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def require_pgbouncer() -> None:
    """Skip the test if there is no PgBouncer here, but fail in CI."""
    if PROGRAM is None:
        skip_without("there is no pgbouncer here: apt-get install pgbouncer")


class PgBouncer:
    """A running PgBouncer. Every database of the server can be reached through it."""

    def __init__(self, folder: Path, dsn: str, mode: str, **options: object) -> None:
        address = urlsplit(dsn)
        host = address.hostname or parse_qs(address.query)["host"][0]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._file = folder / "pgbouncer.ini"
        self._server = f"host={host} port={address.port or 5432} user={address.username}"
        self._name = address.path[1:]
        self._settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": mode,
            "default_pool_size": 20,
            "admin_users": "admin",
            **options,
        }
        self.write(**{self._name: self._name})
        as_other = ["-u", "nobody"] if os.geteuid() == 0 else []
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [PROGRAM, "-q", *as_other, str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.dsn = f"postgresql://armful@127.0.0.1:{self.port}/{quote(self._name)}"

    def write(self, **databases: str) -> None:
        """Write its file; `databases` are names that lead to another database than the one so called."""
        lines = [f"{name} = {self._server} dbname={other}" for name, other in databases.items()]
        settings = [f"{name} = {value}" for name, value in self._settings.items()]
        text = "\n".join(["[databases]", *lines, f"* = {self._server}", "[pgbouncer]", *settings, ""])
        self._file.write_text(text)
        self._file.chmod(0o644)

    def reload(self) -> None:
        """Have it read its file again."""
        console = f"postgresql://admin@127.0.0.1:{self.port}/pgbouncer"
        run(lambda connection: connection.execute("RELOAD"), console)

    def wait(self) -> None:
        """Wait until it takes connections."""

        def takes_connections() -> bool:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
            return False

        wait_until(takes_connections, 10)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@contextmanager
def pgbouncer(dsn: str, mode: str, **options: object) -> Iterator[PgBouncer]:
    """A PgBouncer in that pool mode before the server at `dsn`."""
    require_pgbouncer()
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # it does not run as root
        running = PgBouncer(Path(folder), dsn, mode, **options)
        try:
            running.wait()
            yield running
        finally:
            running.stop()
