"""Asks a service that was just started whether it is ready, over HTTP."""

import asyncio
import ssl
import time

Address = tuple[str, int]
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def url(address: Address, *, tls: bool = False) -> str:
    """Return the URL by which this machine reaches a service that listens on `address`."""
    host = EVERYWHERE.get(address[0], address[0])
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{address[1]}" if ":" in host else f"{scheme}://{host}:{address[1]}"


async def status(address: Address, path: str, *, tls: bool = False) -> int:
    """GET `path`, and return the status code of the response; 0 if no response arrives within five seconds."""
    try:
        async with asyncio.timeout(5):
            return await _status(address, path, tls)
    except (OSError, TimeoutError, ValueError):
        return 0


async def until_ready(address: Address, patience: float, *, tls: bool = False) -> bool:
    """Wait until `/health/ready` returns 200. Returns False if it does not within `patience` seconds."""
    deadline = time.monotonic() + patience
    while await status(address, "/health/ready", tls=tls) != 200:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


async def _status(address: Address, path: str, tls: bool) -> int:
    host, port = EVERYWHERE.get(address[0], address[0]), address[1]
    reader, writer = await asyncio.open_connection(host, port, ssl=_ours() if tls else None)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        return int((await reader.readline()).split()[1])
    except IndexError:
        return 0
    finally:
        writer.close()


def _ours() -> ssl.SSLContext:
    """Return a TLS context for our own service, which accepts any name in its certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
