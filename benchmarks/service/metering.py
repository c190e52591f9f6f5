"""Measures what the metrics cost: armful with and without them, in pairs of measurements."""

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
    """The worker's processor time per selection (medians of all pairs), and the cost of metrics (median over pairs).

    Processor time limits the requests that a worker can serve on its own core, and other programs disturb it less than
    they disturb rates. `cost` includes the time of one scrape, spread over fifteen seconds.
    """

    metered_us: float
    unmetered_us: float
    scrape_ms: float
    cost: float
    pairs: int


def measure(cores: Cores, rounds: int) -> Metering:
    """Measure pairs of a second each, and scrapes separately."""
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
                # The two take turns at going first.
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
    """Return the processor time in milliseconds that the worker needs to answer one scrape."""
    before = processor_seconds(server.worker)
    for _ in range(_SCRAPES):
        server.ask(Request("GET", "/metrics"))
    return (processor_seconds(server.worker) - before) / _SCRAPES * 1000
