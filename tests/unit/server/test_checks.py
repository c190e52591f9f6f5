"""What would fail later is found before serving, with a sentence that says what to do."""

import resource
import subprocess
from pathlib import Path

import pytest

from armful.server.checks import MIN_OPEN_FILES, check_open_files, check_tls, check_traces
from armful.server.errors import CannotServe
from armful.settings import Settings


@pytest.mark.parametrize(
    ("most", "fits"), [(MIN_OPEN_FILES, True), (resource.RLIM_INFINITY, True), (100, False)]
)
def test_too_few_open_files_are_refused(monkeypatch: pytest.MonkeyPatch, most: int, fits: bool) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (50, most))
    if fits:
        assert check_open_files() is None
    else:
        with pytest.raises(CannotServe, match="may open only 100 files"):
            check_open_files()


def test_tls_needs_both_files_or_none() -> None:
    assert check_tls(Settings()) is None
    with pytest.raises(CannotServe, match=r"ARMFUL_TLS_KEY .* is not set"):
        check_tls(Settings(tls_cert=Path("cert.pem")))
    with pytest.raises(CannotServe, match=r"ARMFUL_TLS_CERT .* is not set"):
        check_tls(Settings(tls_key=Path("key.pem")))


def test_files_that_are_no_certificate_or_not_there_are_refused(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    settings = Settings(tls_cert=cert, tls_key=key)
    with pytest.raises(CannotServe, match="cannot be read"):
        check_tls(settings)
    cert.write_text("nonsense")
    key.write_text("nonsense")
    with pytest.raises(CannotServe, match="cannot be used"):
        check_tls(settings)


def test_an_encrypted_key_is_refused_without_a_prompt(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = (
        f"openssl req -x509 -newkey rsa:2048 -passout pass:x -subj /CN=localhost -keyout {key} -out {cert}"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    with pytest.raises(CannotServe, match="store it without a password"):
        check_tls(Settings(tls_cert=cert, tls_key=key))


@pytest.mark.parametrize(
    "url", ["", "http://127.0.0.1:4318", "https://collector/v1/traces?a=b", "HTTP://[::1]:4318"]
)
def test_a_collector_has_a_url(url: str) -> None:
    assert check_traces(Settings(traces=True), {"OTEL_EXPORTER_OTLP_ENDPOINT": url}) is None


def test_a_collector_without_one_is_refused_if_traces_are_sent() -> None:
    wrong = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "nonsense"}
    assert check_traces(Settings(), wrong) is None
    with pytest.raises(CannotServe, match="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is 'nonsense': write the URL"):
        check_traces(Settings(traces=True), wrong)
