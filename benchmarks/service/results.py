"""Measures the results of an experiment with ten arms and 90 days, with few and with many events in its rollups.

Every participant has four impressions. The experiment has a second metric and a guardrail.
"""

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


_PAST = (
    """
    INSERT INTO armful.experiment_day (experiment, allocation_epoch, variant, day, impressions, successes, anonymous)
    SELECT e.id, e.allocation_epoch, a.variant, current_date - d, $3::bigint, $3 * (10 + a.position % 3) / 100, 0
    FROM armful.experiment e JOIN armful.experiment_arm a ON a.experiment = e.id, generate_series(1, $2::integer) AS d
    WHERE e.experiment_id = $1
    """,
    """
    INSERT INTO armful.experiment_total
        (experiment, allocation_epoch, variant, day, metric, participants, impressions, impressions_squared, total,
         total_squared, product, converted)
    SELECT e.id, e.allocation_epoch, a.variant, current_date - d, m.name, n.people, n.people * 4, n.people * 16.0,
           n.converted, n.converted, n.converted * 4, n.converted
    FROM armful.experiment e JOIN armful.experiment_arm a ON a.experiment = e.id,
         generate_series(1, $2::integer) AS d,
         unnest(ARRAY[''] || e.success_metrics || e.guardrail_metrics) AS m (name),
         LATERAL (
             SELECT CASE m.name WHEN '' THEN $3::bigint / 4 ELSE $3 * (10 + a.position % 3) / 400 END AS people,
                    CASE m.name WHEN '' THEN 0 ELSE $3 * (10 + a.position % 3) / 400 END AS converted
         ) AS n
    WHERE e.experiment_id = $1
    """,
    """
    INSERT INTO armful.experiment_metric_day (experiment, allocation_epoch, variant, day, metric, successes)
    SELECT t.experiment, t.allocation_epoch, t.variant, t.day, t.metric, t.converted
    FROM armful.experiment_total t JOIN armful.experiment e ON e.id = t.experiment
    WHERE e.experiment_id = $1 AND t.metric NOT IN ('', e.success_metrics[1]) AND $2::integer + $3::bigint > 0
    """,
    """
    UPDATE armful.experiment_share s SET participants = $2::integer * ($3::bigint / 4)
    FROM armful.experiment e WHERE e.experiment_id = $1 AND s.allocation_epoch = e.allocation_epoch
    """,
)


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
                    "success_metrics": ["engagement_rate", "signup"],
                    "guardrail_metrics": ["complaint"],
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
    for statement in _PAST:
        await connection.execute(statement, experiment_id, _DAYS, events // (_DAYS * _ARMS))
    await connection.close()
