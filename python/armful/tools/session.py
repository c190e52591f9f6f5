"""A client session for programs that continue through restarts of the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from armful.client import AsyncClient, ClientError
from armful.domain.errors import ArmfulError

_TIMEOUT = 30.0  # seconds
_RETRIES = 17  # about a minute, with the client's pauses


class ServiceFailed(ArmfulError):
    """The service at {} failed: {}"""


@asynccontextmanager
async def session(url: str, key: str) -> AsyncIterator[AsyncClient]:
    """A client of the service at `url` that retries for about a minute if the service is busy or unreachable.

    Raises:
        ServiceFailed: The service refused a request, or did not respond.
        ValueError: `url` is not the URL of a service.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"'{url}' is not the URL of a service: give one such as http://127.0.0.1:8000")
    async with AsyncClient(url, key, timeout=_TIMEOUT, retries=_RETRIES) as client:
        try:
            yield client
        except* ClientError as errors:
            raise ServiceFailed(url, _first(errors)) from errors


async def reachable(url: str) -> bool:
    """Whether anything accepts connections at the URL."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(parts.hostname, port), _TIMEOUT)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _first(error: BaseException) -> BaseException:
    """Return the first error of nested exception groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
