"""Measures how long armful takes to start with many variants, and a worker's memory while it counts."""

import asyncio
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
from benchmarks.service import inputs
from benchmarks.service.servers import (
    Cores,
    armful,
    database,
    on_core,
    resident_megabytes,
    temporary_armful,
)
from msgspec import Struct

_VARIANTS = 100_000
_VARIETY = 100
_BATCH = 5_000
_UPDATES = 1_000_000
_MARKS = 5
TARGET_SECONDS = 3.0


class Start(Struct, frozen=True):
    """Seconds from the command to readiness, and the memory of the only worker at that time."""

    variants: int
    seconds: float
    megabytes: float


class Memory(Struct, frozen=True):
    """Memory of a worker with 100 variants after `updates` acknowledged updates."""

    updates: int
    megabytes: float


def start(cores: Cores, rounds: int) -> list[Start]:
    """Start armful on an empty folder, and on one with 100,000 variants."""
    found = []
    for count in (0, _VARIANTS):
        starts = []
        with TemporaryDirectory(prefix="armful-benchmark-") as folder, on_core(cores.servers):
            with armful(Path(folder)):
                asyncio.run(_insert(database(Path(folder)), count))
            for _ in range(rounds):
                with armful(Path(folder)) as server:
                    starts.append((server.seconds, resident_megabytes(server.worker)))
        found.append(Start(count, *map(median, zip(*starts, strict=True))))
    return found


async def _insert(dsn: str, count: int) -> None:
    connection: Any = await asyncpg.connect(dsn)
    await connection.execute(
        """
        INSERT INTO armful.variant_performance (variant_id, dimensions, impressions, successes)
        SELECT 'variant_' || lpad(i::text, 6, '0'),
               jsonb_build_object('tone', 'tone ' || i % 3, 'length', 'length ' || i % 5), i % 2000, i % 2000 / 10
        FROM generate_series(0, $1::integer - 1) AS i
        """,
        count,
    )
    await connection.close()


def memory(cores: Cores) -> list[Memory]:
    """Report a million updates, and read the worker's memory before, four times during, and after them."""
    with temporary_armful(cores) as (server, _):
        for request in inputs.creations(0, _VARIETY):
            server.ask(request)
        batches = inputs.batches(_BATCH, _VARIETY)
        selections = inputs.selections("thompson_sampling")
        found = []
        with on_core(cores.load):
            for number in range(_UPDATES // _BATCH):
                if number % (_UPDATES // _BATCH // _MARKS) == 0:
                    found.append(Memory(number * _BATCH, resident_megabytes(server.worker)))
                server.ask(batches[number % len(batches)])
                server.ask(selections[number % len(selections)])
        found.append(Memory(_UPDATES, resident_megabytes(server.worker)))
    return found
