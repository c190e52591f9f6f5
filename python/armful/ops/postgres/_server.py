"""Starts, supervises and stops the embedded server."""

import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from armful.ops.postgres import _cluster
from armful.ops.postgres._account import choose_account, environment
from armful.ops.postgres._errors import DataFolderInUse, StartFailed
from armful.ops.postgres._lock import DataFolderLock, find_holder
from armful.ops.postgres._processes import end_servers_in, read_postmaster_file, servers_in
from armful.ops.postgres._programs import find_programs
from armful.ops.postgres._socket import address, make_socket_folder

START_TIMEOUT = 120.0
"""Maximum seconds until a server is ready. Recovery after a crash takes most of it."""

SOON, LATER = 0.05, 5.0
"""Seconds before a server that died is restarted. The delay doubles, up to the second value, while it dies within ten
seconds of its start."""

LOG_LIMIT = 10_000_000
"""Size of the server's log in bytes at which a start renames it."""

SETTINGS = {
    # The server is reached through its socket only.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "cluster_name": "armful",
    "shared_buffers": "256MB",
    # What was acknowledged must be durable. Settings on the command line override those in the data folder.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "autovacuum": "on",
    # All statements are short, and parallel workers need more shared memory than containers have.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
}

log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """A PostgreSQL server in `data_dir`, which is created at the first start. It never outlives its owner.

    It listens on a Unix socket that only the owner can reach. If it dies unexpectedly, it is restarted at once with the
    same `dsn`. If the owner is killed, the server ends too, and committed data is there at the next start. Ctrl-C in the
    owner's terminal does not reach the server. Its log is `postgresql.log` in `data_dir`.

        with EmbeddedPostgres(Path("armful-data")) as postgres:
            connection = await asyncpg.connect(postgres.dsn)
    """

    def __init__(self, data_dir: Path, *, bin_dir: Path | None = None, max_connections: int = 100) -> None:
        """Configure the server; `start` starts it.

        Args:
            data_dir: the folder for the data. It is created with its parents, without access for other users.
            bin_dir: the folder with PostgreSQL's programs; by default those installed with armful.
            max_connections: the maximum number of simultaneous connections.
        """
        self._data_dir = data_dir.absolute()
        self._cluster = self._data_dir / "postgresql"
        self._log = self._data_dir / "postgresql.log"
        self._bin_dir = bin_dir
        self._settings = SETTINGS | {"max_connections": str(max_connections)}
        self._lock: DataFolderLock | None = None
        self._socket_dir: Path | None = None
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.Lock()
        self._spawning = threading.Lock()
        self._answering = threading.Event()
        self._stopping = threading.Event()

    @property
    def dsn(self) -> str:
        """The URL to connect to. It stays the same from `start` until `stop`."""
        if self._socket_dir is None:
            raise RuntimeError("the server has not been started")
        return address(self._socket_dir)

    @property
    def pid(self) -> int | None:
        """The server's process id, which changes when it is restarted. None while it does not run."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    def start(self) -> str:
        """Start the server, wait until it is ready, and return its `dsn`.

        Raises:
            ProgramsNotFound: there is no PostgreSQL to run.
            DataFolderInUse: another process has the data folder.
            DataFolderRefused: the data folder belongs to another major version or another user, or is not a cluster.
            StartFailed: anything else. The error quotes PostgreSQL's message if there is one.
        """
        with self._changing:
            if self._lock is not None:
                raise RuntimeError("the server has been started already")
            self._stopping.clear()
            try:
                self._prepare()
                self._start_supervisor()
            except OSError as error:
                self._clear_away()
                where = f": {error.filename}" if error.filename else ""
                raise StartFailed(
                    f"The embedded PostgreSQL cannot start in the data folder {self._data_dir} (ARMFUL_DATA_DIR): "
                    f"{error.strerror}{where}."
                ) from error
            except BaseException:
                self._clear_away()
                raise
            return self.dsn

    def stop(self, timeout: float = 5.0) -> None:
        """Stop the server. Open transactions are rolled back.

        A server that has not ended after `timeout` seconds is stopped immediately, and recovers at the next start. This
        also cancels a `start` in another thread.
        """
        self._stopping.set()
        with self._changing:
            self._clear_away(timeout)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _clear_away(self, timeout: float = 5.0) -> None:
        with self._spawning:
            self._stopping.set()
        if self._thread is not None:
            for number, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 5.0)):
                if self._process is not None:
                    self._process.send_signal(number)
                self._thread.join(patience)
                if not self._thread.is_alive():
                    break
            self._thread = None
        if self._socket_dir is not None:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
            self._socket_dir = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _prepare(self) -> None:
        self._programs = find_programs(self._bin_dir)
        self._account, major = choose_account(self._programs, self._cluster)
        _cluster.check(self._data_dir, self._cluster, major)
        _make_folder(self._data_dir)
        self._lock = DataFolderLock.acquire(self._data_dir)
        self._end_previous(self._lock.previous.socket_dir)
        _cluster.prepare(self._data_dir, self._cluster, self._programs, self._account, major)
        if self._log.exists() and self._log.stat().st_size > LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".log.1"))
        self._socket_dir = make_socket_folder(self._account)
        self._lock.record(self._socket_dir)

    def _end_previous(self, socket_dir: Path | None) -> None:
        """Clean up after an owner that was killed. Servers of other owners are not touched."""
        pid, listening_in, _ = read_postmaster_file(self._cluster)
        if pid in servers_in(self._cluster) and listening_in != socket_dir:
            raise DataFolderInUse(self._data_dir, pid)
        end_servers_in(self._cluster, patience=6.0)
        if socket_dir is not None:
            shutil.rmtree(socket_dir, ignore_errors=True)
        if pid is not None and Path(f"/proc/{pid}").exists():
            # Another program has this process id now, which is common in containers. PostgreSQL would take it for a server.
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _start_supervisor(self) -> None:
        self._answering.clear()
        # The server ends with the thread that started it. So the thread that starts it lives as long as this process.
        self._thread = threading.Thread(target=self._supervise, name="armful-postgres", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answering.wait(0.01):
            if self._stopping.is_set():
                raise StartFailed("PostgreSQL was stopped before it had started.")
            if not self._thread.is_alive():
                raise StartFailed(f"PostgreSQL did not start: it {self._fate}")
            if time.monotonic() > deadline:
                raise StartFailed(f"PostgreSQL did not answer within {START_TIMEOUT:.0f} seconds.")

    def _supervise(self) -> None:
        delay = SOON
        while True:
            begun = time.monotonic()
            try:
                if (process := self._spawn()) is None:
                    return
            except OSError as error:  # the system has no process or memory left
                self._fate = str(error)
            else:
                self._fate = self._watch(process)
            if self._stopping.is_set() or not self._answering.is_set():
                return
            log.warning("restarting PostgreSQL", reason=f"it {self._fate}")
            delay = SOON if time.monotonic() > begun + 10 else min(2 * delay, LATER)
            if self._stopping.wait(delay):
                return

    def _watch(self, process: subprocess.Popen[bytes]) -> str:
        """Wait until the server has ended, and return how it ended."""
        while process.poll() is None and not self._stopping.is_set():
            pid, _, answers = read_postmaster_file(self._cluster)
            if pid == process.pid and answers:
                self._answering.set()
                break
            time.sleep(0.01)
        status = process.wait()
        end_servers_in(self._cluster)
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"{how}: {words}" if (words := self._last_words()) else how

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        arguments = [f"-c{name}={value}" for name, value in self._settings.items()]
        command = self._account.command(
            self._programs / "postgres",
            f"-D{self._account.data_argument(self._cluster)}",
            f"-cunix_socket_directories={self._socket_dir}",
            *arguments,
            death=signal.SIGQUIT,  # an immediate end; commits are durable
        )
        log = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        self._log_start = os.fstat(log).st_size
        try:
            with self._spawning:
                if self._stopping.is_set():
                    return None
                # In a separate session, because Ctrl-C reaches every process of the terminal's foreground group.
                self._process = subprocess.Popen(  # noqa: S603
                    command,
                    cwd=self._cluster,
                    env=environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                return self._process
        finally:
            os.close(log)

    def _last_words(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").splitlines()
        grave = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return grave[-1].strip() if grave else ""


def find_running(data_dir: Path) -> str | None:
    """Return the URL of the server that another process runs in `data_dir`, or None.

    If a server is just starting, wait for it.
    """
    data_dir = data_dir.absolute()
    deadline = time.monotonic() + START_TIMEOUT
    while (holder := find_holder(data_dir)) is not None and time.monotonic() < deadline:
        _, listening_in, answers = read_postmaster_file(data_dir / "postgresql")
        if answers and listening_in is not None and listening_in == holder.socket_dir:
            return address(listening_in)
        time.sleep(0.05)
    return None


def _make_folder(data_dir: Path) -> None:
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    data_dir.mkdir(mode=0o700, exist_ok=True)
    if not any(data_dir.iterdir()) and data_dir.stat().st_uid == os.geteuid():
        data_dir.chmod(0o700)  # another user created it, such as a container's volume
