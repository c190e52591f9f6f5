"""Puts servers under the same load. They take turns, so a disturbance affects all of them."""

from collections.abc import Sequence
from statistics import median

from benchmarks.service.load import Measured, Request, load
from benchmarks.service.servers import Cores, Server, on_core
from msgspec import Struct


class Contender(Struct, frozen=True):
    """A server and the requests that it gets."""

    server: Server
    requests: Sequence[Request]


class Case(Struct, frozen=True):
    """The same requests to armful and to its peers. Targets are armful's speed as a multiple of theirs."""

    what: str
    connections: int
    contenders: dict[str, Contender]
    targets: dict[str, float] = {}


class Result(Struct, frozen=True):
    """The result of a case: medians over the rounds. A ratio is the median of the rounds' ratios."""

    what: str
    connections: int
    measured: dict[str, Measured]
    ratios: dict[str, float]
    targets: dict[str, float]


def bare(server: Server, requests: Sequence[Request], answer_bytes: int) -> Contender:
    """Return the same requests for the bare application, which returns as many bytes."""
    return Contender(
        server, [Request(request.method, f"/{answer_bytes}", request.body) for request in requests]
    )


def compare(cases: Sequence[Case], cores: Cores, rounds: int, seconds: float) -> list[Result]:
    """Measure every case in every round, after a second of warm-up for each."""
    runs: list[dict[str, list[Measured]]] = [{name: [] for name in case.contenders} for case in cases]
    with on_core(cores.load):
        for number in range(rounds + 1):
            for case, run in zip(cases, runs, strict=True):
                for name, contender in case.contenders.items():
                    server = contender.server
                    measured = load(
                        server.port,
                        server.key,
                        contender.requests,
                        case.connections,
                        seconds if number else 1,
                        server.worker,
                    )
                    if number:
                        run[name].append(measured)
    return [_result(case, run) for case, run in zip(cases, runs, strict=True)]


def _result(case: Case, run: dict[str, list[Measured]]) -> Result:
    return Result(
        case.what,
        case.connections,
        {
            name: Measured(
                *(median(getattr(one, field) for one in all_) for field in Measured.__struct_fields__)
            )
            for name, all_ in run.items()
        },
        {
            name: median(
                ours.per_second / theirs.per_second for ours, theirs in zip(run["armful"], all_, strict=True)
            )
            for name, all_ in run.items()
            if name != "armful"
        },
        case.targets,
    )
