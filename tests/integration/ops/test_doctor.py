"""`armful doctor`: each thing that may be wrong is said in a sentence, and decides the exit status."""

import json
import os
import socket
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from click.testing import CliRunner
from tests import processes
from tests.conftest import Running, new_database, run
from tests.integration.contract import create

from armful.cli.doctor import doctor
from armful.ops.doctor import _database, _installation
from armful.ops.doctor import store as diagnosis
from armful.ops.doctor._finding import Finding
from armful.ops.postgres import EmbeddedPostgres
from armful.settings import Settings

SERVER = diagnosis.DatabaseServer(
    version=180000, version_name="18.0", fsync="on", full_page_writes="on", autovacuum="on", max_connections=100,
    encoding="UTF8", standby=False, connections=5, ours=True,
)  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def examined(settings: Settings, port: int | None = None) -> tuple[int, dict[str, list[tuple[str, str]]]]:
    """Exit status, and by subject what was found."""
    done = CliRunner().invoke(doctor, ["--json", "--port", str(port or free_port())], obj=settings)
    answer = json.loads(done.stdout)
    found: dict[str, list[tuple[str, str]]] = {}
    for finding in answer["findings"]:
        found.setdefault(finding["subject"], []).append((finding["verdict"], finding["detail"]))
    verdicts = [verdict for findings in found.values() for verdict, _ in findings]
    assert (answer["problems"], answer["warnings"]) == (verdicts.count("problem"), verdicts.count("warning"))
    return done.exit_code, found


def verdicts(findings: list[Finding]) -> dict[str, str]:
    return {finding.detail: finding.verdict for finding in findings if finding.verdict != "ok"}


def test_nothing_there_yet_is_well(tmp_path: Path) -> None:
    done = CliRunner().invoke(doctor, ["--port", str(free_port())], obj=Settings(data_dir=tmp_path / "data"))
    assert done.exit_code == 0, done.output
    assert done.output.endswith("No problems found.\n")
    assert "the first `armful serve` makes it" in done.output
    assert not (tmp_path / "data").exists()


def test_an_installation_that_serves_and_the_same_one_stopped(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = Settings(data_dir=data)
    with processes.serving(data) as service:
        status, found = examined(settings, urlsplit(service.url).port)
        assert status == 0, [one for ones in found.values() for one in ones if one[0] == "problem"]
        assert found["port"][0][1].startswith("An armful serves")
        assert found["service"] == [("ok", "It is healthy, with 0 variants.")]
        assert found["staleness"][0][0] == "ok"
        assert found["variants"][0][0] == found["keys"][0][0] == "warning"
    status, found = examined(settings)
    assert status == 0
    assert found["schema"][0][0] == found["event log"][0][0] == "ok"

    (data / "api-key").chmod(0o644)
    data.chmod(0o755)
    status, found = examined(settings)
    assert status == 1
    assert "can be read by other users (mode 644)" in found["key file"][0][1]
    assert found["data folder"][0][0] == "warning"

    (data / "postgresql" / "PG_VERSION").write_text("9\n")
    status, found = examined(settings)
    assert "written by PostgreSQL 9" in found["data folder"][0][1]
    assert "database" not in found


def test_what_is_no_data_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    findings = list(_installation.data_folder(Settings(data_dir=file)))
    assert "is not a folder" in findings[0].detail
    (tmp_path / "api-key").touch(0o600)
    assert any(
        "is empty" in finding.detail for finding in _installation.data_folder(Settings(data_dir=tmp_path))
    )


def test_a_data_folder_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    finding = next(_installation.data_folder(Settings(data_dir=tmp_path)))
    assert finding.verdict == "problem"
    assert f"is user {tmp_path.stat().st_uid}'s" in finding.detail


def test_little_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_installation, "LITTLE_SPACE", float("inf"))
    assert _installation._space(tmp_path).verdict == "warning"
    monkeypatch.setattr(_installation, "NO_SPACE", float("inf"))
    assert _installation._space(tmp_path).verdict == "problem"


def test_a_core_that_is_a_debug_build_or_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(stderr: str) -> None:
        done = subprocess.CompletedProcess([], 1, "", stderr)
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)

    assert _installation._core().verdict == "ok"
    ends("RuntimeWarning: armful._core is a debug build and slow: build it with --release\n")
    assert "`make setup`" in _installation._core().detail
    ends("Traceback …\nModuleNotFoundError: No module named 'armful._core'\n")
    assert "does not load (ModuleNotFoundError" in _installation._core().detail


