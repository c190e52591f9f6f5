"""Asking the service we have just started whether it is ready, from outside as its users do."""

import asyncio
import ssl
import time

Address = tuple[str, int]
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def url(address: Address, *, tls: bool = False) -> str:
    """Give the URL of the service that listens on `address`, seen from this machine."""
    host = EVERYWHERE.get(address[0], address[0])
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{address[1]}" if ":" in host else f"{scheme}://{host}:{address[1]}"


async def status(address: Address, path: str, *, tls: bool = False) -> int:
    """GET `path` and give the answer's status code, 0 where there is no answer within five seconds."""
    try:
        async with asyncio.timeout(5):
            return await _status(address, path, tls)
    except (OSError, TimeoutError, ValueError):
        return 0


async def until_ready(address: Address, patience: float, *, tls: bool = False) -> bool:
    """Wait until `/health/ready` answers 200; False when it does not within `patience` seconds."""
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
    """For speaking to the service that we have just started ourselves, whatever name its certificate has."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
