"""Reads the state of a service for `armful watch`."""

import time
from collections.abc import Mapping

from msgspec import Struct, field
from prometheus_client.parser import text_string_to_metric_families

from armful.client import Client
from armful.contract.experiments import ExperimentView
from armful.contract.insights import RowView, StandingView
from armful.contract.results import ResultsView
from armful.contract.variants import VariantView
from armful.core import probability_best

MOST_ROWS = 1000
_MOST_AMONG = 10_000
_MOST_EXPERIMENTS = 10

_SELECTIONS = "ab_testing_variant_selections_total"
_UPDATES = "armful_commit_updates_sum"


class WatchedVariant(Struct):
    """A variant and its standing."""

    variant: RowView
    standing: StandingView
    chance: float


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


def look(client: Client, dimensions: Mapping[str, str], most: int, before: Seen | None) -> Seen:
    """Read the state of a service, with at most `most` variants. Rates per second are computed from the state `before`.

    With `dimensions`, only variants that have all of them are read, and chances to be best are computed among them.

    Raises:
        ClientError: the service does not respond, or refuses a request.
    """
    table = client.get_standings_table(dimensions=dict(dimensions), limit=most)
    rows = [
        WatchedVariant(row, standing, standing.chance_to_be_best)
        for row in table.rows
        if (standing := row.standing) is not None
    ]
    if dimensions:
        chances = _chances(client, dimensions)
        for row in rows:
            row.chance = chances.get(row.variant.variant_id, row.chance)
        rows.sort(key=lambda row: row.chance, reverse=True)
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


def _chances(client: Client, dimensions: Mapping[str, str]) -> dict[str, float]:
    """Compute the chances to be best among the active variants with these dimensions."""
    variants = client.list_variants(dimensions=dict(dimensions), limit=_MOST_AMONG).variants
    if not variants:
        return {}
    chances = probability_best(*zip(*map(_posterior, variants), strict=True))
    return dict(zip((one.variant_id for one in variants), chances.tolist(), strict=True))


def _posterior(variant: VariantView) -> tuple[float, float]:
    performance = variant.performance
    impressions, successes = performance.impressions, performance.successes
    return variant.prior_alpha + successes, variant.prior_beta + (impressions - successes)


def _totals(metrics: str) -> dict[str, float]:
    """Return the wanted counters, summed over their labels."""
    totals = {_SELECTIONS: 0.0, _UPDATES: 0.0}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name in totals:
                totals[sample.name] += sample.value
    return totals