def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        # It listens and says nothing; what it would say is no matter.
        assert _installation.port("127.0.0.1", port)
    server = subprocess.Popen(
        [*processes.ARMFUL[:1], "-m", "http.server", "--bind", "127.0.0.1", str(port)],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        processes.wait_until(lambda: _installation.port("127.0.0.1", port))
        status, found = examined(Settings(data_dir=tmp_path / "data"), port)
    finally:
        server.terminate()
        server.wait()
    assert status == 1
    assert "is taken by something that is no armful" in found["port"][0][1]


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    url = f"postgresql://me:secret@127.0.0.1:{free_port()}/armful"
    status, found = examined(Settings(database_url=url, data_dir=tmp_path))
    assert status == 1
    assert found["database"][0][1].startswith("The database cannot be reached")
    assert "secret" not in json.dumps(found)


def test_a_service_whose_database_is_away(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    dsn = new_database(postgres)
    name = urlsplit(dsn).path[1:]
    with processes.serving(tmp_path / "data", ARMFUL_DATABASE_URL=dsn) as service:
        away = urlunsplit(urlsplit(dsn)._replace(path="/postgres"))
        run(lambda c: c.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"), away)
        run(
            lambda c: c.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            ),
            away,
        )
        settings = Settings(database_url=dsn, data_dir=tmp_path / "data")

        def told() -> bool:
            status, found = examined(settings, urlsplit(service.url).port)
            return status == 1 and any("not healthy" in detail for _, detail in found["service"])

        processes.wait_until(told)
        run(lambda c: c.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"), away)


@pytest.mark.parametrize(
    ("change", "said", "verdict"),
    [
        ({"fsync": "off"}, "fsync is off", "problem"),
        ({"full_page_writes": "off"}, "full_page_writes is off", "problem"),
        ({"autovacuum": "off"}, "autovacuum is off", "problem"),
        ({"standby": True}, "This is a standby", "problem"),
        ({"version": 130009, "version_name": "13.9"}, "This is PostgreSQL 13.9", "problem"),
        ({"encoding": "SQL_ASCII"}, "encoding is SQL_ASCII", "problem"),
        ({"ahead": -75.0}, "75.0 s behind", "warning"),
        ({"connections": 95}, "95 of 100 connections", "warning"),
    ],
)
def test_a_servers_settings(change: dict[str, Any], said: str, verdict: str) -> None:
    assert not verdicts(_database._server(Settings(), SERVER))
    values = {name: getattr(SERVER, name) for name in SERVER.__struct_fields__} | change
    found = verdicts(_database._server(Settings(), diagnosis.DatabaseServer(**values)))
    assert [(said in detail, one) for detail, one in found.items()] == [(True, verdict)]


def test_what_a_running_armful_should_keep_in_order(service: Running, tmp_path: Path) -> None:
    settings = Settings(database_url=service.settings.database_url, data_dir=tmp_path)
    create(service.client, "a")
    made = service.client.post("/keys", json={"name": "dev", "scopes": ["read"]})
    assert made.status_code == 201
    status, found = examined(settings)
    assert status == 0, [one for ones in found.values() for one in ones if one[0] == "problem"]
    assert found["keys"] == [("ok", "1 of 1 keys are valid.")]
    assert found["variants"][0][0] == found["event log"][0][0] == found["change feed"][0][0] == "ok"

    service.sql("UPDATE armful.api_key SET expires_at = now() + $1", timedelta(days=1))
    assert "expire within a week" in examined(settings)[1]["keys"][0][1]
    service.sql("UPDATE armful.api_key SET expires_at = now()")
    status, found = examined(settings)
    assert status == 1
    assert found["keys"][0][1].startswith("No key is valid (1 were made)")

    service.sql(
        "INSERT INTO armful.performance_event (variant, impressions, successes, recorded_at) VALUES (1, 1, 0, '2020-01-01')"
    )
    assert "1 events are outside" in examined(settings)[1]["event log"][0][1]


def test_a_schema_that_is_not_this_programs(service: Running, tmp_path: Path) -> None:
    settings = Settings(database_url=service.settings.database_url, data_dir=tmp_path)
    service.sql("INSERT INTO armful.migration (number, name) VALUES (9999, 'of the future')")
    status, found = examined(settings)
    assert status == 1
    assert "start a newer armful" in found["schema"][0][1]
    service.sql("DELETE FROM armful.migration")
    status, found = examined(settings)
    newest = diagnosis.migrations()[-1].number
    verdict, detail = found["schema"][0]
    assert verdict == "warning"
    assert detail.startswith(f"The database has schema 0, and this armful's is {newest}: back it up")


def test_a_database_nobody_has_used(empty_database: str, tmp_path: Path) -> None:
    status, found = examined(Settings(database_url=empty_database, data_dir=tmp_path))
    assert status == 0
    assert "The database is empty" in found["schema"][0][1]


def test_a_service_with_tls(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-out", cert, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    data, dsn = tmp_path / "data", new_database(postgres)
    with processes.serving(
        data, ARMFUL_DATABASE_URL=dsn, ARMFUL_TLS_CERT=str(cert), ARMFUL_TLS_KEY=str(key)
    ) as service:
        settings = Settings(data_dir=data, database_url=dsn, tls_cert=cert, tls_key=key)
        status, found = examined(settings, urlsplit(service.url).port)
        assert status == 0, found
        assert found["staleness"][0][0] == "ok"


def test_an_sql_function_that_somebody_changed(service: Running) -> None:
    text = service.sql("SELECT pg_get_functiondef('armful.success_rate'::regproc) AS text")[0]["text"]
    service.sql(text.replace("THEN 0 ELSE", "THEN 0.5 ELSE"))
    status, found = examined(service.settings)
    assert status == 1
    ((verdict, detail),) = found["functions"]
    assert verdict == "problem"
    assert "differ from this version's: success_rate." in detail
    service.sql(text)
    assert examined(service.settings)[1]["functions"][0][0] == "ok"


def test_a_misspelt_variable_is_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [*processes.ARMFUL, "doctor", "--json", "--port", str(free_port())],
        env=processes.environment(tmp_path / "data", ARMFUL_WAITLIMIT="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    sentence = (
        "ARMFUL_WAITLIMIT is not a setting of armful and has no effect: did you mean ARMFUL_WAIT_LIMIT?"
    )
    assert done.returncode == 0
    assert {"subject": "settings", "verdict": "warning", "detail": sentence} in json.loads(done.stdout)[
        "findings"
    ]
    assert done.stderr == f"armful: {sentence}\n"
