"""Reads the state of a service for `armful watch`."""

import time
from collections.abc import Mapping

from msgspec import Struct, field
from prometheus_client.parser import text_string_to_metric_families

from armful.client import Client
from armful.client.fields import TableFields
from armful.contract.experiments import ExperimentView
from armful.contract.insights import RowView, StandingView
from armful.contract.results import ResultsView

MOST_ROWS = 1000
_MOST_EXPERIMENTS = 10

_SELECTIONS = "ab_testing_variant_selections_total"
_UPDATES = "armful_commit_updates_sum"


class WatchedVariant(Struct):
    """A variant and its standing."""

    variant: RowView
    standing: StandingView


class Seen(Struct, kw_only=True):
    """The state at one time: variants by chance to be best, and the running experiments."""

    at: float
    rows: list[WatchedVariant] = field(default_factory=list)
    total: int
    experiments: list[tuple[ExperimentView, ResultsView]]
    selections: float
    updates: float
    selections_per_second: float | None = None
    updates_per_second: float | None = None


def look(
    client: Client, dimensions: Mapping[str, str], pool: str | None, most: int, before: Seen | None
) -> Seen:
    """Read the state of a service, with at most `most` variants. Rates per second are computed from the state `before`.

    With `pool` or `dimensions`, only variants of that pool that have all dimensions are read and compared with each other.

    Raises:
        ClientError: the service does not respond, or refuses a request.
    """
    fields: TableFields = {"dimensions": dict(dimensions), "limit": most}
    if pool is not None:
        fields["pool"] = pool
    table = client.get_standings_table(**fields)
    rows = [WatchedVariant(row, standing) for row in table.rows if (standing := row.standing) is not None]
    active = [one for one in client.list_experiments().experiments if one.status == "active"]
    totals = _totals(client.get_metrics())
    seen = Seen(
        at=time.monotonic(),
        rows=rows,
        total=table.matching_count,
        experiments=[(one, client.get_results(one.experiment_id)) for one in active[:_MOST_EXPERIMENTS]],
        selections=totals[_SELECTIONS],
        updates=totals[_UPDATES],
    )
    if before is not None:
        seconds = seen.at - before.at
        # A restart of the service resets its counters.
        seen.selections_per_second = max(0.0, seen.selections - before.selections) / seconds
        seen.updates_per_second = max(0.0, seen.updates - before.updates) / seconds
    return seen


def _totals(metrics: str) -> dict[str, float]:
    """Return the wanted counters, summed over their labels."""
    totals = {_SELECTIONS: 0.0, _UPDATES: 0.0}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name in totals:
                totals[sample.name] += sample.value
    return totals
