"""Checks made before serving, for errors that would appear later with a less helpful message."""

import resource
import ssl

from armful.server.errors import CannotServe
from armful.settings import Settings

MIN_OPEN_FILES = 200
"""Files that a process must be able to open; it needs a hundred of them for other things than clients' connections."""


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
    if settings.tls_cert is None or settings.tls_key is None:
        raise CannotServe("--tls-cert and --tls-key must be set together: one of them is missing.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.tls_cert, settings.tls_key, _no_password
        )
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise CannotServe(
            f"The certificate {settings.tls_cert} and the key {settings.tls_key} cannot be used: {error}."
        ) from error


def _no_password() -> str:
    raise ValueError("the key is encrypted; store it without a password")
