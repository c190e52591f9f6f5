"""What `armful watch` sees of a service."""

import time
from collections.abc import Mapping

from msgspec import Struct, field
from prometheus_client.parser import text_string_to_metric_families

from armful.client import Client
from armful.client.answers import Experiment, Standing, Variant
from armful.client.results import Results
from armful.core import probability_best

MOST_VARIANTS = 10_000
_MOST_EXPERIMENTS = 10

_SELECTIONS = "ab_testing_variant_selections_total"
_UPDATES = "armful_commit_updates_sum"


class Row(Struct):
    """A variant with its standing."""

    variant: Variant
    standing: Standing
    chance: float


class Seen(Struct, kw_only=True):
    """One look: variants by chance to be best, and the running experiments."""

    at: float
    rows: list[Row] = field(default_factory=list)
    total: int
    experiments: list[tuple[Experiment, Results]]
    selections: float
    updates: float
    selections_per_second: float | None = None
    updates_per_second: float | None = None


def look(client: Client, dimensions: Mapping[str, str], before: Seen | None) -> Seen:
    """Look at the service; with what was seen `before`, rates are known too.

    With `dimensions` only variants that have them all are seen, and chances to be best are among these.

    Raises:
        ClientError: it does not answer, or refuses to.
    """
    page = client.list_variants(dimensions=dict(dimensions), limit=MOST_VARIANTS)
    standings = {one["variant_id"]: one for one in client.get_standings()["standings"]}
    rows = [
        Row(variant, standing, standing["chance_to_be_best"])
        for variant in page["variants"]
        if (standing := standings.get(variant["variant_id"])) is not None
    ]
    if dimensions and rows:
        chances = probability_best(*zip(*(_posterior(row.variant) for row in rows), strict=True))
        rows = [
            Row(row.variant, row.standing, chance) for row, chance in zip(rows, chances.tolist(), strict=True)
        ]
    rows.sort(key=lambda row: (row.chance, row.variant["performance"]["success_rate"]), reverse=True)
    active = [one for one in client.list_experiments()["experiments"] if one["status"] == "active"]
    totals = _totals(client.get_metrics())
    seen = Seen(
        at=time.monotonic(),
        rows=rows,
        total=page["total_count"],
        experiments=[(one, client.get_results(one["experiment_id"])) for one in active[:_MOST_EXPERIMENTS]],
        selections=totals[_SELECTIONS],
        updates=totals[_UPDATES],
    )
    if before is not None:
        seconds = seen.at - before.at
        # After a restart of the service its counters begin anew.
        seen.selections_per_second = max(0.0, seen.selections - before.selections) / seconds
        seen.updates_per_second = max(0.0, seen.updates - before.updates) / seconds
    return seen


def _posterior(variant: Variant) -> tuple[float, float]:
    performance = variant["performance"]
    impressions, successes = performance["impressions"], performance["successes"]
    return variant["prior_alpha"] + successes, variant["prior_beta"] + impressions - successes


def _totals(metrics: str) -> dict[str, float]:
    """The counters we want, summed over their labels."""
    totals = {_SELECTIONS: 0.0, _UPDATES: 0.0}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name in totals:
                totals[sample.name] += sample.value
    return totals
