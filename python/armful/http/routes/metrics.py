"""`GET /metrics`, in Prometheus' text format."""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from armful.features.insights.overview import Overview
from armful.features.services import Services
from armful.observability.metrics import Distribution, Metrics, ProcessMetrics


class _Scrape:
    """Collects the metrics of one scrape for prometheus_client."""

    def __init__(self, metrics: Metrics, overview: Overview, data_dir: Path) -> None:
        self._metrics = metrics
        self._overview = overview
        self._data_dir = data_dir

    def collect(self) -> Iterator[Metric]:
        figures = self._metrics.combined()
        yield _counter(
            "ab_testing_requests",
            "Requests answered.",
            ("method", "endpoint", "status_code"),
            figures.requests.items(),
        )
        yield _histograms(
            "ab_testing_request_duration_seconds",
            "Time to answer a request.",
            ("method", "endpoint"),
            figures.durations.items(),
        )
        yield _counter(
            "ab_testing_variant_selections",
            "Selections made; personas beyond the first hundred are 'other'.",
            ("algorithm", "persona_id"),
            figures.selections.items(),
        )
        yield _histograms(
            "ab_testing_thompson_sampling_duration_seconds",
            "Time to draw a selection.",
            (),
            [("", figures.sampling)],
        )
        yield _histograms("armful_commit_updates", "Updates per commit.", (), [("", figures.commit_sizes)])
        yield _histograms(
            "armful_commit_duration_seconds", "Time of a commit.", (), [("", figures.commit_seconds)]
        )
        yield from _processes(figures)
        yield from _database(self._overview)
        yield from _pools(self._overview)
        yield from _experiments(self._overview)
        yield from _disk(self._data_dir)


def _processes(figures: ProcessMetrics) -> Iterator[Metric]:
    """Yield the metrics of the worker processes."""
    yield _gauge("ab_testing_api_uptime", "Seconds since the service started.", time.time() - figures.started)
    yield _gauge("armful_workers", "Processes that serve.", figures.workers)
    yield _gauge("armful_queue_updates", "Updates waiting for a commit, in all workers.", figures.waiting)
    yield _gauge("armful_queue_limit", "Updates that may wait, in all workers.", figures.limit)
    yield _gauge(
        "armful_behind_seconds",
        "Seconds since the slowest worker had applied every commit.",
        figures.behind,
    )
    yield _gauge("armful_pool_connections", "Open connections of all workers' pools.", figures.connections)
    yield _gauge(
        "armful_pool_connections_idle", "Connections of the pools that are not in use.", figures.idle
    )


def _database(overview: Overview) -> Iterator[Metric]:
    database = overview.database
    yield _gauge("armful_variants", "Variants that can be selected.", overview.variants)
    yield _gauge("posts_engagement_rate", "Successes per impression over all active variants.", overview.rate)
    if overview.cost_per_success is not None:
        text = "Cost per success over all active variants with a cost, in the currency of the costs."
        yield _gauge("cost_per_follow_dollars", text, overview.cost_per_success)
    yield _gauge("armful_database_up", "1 if the database answers, else 0.", 0.0 if database is None else 1.0)
    if database is not None:
        yield _gauge(
            "armful_database_start_time_seconds",
            "When the PostgreSQL server was started, in seconds since 1970.",
            database.started.timestamp(),
        )
        yield _gauge("armful_database_size_bytes", "Size of the database.", database.size)
        yield _gauge("armful_database_connections", "Open connections of the server.", database.connections)
        yield _gauge(
            "armful_database_connections_limit",
            "Connections that the server allows.",
            database.most_connections,
        )


def _pools(overview: Overview) -> Iterator[Metric]:
    rates = GaugeMetricFamily(
        "armful_variant_pool_success_rate",
        "Successes per impression of a pool's active variants.",
        labels=["pool"],
    )
    costs = GaugeMetricFamily(
        "armful_variant_pool_cost_per_success",
        "Cost per success of a pool's active variants with a cost.",
        labels=["pool"],
    )
    for state in overview.pools:
        if state.impressions:
            rates.add_metric([state.pool.name], state.successes / state.impressions)
        if state.cost_per_success is not None:
            costs.add_metric([state.pool.name], state.cost_per_success)
    yield rates
    yield costs


def _experiments(overview: Overview) -> Iterator[Metric]:
    if overview.experiments is None:
        return
    yield _gauge(
        "ab_testing_active_experiments_count", "Experiments that are active.", len(overview.experiments)
    )
    participants = GaugeMetricFamily(
        "ab_testing_experiment_participants",
        "Participants of an active experiment: distinct ids if events have them, else impressions.",
        labels=["experiment_id"],
    )
    alarms = GaugeMetricFamily(
        "armful_experiment_sample_ratio_alarm",
        "1 if an active experiment's traffic is not split as planned, else 0.",
        labels=["experiment_id"],
    )
    for experiment_id, running in overview.experiments.items():
        participants.add_metric([experiment_id], running.participants)
        alarms.add_metric([experiment_id], running.sample_ratio_alarm)
    yield participants
    yield alarms


def _disk(folder: Path) -> Iterator[Metric]:
    """Yield the size of the data folder's disk, if the folder exists."""
    with suppress(OSError):
        usage = shutil.disk_usage(folder)
        yield _gauge("armful_disk_size_bytes", "Size of the data folder's disk.", usage.total)
        yield _gauge("armful_disk_free_bytes", "Free space on the data folder's disk.", usage.free)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _counter(
    name: str, text: str, labels: Iterable[str], counts: Iterable[tuple[str, int]]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=list(labels))
    for values, count in counts:
        family.add_metric(values.split("\n"), count)
    return family


def _histograms(
    name: str, text: str, labels: tuple[str, ...], distributions: Iterable[tuple[str, Distribution]]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=list(labels))
    for values, distribution in distributions:
        below = 0
        buckets = []
        for bound, count in zip((*map(repr, distribution.bounds), "+Inf"), distribution.counts, strict=True):
            below += count
            buckets.append((bound, below))
        family.add_metric(values.split("\n") if labels else [], buckets, distribution.total)
    return family


def handler(metrics: Metrics, data_dir: Path, *, public: bool) -> HTTPRouteHandler:
    """Return the handler of `/metrics`. If `public`, it needs no key."""

    @get("/metrics", scope="read", public=public, include_in_schema=False, tags=["health"])
    async def read_metrics(services: NamedDependency[Services]) -> Response[bytes]:
        """All metrics in Prometheus' text format."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Scrape(metrics, await services.overview.read(), data_dir))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return read_metrics
