"""What `ARMFUL_DATABASE_URL` may say: TLS, any password, several hosts."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

import pytest
from tests.conftest import new_database
from tests.pgbouncer import PgBouncer, pgbouncer

from armful.db.pool import connect
from armful.db.usable import DatabaseUnusable, explained
from armful.ops.postgres import EmbeddedPostgres

PASSWORD = "p@ss/w:rd%20?#&=ö \\"


@pytest.fixture(scope="module")
def certificate() -> Iterator[tuple[Path, Path]]:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PgBouncer does not run as root
        cert, key = Path(folder, "cert.pem"), Path(folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-out", cert, "-keyout", key],
            check=True, capture_output=True,
        )  # fmt: skip
        if os.geteuid() == 0:
            key.chmod(0o644)
        yield cert, key


@pytest.fixture(scope="module")
def guarded(postgres: EmbeddedPostgres, certificate: tuple[Path, Path]) -> Iterator[PgBouncer]:
    """A server that asks for TLS and a password: a PgBouncer, as the embedded PostgreSQL has neither."""
    cert, key = certificate
    users = cert.with_name("users")
    users.write_text(f'"armful" "{PASSWORD}"\n')
    with pgbouncer(
        new_database(postgres),
        "session",
        auth_type="plain",
        auth_file=users,
        client_tls_sslmode="require",
        client_tls_cert_file=cert,
        client_tls_key_file=key,
    ) as running:
        yield running


def url(server: PgBouncer, *, password: str = PASSWORD, hosts: str = "localhost:{}", query: str) -> str:
    parts = urlsplit(server.dsn)
    return f"postgresql://armful:{quote(password, safe='')}@{hosts.format(server.port)}{parts.path}?{query}"


def asked(dsn: str) -> int:
    async def ask() -> int:
        connection = await connect(dsn)
        try:
            answer: int = await connection.fetchval("SELECT 1")
            return answer
        finally:
            await connection.close()

    with explained(dsn):
        return asyncio.run(ask())


@pytest.mark.parametrize("mode", ["require", "verify-full", "verify-ca"])
def test_tls(guarded: PgBouncer, certificate: tuple[Path, Path], mode: str) -> None:
    root = "" if mode == "require" else f"&sslrootcert={certificate[0]}"
    assert asked(url(guarded, query=f"sslmode={mode}{root}")) == 1


@pytest.mark.parametrize(
    ("host", "query"),
    [
        ("localhost:{}", "sslmode=disable"),
        ("localhost:{}", "sslmode=verify-full&sslrootcert=/etc/hostname"),
        ("127.0.0.1:{}", "sslmode=verify-full&sslrootcert={root}"),  # not the name in the certificate
    ],
)
def test_tls_that_cannot_be_had_is_a_sentence(
    guarded: PgBouncer, certificate: tuple[Path, Path], host: str, query: str
) -> None:
    dsn = url(guarded, hosts=host, query=query.format(root=certificate[0]))
    with pytest.raises(DatabaseUnusable, match="cannot be used"):
        asked(dsn)


def test_a_wrong_password_is_a_sentence_that_does_not_show_it(guarded: PgBouncer) -> None:
    with pytest.raises(DatabaseUnusable, match="%XX") as raised:
        asked(url(guarded, password="wr@ng", query="sslmode=require"))
    assert "@ng" not in str(raised.value)


@pytest.mark.parametrize("attributes", ["any", "read-write", "primary"])
def test_the_next_host_is_asked(database: str, attributes: str) -> None:
    with pgbouncer(database, "session") as server:
        dsn = f"postgresql://armful@127.0.0.1:1,127.0.0.1:{server.port}{urlsplit(server.dsn).path}"
        assert asked(f"{dsn}?target_session_attrs={attributes}") == 1


def test_no_host_with_those_attributes_is_a_sentence(database: str) -> None:
    with pgbouncer(database, "session") as server, pytest.raises(DatabaseUnusable):
        asked(f"{server.dsn}?target_session_attrs=read-only")
