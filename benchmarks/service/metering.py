"""What counting for `/metrics` costs: armful beside itself with a metrics that keeps nothing, in pairs."""

from contextlib import ExitStack
from statistics import median

from benchmarks.service import inputs
from benchmarks.service.load import Request, load, processor_seconds
from benchmarks.service.servers import (
    Cores,
    Server,
    database,
    on_core,
    temporary_armful,
    worker,
)
from msgspec import Struct

_KEY = "metering-benchmark"
_VARIANTS = 100
_CONNECTIONS = 16
_PAIRS_PER_ROUND = 4
_SECONDS = 1.0
_SCRAPES = 20
_SCRAPED_EVERY = 15.0  # seconds, as Prometheus usually does
TARGET = 0.05


class Metering(Struct, frozen=True):
    """The worker's processor time per selection, medians of all pairs; the share that metering costs, median of each pair's.

    On a core of its own a worker answers as many requests as this time allows, and what else runs disturbs it less.
    `cost` has the time of a scrape, shared out over fifteen seconds, in it.
    """

    metered_us: float
    unmetered_us: float
    scrape_ms: float
    cost: float
    pairs: int


def measure(cores: Cores, rounds: int) -> Metering:
    """Measure pairs of a second each, and scrapes by themselves."""
    with ExitStack() as stack:
        _, folder = stack.enter_context(temporary_armful(cores))
        settings = {"ARMFUL_API_KEY": _KEY, "ARMFUL_LOG_LEVEL": "warning"}
        with on_core(cores.servers):
            metered, unmetered = (
                stack.enter_context(
                    worker(application, _KEY, ARMFUL_DATABASE_URL=database(folder, name), **settings)
                )
                for name, application in (
                    ("metered", "armful.app:create_app"),
                    ("unmetered", "benchmarks.peers.unmetered:create_app"),
                )
            )
        for server in (metered, unmetered):
            for request in inputs.creations(0, _VARIANTS):
                server.ask(request)
        selections = inputs.selections("thompson_sampling_exploration")

        def cpu_us(server: Server) -> float:
            return load(server.port, _KEY, selections, _CONNECTIONS, _SECONDS, server.worker).cpu_us

        times: list[tuple[float, float]] = []
        with on_core(cores.load):
            for number in range(_PAIRS_PER_ROUND * rounds + 1):
                # Each goes first in every other pair.
                if number % 2:
                    with_it, without = cpu_us(metered), cpu_us(unmetered)
                else:
                    without, with_it = cpu_us(unmetered), cpu_us(metered)
                if number:
                    times.append((with_it, without))
        scrape_ms = _scrape_ms(metered)
    return Metering(
        median(with_it for with_it, _ in times),
        median(without for _, without in times),
        scrape_ms,
        1 - median(without / with_it for with_it, without in times) + scrape_ms / 1000 / _SCRAPED_EVERY,
        len(times),
    )


def _scrape_ms(server: Server) -> float:
    """Milliseconds of processor time that the worker takes to answer one scrape."""
    before = processor_seconds(server.worker)
    for _ in range(_SCRAPES):
        server.ask(Request("GET", "/metrics"))
    return (processor_seconds(server.worker) - before) / _SCRAPES * 1000
