"""Compares armful with a bare ASGI application and a reference design: selections, reports, statistics."""

from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks.peers import reference
from benchmarks.service import inputs
from benchmarks.service.comparison import Case, Contender, Result, bare, compare
from benchmarks.service.load import Request
from benchmarks.service.servers import Cores, Server, database, on_core, temporary_armful, worker
from msgspec import Struct

_PLAIN, _EXPLORING = "thompson_sampling", "thompson_sampling_exploration"
_FEW, _MANY = 100, 10_000


def measure(cores: Cores, rounds: int, seconds: float) -> list[Result]:
    """Measure with 100 variants, then with 10,000."""
    with ExitStack() as stack:
        ours, folder = stack.enter_context(temporary_armful(cores))
        dsn = database(folder, "reference").replace("postgresql://", "postgresql+asyncpg://")
        with on_core(cores.servers):
            least = stack.enter_context(worker("benchmarks.peers.bare:create_app", ours.key))
            theirs = stack.enter_context(
                worker("benchmarks.peers.reference:create_app", reference.KEY, REFERENCE_DATABASE_URL=dsn)
            )
        servers = _Servers(ours, least, theirs)
        for request in inputs.creations(0, _FEW):
            ours.ask(request)
            theirs.ask(request)
        results = compare(_with_few(servers), cores, rounds, seconds)
        for request in inputs.creations(_FEW, _MANY):
            ours.ask(request)
        return results + compare(_with_many(servers), cores, rounds, seconds)


class _Servers(Struct, frozen=True):
    armful: Server
    bare: Server
    reference: Server

    def case(
        self, what: str, connections: int, requests: Sequence[Request], targets: dict[str, float]
    ) -> Case:
        """Return a case for armful, the bare application and, if it has a target, the reference."""
        contenders = {
            "bare": bare(self.bare, requests, len(self.armful.ask(requests[0]))),
            "armful": Contender(self.armful, requests),
        }
        if "reference" in targets:
            contenders["reference"] = Contender(self.reference, requests)
        return Case(what, connections, contenders, targets)


def _with_few(servers: _Servers) -> list[Case]:
    select = inputs.selections(_EXPLORING)
    report = inputs.reports(_FEW)
    described = inputs.reports(_FEW, metadata={"source": "scheduler", "campaign_id": "spring"})
    select_targets = {"bare": 0.6, "reference": 40.0}
    return [
        servers.case(f"select 3 of {_FEW}", 1, select, select_targets),
        servers.case(f"select 3 of {_FEW}", 16, select, select_targets),
        servers.case(f"select 3 of {_FEW}", 128, select, select_targets),
        servers.case("report", 1, report, {}),
        servers.case("report", 16, report, {"bare": 0.3, "reference": 15.0}),
        servers.case("report", 64, report, {"bare": 0.4, "reference": 15.0}),
        servers.case("report with metadata", 16, described, {}),
        servers.case("statistics", 16, inputs.statistics(_FEW), {"bare": 0.25}),
    ]


def _with_many(servers: _Servers) -> list[Case]:
    return [
        servers.case(f"select 3 of {_MANY:,}", 16, inputs.selections(_PLAIN), {"bare": 0.45}),
        servers.case(f"select 3 of {_MANY:,}, exploring", 16, inputs.selections(_EXPLORING), {"bare": 0.45}),
    ]
