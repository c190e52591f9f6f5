"""Clients that work without pause, and the book they keep of what each of them was told."""

import asyncio
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from uuid import uuid4

from tests.processes import HOW, Serving, wait_until

SELECT = {"top_k": 1, **HOW}
GIVE_UP = 90.0
"""Seconds without an answer that are called a hang: on a slow machine a worker takes long to start, and connections wait."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any
    seconds: float


_numbers = itertools.count()


class Hang(Exception):
    """There is no answer."""


class Client:
    """An HTTP client on one connection, made anew when it is lost."""

    def __init__(self, url: str, key: str) -> None:
        self._host, port = url.removeprefix("http://").split(":")
        self._port = int(port)
        self._key = key
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: Any = None) -> Answer:
        """One request.

        Raises:
            OSError, EOFError: the connection was lost before the answer was there.
            Hang: there is no answer.
        """
        begun = time.monotonic()
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {self._key}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        try:
            async with asyncio.timeout(GIVE_UP):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                writer.write(head.encode() + content)
                status, headers, text = await read_answer(reader)
        except TimeoutError:
            self.close()
            raise Hang(f"{method} {path}") from None
        except BaseException:
            self.close()
            raise
        if headers.get("connection") == "close":
            self.close()
        return Answer(status, headers, json.loads(text) if text else None, time.monotonic() - begun)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Read one answer: status, headers, body."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return int(lines[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


def client(service: Serving) -> Client:
    """A client of that service."""
    return Client(service.url, service.key)


class Book:
    """What the clients were told, by variant: how many updates count surely, and how many may."""

    def __init__(self, variants: list[str]) -> None:
        self.variants = variants
        self.counted: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.refused = 0
        self.refusals: list[float] = []
        self.selected: list[tuple[float, float]] = []
        self.updated: list[float] = []
        self.lost = 0
        self.wrong: list[Any] = []

    def enter(self, variant: str, answer: Answer) -> bool:
        """Enter an update's answer; whether it counts surely."""
        if answer.status == 200:
            self.counted[variant] += 1
            self.updated.append(answer.seconds)
            return True
        if answer.status != 503 or not answer.headers.get("retry-after"):
            self.wrong.append(answer)
        self.refused += 1
        self.refusals.append(answer.seconds)
        if "nothing was counted" not in answer.body["detail"]:
            self.unknown[variant] += 1
        return False


class Load:
    """Clients of several services at once, in a thread: they update, update with event ids, and select.

    Plain updates go to three variants of this load's own and are sent once; updates with event ids, one by one or in
    batches, go to three others and are sent until they are acknowledged.
    """

    def __init__(self, *services: Serving) -> None:
        number = next(_numbers)
        self._plain = [f"plain-{number}-{n}" for n in range(3)]
        self._repeated = [f"repeated-{number}-{n}" for n in range(3)]
        self.book = Book(self._plain + self._repeated)
        self._services = services
        self._stop = threading.Event()
        services[0].request(
            "POST", "/variants", {"variants": [{"variant_id": name} for name in self.book.variants]}
        )
        for service in services:
            # Each connection goes to one of the workers, and all must have heard.
            wait_until(lambda s=service: all(s.selected() for _ in s.workers * 10))  # type: ignore[misc]

    @contextmanager
    def running(
        self, updating: int = 8, repeating: int = 4, selecting: int = 2, batching: int = 0
    ) -> Iterator[Book]:
        """So many clients of each kind, spread over the services, until the block ends."""
        kinds = [self._update] * updating + [self._repeat] * repeating + [self._select] * selecting
        kinds += [self._batch] * batching
        self._stop.clear()
        with ThreadPoolExecutor(1) as thread:
            work = thread.submit(asyncio.run, self._work(kinds))
            try:
                yield self.book
            finally:
                self._stop.set()
                work.result()
        if self.book.wrong:
            raise AssertionError(f"{len(self.book.wrong)} wrong answers, such as {self.book.wrong[:3]}")

    async def _work(self, kinds: list[Callable[[Client], Awaitable[None]]]) -> None:
        services = itertools.cycle(self._services)
        await asyncio.gather(*(self._again_and_again(kind, client(next(services))) for kind in kinds))

    async def _again_and_again(self, kind: Callable[[Client], Awaitable[None]], client: Client) -> None:
        while not self._stop.is_set():
            await kind(client)
        client.close()

    async def _update(self, client: Client) -> None:
        variant = random.choice(self._plain)
        try:
            answer = await client.request("POST", f"/variants/{variant}/performance", _shown())
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)  # a client's pause between two requests
            return
        except (OSError, EOFError):
            self.book.lost += 1
            self.book.unknown[variant] += 1
            return
        if not self.book.enter(variant, answer):
            await asyncio.sleep(0.05)  # a client's pause between two requests

    async def _repeat(self, client: Client) -> None:
        variant = random.choice(self._repeated)
        await self._insist(client, f"/variants/{variant}/performance", {**_shown(), "event_id": str(uuid4())})
        self.book.counted[variant] += 1

    async def _batch(self, client: Client) -> None:
        variants = random.choices(self._repeated, k=20)
        updates = [{"variant_id": name, **_shown(), "event_id": str(uuid4())} for name in variants]
        answer = await self._insist(client, "/performance/batch", {"updates": updates})
        # All of it in one commit, so that a second try finds all of it or nothing.
        if answer.body["rejected"] or {answer.body["accepted"], answer.body["duplicates"]} != {
            0,
            len(updates),
        }:
            self.book.wrong.append(answer)
        self.book.counted.update(variants)
        await asyncio.sleep(0.05)  # a client's pause between two requests

    async def _insist(self, client: Client, path: str, body: Any) -> Answer:
        """Send the same until it is acknowledged."""
        given_up = None
        while given_up is None or time.monotonic() < given_up:
            if self._stop.is_set() and given_up is None:
                given_up = time.monotonic() + GIVE_UP
            with suppress(OSError, EOFError):
                answer = await client.request("POST", path, body)
                if answer.status == 200:
                    return answer
                if answer.status != 503:
                    self.book.wrong.append(answer)
            await asyncio.sleep(0.05)  # a client's pause between two requests
        raise Hang(f"{body} is never acknowledged")

    async def _select(self, client: Client) -> None:
        begun = time.monotonic()
        try:
            answer = await client.request("POST", "/variants/select", SELECT)
        except (OSError, EOFError):
            self.book.lost += 1
            return
        if answer.status != 200 or len(answer.body["selected_variants"]) != 1:
            self.book.wrong.append(answer)
        self.book.selected.append((begun, answer.seconds))
        await asyncio.sleep(0.01)


def _shown() -> dict[str, bool]:
    return {"impression": True, "success": random.random() < 0.1}
