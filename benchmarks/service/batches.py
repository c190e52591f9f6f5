"""Compares batches of updates over HTTP with asyncpg alone, in transactions of the same size on the same core."""

import subprocess
import sys
from statistics import median

from benchmarks.service import direct, inputs
from benchmarks.service.load import load
from benchmarks.service.servers import ROOT, Cores, database, on_core, temporary_armful
from msgspec import Struct

_SIZES = (1_000, 10_000)
_VARIETY = 100
_CONNECTIONS = 2  # so that one batch is decoded while the other is written
TARGET = 0.5


class Batches(Struct, frozen=True):
    """Updates per second in commits of `size`: over HTTP, and for each way of writing them directly."""

    size: int
    armful: float
    direct: dict[str, float]
    ratios: dict[str, float]


def measure(cores: Cores, rounds: int, seconds: float) -> list[Batches]:
    """Measure all ways. They take turns."""
    found = []
    with temporary_armful(cores) as (server, folder):
        dsn = database(folder, "direct")
        for request in inputs.creations(0, _VARIETY):
            server.ask(request)
        for size in _SIZES:
            requests = inputs.batches(size, _VARIETY)
            ours: list[float] = []
            theirs: dict[str, list[float]] = {way: [] for way in direct.WAYS}
            for _ in range(rounds):
                with on_core(cores.load):
                    ours.append(
                        load(server.port, server.key, requests, _CONNECTIONS, seconds).per_second * size
                    )
                with on_core(cores.servers):
                    for way, rates in theirs.items():
                        rates.append(_direct(dsn, way, size, seconds))
            found.append(
                Batches(
                    size,
                    median(ours),
                    {way: median(rates) for way, rates in theirs.items()},
                    {
                        way: median(a / b for a, b in zip(ours, rates, strict=True))
                        for way, rates in theirs.items()
                    },
                )
            )
    return found


def _direct(dsn: str, way: str, size: int, seconds: float) -> float:
    command = [sys.executable, "-m", "benchmarks.service.direct", dsn, way, str(size), str(seconds)]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return float(said)
