"""Checks made before serving, for errors that would appear later with a less helpful message."""

import re
import resource
import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from tempfile import TemporaryFile

from armful.server.errors import CannotServe
from armful.settings import Settings

MIN_OPEN_FILES = 200
"""Files that a process must be able to open; it needs a hundred of them for other things than clients' connections."""

_COLLECTOR = re.compile(r"https?://[^\s/?#]+([/?#]\S*)?", re.IGNORECASE)
_CERT = "ARMFUL_TLS_CERT (--tls-cert)"
_KEY = "ARMFUL_TLS_KEY (--tls-key)"
_TLS_ERRORS = {"KEY_VALUES_MISMATCH": "the key is not that of the certificate"}


def check_open_files() -> None:
    """Check that the limit of open files allows for clients' connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < MIN_OPEN_FILES:
        raise CannotServe(
            f"A process may open only {most} files and needs {MIN_OPEN_FILES}: raise `ulimit -n`."
        )


def check_tls(settings: Settings) -> None:
    """Check that the TLS certificate and its key are both set and usable, or both unset."""
    if settings.tls_cert is None and settings.tls_key is None:
        return
    if settings.tls_key is None:
        raise CannotServe(f"{_CERT} is {settings.tls_cert}, and {_KEY} is not set: set both.")
    if settings.tls_cert is None:
        raise CannotServe(f"{_KEY} is {settings.tls_key}, and {_CERT} is not set: set both.")
    for name, file in ((_CERT, settings.tls_cert), (_KEY, settings.tls_key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise CannotServe(f"{name} is {file}, which cannot be read: {error.strerror}.") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.tls_cert, settings.tls_key, _no_password
        )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise CannotServe(
            f"The certificate {settings.tls_cert} ({_CERT}) and the key {settings.tls_key} ({_KEY}) cannot be used: "
            f"{_explain(error)}."
        ) from error


def _explain(error: Exception) -> str:
    """Return what is wrong with a certificate or its key. OpenSSL's own words name its source files."""
    if isinstance(error, ssl.SSLError):
        return _TLS_ERRORS.get(error.reason or "", "one of them is not a PEM file of its kind")
    return str(error)


def check_traces(settings: Settings, environment: Mapping[str, str]) -> None:
    """Check that OpenTelemetry is installed if traces are sent, and that the variables for it name URLs.

    OpenTelemetry would only log that it cannot send to an address that is not a URL.
    """
    if not settings.traces:
        return
    if find_spec("opentelemetry") is None:
        raise CannotServe(
            "ARMFUL_TRACES is set, and OpenTelemetry is not installed: pip install 'armful[otel]'."
        )
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        value = environment.get(name, "")
        if value and not _COLLECTOR.fullmatch(value):
            raise CannotServe(
                f"{name} is {value!r}: write the URL of the collector, like http://localhost:4318."
            )


def check_metrics_dir(settings: Settings) -> None:
    """Check that the workers can write files into the folder for metrics, and make it if it does not exist."""
    if settings.metrics_dir is None:
        return
    try:
        settings.metrics_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=settings.metrics_dir):
            pass
    except OSError as error:
        raise CannotServe(
            f"ARMFUL_METRICS_DIR is {settings.metrics_dir}, which cannot be used as a folder: {error.strerror}."
        ) from error


def _no_password() -> str:
    raise ValueError("the key is encrypted; store it without a password")
