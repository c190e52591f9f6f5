"""Checks before serving: what would fail later, with a worse message."""

import resource
import ssl

from armful.server.errors import CannotServe
from armful.settings import Settings

LEAST_FILES = 200
"""Files that a process must be able to open at least: a hundred are for others than clients."""


def check_files() -> None:
    """Check that workers may open enough files to accept connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < LEAST_FILES:
        raise CannotServe(f"Only {most} files may be open, and {LEAST_FILES} are needed: raise `ulimit -n`.")


def check_tls(settings: Settings) -> None:
    """Check that there is a certificate with a key that fits it, or neither."""
    if settings.tls_cert is None and settings.tls_key is None:
        return
    if settings.tls_cert is None or settings.tls_key is None:
        raise CannotServe("--tls-cert and --tls-key go together: one of them is missing.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.tls_cert, settings.tls_key, _no_password
        )
    except (OSError, ValueError) as error:  # of which ssl.SSLError is one
        raise CannotServe(
            f"The certificate {settings.tls_cert} and the key {settings.tls_key} cannot be used: {error}."
        ) from error


def _no_password() -> str:
    raise ValueError("the key is encrypted, and nobody is there to ask for its password")
