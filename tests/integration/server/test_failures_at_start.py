"""Whatever is wrong at start is a sentence that names the setting and its value, and never a traceback."""

import asyncio
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from tests.faults.proxy import Proxy
from tests.pgbouncer import pgbouncer
from tests.processes import ARMFUL, environment

from armful.cli import _COMMANDS
from armful.settings import Settings, from_environment

AWAY = "postgresql://me:s3cret@127.0.0.1:1/db"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files and folders that are not what a setting wants."""
    folder = tmp_path_factory.mktemp("wrong")
    for cert, key in (("cert", "key"), ("other-cert", "other-key")):
        words = (
            f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout {key} -out {cert}"
        )
        subprocess.run(words.split(), cwd=folder, check=True, capture_output=True)
    (folder / "text").write_text("no certificate\n")
    (folder / "empty").touch()
    (folder / "folder").mkdir()
    (folder / "with-key").mkdir(mode=0o700)
    (folder / "with-key" / "api-key").mkdir()
    return folder


def failure(folder: Path, *words: str, **settings: str) -> tuple[int, str]:
    """The exit status of a command that fails, and its sentence."""
    done = subprocess.run(
        [*ARMFUL, *words],
        env={**environment(folder / "data"), **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "s3cret" not in done.stderr
    # Only the log may come before the sentence.
    *before, last = done.stderr.splitlines() or [""]
    assert all("[info" in line for line in before), done.stderr
    return done.returncode, last


def refused(folder: Path, **settings: str) -> str:
    """What `armful serve` says."""
    status, said = failure(folder, "serve", "--port", "0", **settings)
    assert status == 1, said
    assert said.startswith("armful: ")
    return said


NUMBERS = {
    "POOL_SIZE": ("many", "0", "-1", "1.5", "10001", "inf"),
    "QUEUE_LIMIT": ("many", "0", "-1", "1.5", "99999999999999999999"),
    "COMMIT_TIMEOUT": ("soon", "0", "-1", "nan", "inf", "1e9"),
    "POLL_INTERVAL": ("soon", "0", "-1", "nan", "inf", "1e9"),
    "EVENT_DAYS": ("many", "-1", "1.5", "99999999999999999999"),
    "EVENT_ID_DAYS": ("many", "-1", "1.5", "99999999999999999999"),
    "BODY_LIMIT": ("10MB", "0", "-1", "1.5", "99999999999999999999"),
    "RECEIVE_TIMEOUT": ("soon", "0", "-1", "nan", "inf", "1e9"),
    "KEEP_ALIVE": ("soon", "0", "-1", "nan", "inf", "1e9"),
    "WAIT_LIMIT": ("soon", "0", "-1", "nan", "inf", "1e9"),
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in NUMBERS.items() for value in values]
)
def test_a_number_out_of_range_is_refused(name: str, value: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^ARMFUL_{name} is '{re.escape(value)}': write a .*number (from|above) "
    ):
        from_environment({f"ARMFUL_{name}": value})


# One wrong value of each setting, and the words that name it beside the setting's own name.
WRONG = [
    *((name, value, value) for name, values in NUMBERS.items() for value in values[:1]),
    ("METRICS_OPEN", "perhaps", "use true or false"),
    ("LOG_REQUESTS", "perhaps", "use true or false"),
    ("TRACES", "perhaps", "use true or false"),
    ("LOG_LEVEL", "loud", "use one of debug, info, warning, error"),
    ("LOG_FORMAT", "xml", "use one of console, json"),
    ("CORS_ORIGINS", "https://a.example/path", "https://a.example/path"),
    ("ROOT_PATH", "armful", "'armful'"),
    ("API_KEY", "zwölf Zeichen", "visible ASCII characters"),
    ("DATABASE_URL", "nonsense", "postgresql://user:password@host:port/name"),
    ("DATABASE_URL", "http://me:s3cret@host/db", "postgresql://user:password@host:port/name"),
    ("DATABASE_URL", "postgresql://me:s3cret@[::1/db", "postgresql://user:password@host:port/name"),
    ("DATABASE_URL", "postgresql://me:s3cret@host:many/db", "postgresql://user:password@host:port/name"),
    ("DATABASE_URL", AWAY, "127.0.0.1:1/db"),
    ("DATABASE_URL", "postgresql://me:s3cret@no.such.host/db", "no.such.host/db"),
    ("DATABASE_URL", f"{AWAY}?sslmode=verify-full&sslrootcert=/nowhere", "sslrootcert"),
    ("DATA_DIR", "text", "/text (ARMFUL_DATA_DIR)"),
    ("DATA_DIR", "text/below", "/text/below (ARMFUL_DATA_DIR)"),
    ("DATA_DIR", "/proc/nowhere", "/proc/nowhere (ARMFUL_DATA_DIR)"),
    ("DATA_DIR", "/dev/null", "/dev/null (ARMFUL_DATA_DIR)"),
    ("POSTGRES_BIN", "/nowhere", "/nowhere"),
    ("POSTGRES_BIN", "text", "text"),
    ("POSTGRES_BIN", "folder", "folder"),
    ("METRICS_DIR", "text", "text"),
    ("METRICS_DIR", "text/below", "text/below"),
    ("METRICS_DIR", "/proc/nowhere", "/proc/nowhere"),
    ("TLS_CERT", "cert", "ARMFUL_TLS_KEY (--tls-key) is not set"),
    ("TLS_KEY", "key", "ARMFUL_TLS_CERT (--tls-cert) is not set"),
]


def test_every_setting_is_tried() -> None:
    fields = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    assert {name for name, _, _ in WRONG} == fields


@pytest.mark.parametrize(("name", "value", "words"), WRONG, ids=lambda value: value[:40])
def test_a_wrong_setting_is_a_sentence(folder: Path, name: str, value: str, words: str) -> None:
    said = refused(folder, **{f"ARMFUL_{name}": value})
    assert f"ARMFUL_{name}" in said
    assert words in said


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("cert", "other-key", "the key is not that of the certificate"),
        ("nowhere", "key", "ARMFUL_TLS_CERT (--tls-cert) is nowhere, which cannot be read: No such file"),
        ("cert", "nowhere", "ARMFUL_TLS_KEY (--tls-key) is nowhere, which cannot be read: No such file"),
        ("folder", "key", "ARMFUL_TLS_CERT (--tls-cert) is folder, which cannot be read: Is a directory"),
        ("cert", "/proc/self/mem", "ARMFUL_TLS_KEY (--tls-key) is /proc/self/mem, which cannot be read"),
        ("empty", "key", "The certificate empty (ARMFUL_TLS_CERT (--tls-cert))"),
        ("text", "key", "not a PEM file of its kind"),
        ("key", "cert", "not a PEM file of its kind"),
    ],
)
def test_unusable_tls_files_are_a_sentence(folder: Path, cert: str, key: str, words: str) -> None:
    assert words in refused(folder, ARMFUL_TLS_CERT=cert, ARMFUL_TLS_KEY=key)


@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
@pytest.mark.parametrize("value", ["nonsense", "localhost:4318", "http://", "ftp://collector"])
def test_a_collector_that_is_no_url_is_a_sentence(folder: Path, name: str, value: str) -> None:
    said = refused(folder, ARMFUL_TRACES="true", **{name: value})
    assert said.startswith(f"armful: {name} is {value!r}: write the URL of the collector")


def test_a_key_file_that_is_none_is_a_sentence(folder: Path, database: str) -> None:
    data_dir = folder / "with-key"
    said = refused(folder, ARMFUL_DATABASE_URL=database, ARMFUL_DATA_DIR=str(data_dir))
    assert f"{data_dir}/api-key is not a file" in said


def test_a_port_in_use_is_a_sentence(folder: Path, database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, said = failure(folder, "serve", "--port", port, ARMFUL_DATABASE_URL=database)
    assert status == 1
    assert said == f"armful: Port {port} on 127.0.0.1 is in use: choose another one with --port."


def test_a_database_that_does_not_exist_is_a_sentence(folder: Path, database: str) -> None:
    with Proxy(database.replace("/test_", "/never_made_")) as network:
        said = refused(folder, ARMFUL_DATABASE_URL=network.dsn)
    assert "(ARMFUL_DATABASE_URL) cannot be used" in said
    assert 'database "never_made_' in said


def test_a_wrong_password_is_a_sentence(folder: Path, database: str) -> None:
    with TemporaryDirectory() as readable:
        Path(readable).chmod(0o755)  # PgBouncer does not run as root
        users = Path(readable, "users")
        users.write_text('"armful" "right"\n')
        with pgbouncer(database, "session", auth_type="plain", auth_file=users) as pooler:
            said = refused(folder, ARMFUL_DATABASE_URL=pooler.dsn.replace("armful@", "armful:s3cret@"))
    assert "(ARMFUL_DATABASE_URL) cannot be used" in said
    assert "%XX" in said


class OldServer(Proxy):
    """A network behind which the server says that it is PostgreSQL 13."""

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, swallow: Callable[[], bool]
    ) -> None:
        while data := await source.read(65_536):
            target.write(re.sub(rb"(server_version\x00)\d\d", rb"\g<1>13", data))
        target.transport.abort()


@pytest.mark.parametrize("words", ["serve --port 0", "migrate", "keys list", "export"])
def test_a_database_that_is_too_old_is_a_sentence(folder: Path, database: str, words: str) -> None:
    with OldServer(database) as network:
        status, said = failure(folder, *words.split(), ARMFUL_DATABASE_URL=network.dsn)
    assert status == 1
    assert "The database in ARMFUL_DATABASE_URL is PostgreSQL 13" in said
    assert "needs PostgreSQL 14 or newer" in said


COMMANDS = [
    # An argument that is wrong, or none where one is needed.
    ("serve --port many", 2, "'many'"),
    ("serve --port 70000", 2, "70000"),
    ("serve --workers 0", 2, "--workers"),
    ("serve --tls-cert nowhere", 2, "nowhere"),
    ("serve --fast", 2, "--fast"),
    ("migrate twice", 2, "twice"),
    ("keys make", 2, "make"),
    ("keys create", 2, "NAME"),
    ("keys create a --scope everything", 2, "everything"),
    ("keys create a --rate-limit 0", 2, "--rate-limit"),
    ("keys create a --expires-in-days nan", 2, "--expires-in-days"),
    ("keys rotate a --overlap -1", 2, "--overlap"),
    ("keys revoke", 2, "KEY_ID"),
    ("import nowhere", 2, "nowhere"),
    ("import folder", 2, "folder"),
    ("import text --format xml", 2, "xml"),
    ("export folder", 2, "folder"),
    ("export nowhere/out.csv", 1, "nowhere"),
    ("backup folder", 2, "folder"),
    ("backup text", 1, "text"),
    ("backup nowhere/backup.tar", 1, "nowhere"),
    ("restore nowhere", 2, "nowhere"),
    ("restore text", 1, "text"),
    ("doctor --port 0", 2, "--port"),
    ("power", 2, "--baseline"),
    ("power --baseline 2 --mde 0.1", 1, "2.0"),
    ("power --baseline nan --mde 0.1", 1, "nan"),
    ("power --baseline 0.1 --mde inf", 1, "inf"),
    ("power --baseline 0.1 --mde 0.01 --daily-participants 0", 1, "0.0"),
    ("demo --seconds 0", 2, "--seconds"),
    ("demo --url nonsense --key k", 2, "'nonsense'"),
    ("demo --url http://127.0.0.1:99999 --key k", 2, "99999"),
    ("watch --url http://[::1 --key k", 2, "http://[::1"),
    ("watch --url http://127.0.0.1:1 --key schlüssel", 2, "--key"),
    ("watch --url http://127.0.0.1:1", 2, "ARMFUL_API_KEY"),
    ("watch --key k --dimension channel", 2, "'channel'"),
    ("watch --every 0", 2, "--every"),
    ("simulate", 2, "--rates"),
    ("simulate --rates a,b", 2, "'a,b'"),
    ("simulate --rates 2,3", 1, "2"),
    ("simulate --arms 100000000000", 2, "--arms"),
    ("simulate --arms 3 --prior 1", 2, "--prior"),
    ("simulate --arms 3 --prior nan,1", 2, "--prior"),
    ("simulate --rates 0.1,0.2 --policies best", 2, "'best'"),
    ("simulate --rates 0.1,0.2 --json nowhere/out", 2, "nowhere/out"),
    ("simulate --rates 0.1,0.2 --plot nowhere/out.png", 2, "nowhere/out.png"),
    ("simulate --rates 0.1,0.2 --plot out.gif", 2, "--plot"),
    ("replay nowhere", 2, "nowhere"),
    ("replay text --key k", 1, "text"),
    ("replay tests.csv --key k --json nowhere/out", 2, "nowhere/out"),
    ("fly", 2, "'fly'"),
    # A service or a database that cannot be reached.
    ("serve --port 0", 1, "127.0.0.1:1/db (ARMFUL_DATABASE_URL)"),
    ("migrate", 1, "127.0.0.1:1/db (ARMFUL_DATABASE_URL)"),
    ("keys create a", 1, "127.0.0.1:1/db (ARMFUL_DATABASE_URL)"),
    ("keys list", 1, "127.0.0.1:1/db (ARMFUL_DATABASE_URL)"),
    ("keys rotate a", 1, "127.0.0.1:1/db (ARMFUL_DATABASE_URL)"),
    ("keys revoke a", 1, "127.0.0.1:1/db (ARMFUL_DATABASE_URL)"),
    ("import text", 1, "127.0.0.1:1/db (ARMFUL_DATABASE_URL)"),
    ("export out.csv", 1, "127.0.0.1:1/db (ARMFUL_DATABASE_URL)"),
    ("backup backup.tar", 1, "127.0.0.1:1/db (ARMFUL_DATABASE_URL)"),
    ("demo --url http://127.0.0.1:1 --key k", 1, "http://127.0.0.1:1"),
    ("watch --url http://127.0.0.1:1 --key k --once", 1, "http://127.0.0.1:1"),
]


def test_every_command_is_tried() -> None:
    tried = {words.split()[0] for words, _, _ in COMMANDS}
    assert tried == {*_COMMANDS, "fly"}


@pytest.mark.parametrize(("words", "status", "named"), COMMANDS, ids=lambda value: str(value)[:60])
def test_a_command_that_cannot_work_is_a_sentence(folder: Path, words: str, status: int, named: str) -> None:
    settings = {"ARMFUL_DATABASE_URL": AWAY, "ARMFUL_DATA_DIR": str(folder / "never")}
    found, said = failure(folder, *words.split(), **settings)
    assert found == status
    assert said.startswith("armful: ")
    assert named in said
    assert not (folder / "out.csv").exists()
    assert not (folder / "backup.tar").exists()
