"""What counting for `/metrics` costs: armful beside itself with a meter that keeps nothing, in pairs."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from benchmarks.service import inputs
from benchmarks.service.load import Request, load
from benchmarks.service.servers import (
    Cores,
    Server,
    database,
    on_core,
    processor_seconds,
    temporary_armful,
    worker,
)
from msgspec import Struct

_KEY = "metering-benchmark"
_VARIANTS = 100
_CONNECTIONS = 16
_PAIRS_PER_ROUND = 3
_SECONDS = 1.0
_SCRAPE_EVERY = 1.0
TARGET = 0.05


class Metering(Struct, frozen=True):
    """The worker's processor time per selection, medians of all pairs; the share that metering costs, median of each pair's.

    On a core of its own a worker answers as many requests as this time allows, and what else runs disturbs it less.
    """

    metered_us: float
    unmetered_us: float
    cost: float
    pairs: int


def measure(cores: Cores, rounds: int) -> Metering:
    """Measure pairs of a second each; the metered one is scraped every second besides."""
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
            before = processor_seconds(server.worker)
            measured = load(server.port, _KEY, selections, _CONNECTIONS, _SECONDS)
            return (processor_seconds(server.worker) - before) / measured.requests * 1e6

        times: list[tuple[float, float]] = []
        with on_core(cores.load):
            for number in range(_PAIRS_PER_ROUND * rounds + 1):
                with _scraped(metered):
                    with_it = cpu_us(metered)
                without = cpu_us(unmetered)
                if number:
                    times.append((with_it, without))
    return Metering(
        median(with_it for with_it, _ in times),
        median(without for _, without in times),
        1 - median(without / with_it for with_it, without in times),
        len(times),
    )


@contextmanager
def _scraped(server: Server) -> Iterator[None]:
    """Have its metrics read every second, the first time at once."""
    stop = threading.Event()

    def scrape() -> None:
        while True:
            server.ask(Request("GET", "/metrics"))
            if stop.wait(_SCRAPE_EVERY):
                return

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
