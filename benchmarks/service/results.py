"""Measures the results of an experiment with ten arms and 90 days, with few and with many events in its rollups."""

import asyncio
from statistics import median
from typing import Any

import asyncpg
from benchmarks.service import inputs
from benchmarks.service.load import Measured, Request, load
from benchmarks.service.servers import Cores, Server, database, on_core, temporary_armful
from msgspec import Struct, json

_ARMS, _DAYS = 10, 90
_EVENTS = (1_000_000, 100_000_000)
TARGET_MS = 20.0


class Results(Struct, frozen=True):
    """Response time of results in milliseconds, one request at a time. `interim` includes the figures of every day."""

    events: int
    interim: bool
    p50_ms: float
    p99_ms: float


def measure(cores: Cores, rounds: int, seconds: float) -> list[Results]:
    """Measure all cases in each round, and return the medians."""
    with temporary_armful(cores) as (server, folder):
        server.ask(inputs.creations(0, _ARMS)[0])
        paths = {events: _experiment(server, database(folder), events) for events in _EVENTS}
        runs: dict[tuple[int, bool], list[Measured]] = {
            (events, interim): [] for interim in (False, True) for events in _EVENTS
        }
        with on_core(cores.load):
            for _ in range(rounds):
                for (events, interim), run in runs.items():
                    path = paths[events] + ("?include_interim=true" if interim else "")
                    run.append(load(server.port, server.key, [Request("GET", path)], 1, seconds))
    return [
        Results(*case, median(one.p50_ms for one in run), median(one.p99_ms for one in run))
        for case, run in runs.items()
    ]


def _experiment(server: Server, dsn: str, events: int) -> str:
    """Start an experiment, insert 90 past days, and return the path of its results."""
    started = json.decode(
        server.ask(
            Request(
                "POST",
                "/experiments/start",
                {
                    "experiment_name": f"{events:,} events",
                    "variant_ids": [inputs.variant_id(number) for number in range(_ARMS)],
                    "traffic_allocation": [1 / _ARMS] * _ARMS,
                    "target_persona": "anyone",
                    "success_metrics": ["engagement_rate"],
                    "duration_days": _DAYS + 1,
                },
            )
        )
    )
    asyncio.run(_put_past(dsn, started["experiment_id"], events))
    return f"/experiments/{started['experiment_id']}/results"


async def _put_past(dsn: str, experiment_id: str, events: int) -> None:
    connection: Any = await asyncpg.connect(dsn)
    await connection.execute(
        "UPDATE armful.experiment SET start_time = start_time - make_interval(days => $2),"
        " expected_end_time = expected_end_time - make_interval(days => $2) WHERE experiment_id = $1",
        experiment_id,
        _DAYS,
    )
    await connection.execute(
        """
        INSERT INTO armful.experiment_day (experiment, allocation_epoch, variant, day, impressions, successes, anonymous)
        SELECT e.id, e.allocation_epoch, a.variant, current_date - d, n, n * (10 + a.position % 3) / 100, n
        FROM armful.experiment e JOIN armful.experiment_arm a ON a.experiment = e.id, generate_series(1, $2::integer) AS d,
             (SELECT $3::bigint / ($2 * $4::integer) AS n) AS per_day
        WHERE e.experiment_id = $1
        """,
        experiment_id,
        _DAYS,
        events,
        _ARMS,
    )
    await connection.close()
