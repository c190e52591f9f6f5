"""Measures the service and its peers on one core. The load uses another core.

`python -m benchmarks.service` prints the tables; `--json FILE` writes the figures.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from benchmarks.service import batches, metering, report, requests, resources, results
from benchmarks.service.load import missing
from benchmarks.service.servers import Cores

__all__ = ["PARTS", "main"]

PARTS = ("requests", "metering", "batches", "results", "start", "memory")


def main(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Measure, print the tables, and return the figures of each part."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; may be repeated")
    parser.add_argument("--rounds", type=int, default=4, help="number of rounds (4)")
    parser.add_argument("--seconds", type=float, default=2, help="seconds of each measurement (2)")
    parser.add_argument("--quick", action="store_true", help="two rounds of one second")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args(arguments)
    if (lacking := missing()) is not None:
        sys.exit(lacking)
    cores = Cores.choose()
    rounds, seconds = (2, 1.0) if options.quick else (options.rounds, options.seconds)
    figures: dict[str, Any] = {"machine": {**report.machine(), "rounds": rounds, "seconds": seconds}}
    print(", ".join(f"{name} {value}" for name, value in figures["machine"].items()))
    if cores.servers is None:
        print("There is only one core: the servers and the load share it.")
    measures: dict[str, tuple[Callable[[], Any], Callable[[Any], str]]] = {
        "requests": (lambda: requests.measure(cores, rounds, seconds), report.requests),
        "metering": (lambda: metering.measure(cores, rounds), report.metrics),
        "batches": (lambda: batches.measure(cores, rounds, seconds), report.batch),
        "results": (lambda: results.measure(cores, rounds, seconds), report.result),
        "start": (lambda: resources.start(cores, rounds), report.start),
        "memory": (lambda: resources.memory(cores), report.memory),
    }
    for part in options.part or PARTS:
        measure, show = measures[part]
        figures[part] = measure()
        print(f"\n{show(figures[part])}", flush=True)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    return msgspec.to_builtins(figures)  # type: ignore[no-any-return]
