"""Asking the service we have just started whether it is ready, from outside as its users do."""

import asyncio
import time

Address = tuple[str, int]
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def url(address: Address) -> str:
    """Give the URL of the service that listens on `address`, seen from this machine."""
    host = EVERYWHERE.get(address[0], address[0])
    return f"http://[{host}]:{address[1]}" if ":" in host else f"http://{host}:{address[1]}"


async def status(address: Address, path: str) -> int:
    """GET `path` and give the answer's status code, 0 where there is no answer within five seconds."""
    try:
        async with asyncio.timeout(5):
            return await _status(address, path)
    except (OSError, TimeoutError, ValueError):
        return 0


async def until_ready(address: Address, patience: float) -> bool:
    """Wait until `/health/ready` answers 200; False when it does not within `patience` seconds."""
    deadline = time.monotonic() + patience
    while await status(address, "/health/ready") != 200:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


async def _status(address: Address, path: str) -> int:
    host, port = EVERYWHERE.get(address[0], address[0]), address[1]
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        return int((await reader.readline()).split()[1])
    except IndexError:
        return 0
    finally:
        writer.close()
