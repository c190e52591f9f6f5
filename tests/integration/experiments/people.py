"""Participants with values: reported over HTTP, or put into the database as updates leave them there."""

import json
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from httpx2 import Client
from tests.conftest import Running

_ROWS = """
    WITH said AS (
        SELECT e.id AS experiment, e.allocation_epoch, v.id AS variant, u.*
        FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])
            AS u (participant_id, variant_id, impressions, metrics, metadata, persona_id)
        JOIN armful.variant_performance v ON v.variant_id = u.variant_id
        JOIN armful.experiment e ON e.experiment_id = $1
    ), written AS (
        INSERT INTO armful.experiment_participant AS p
            (experiment, participant_id, allocation_epoch, variant, impressions, successes, metrics, first_impression,
             last_impression, metadata, persona_id)
        SELECT experiment, participant_id, allocation_epoch, variant, impressions, 0, metrics::jsonb, now(), now(),
               metadata::jsonb, persona_id
        FROM said
        ON CONFLICT (experiment, participant_id) DO UPDATE SET
            impressions = excluded.impressions, metrics = excluded.metrics
        RETURNING p AS after
    ), changes AS (
        SELECT array_agg(ROW(b, w.after)::armful.participant_change) AS list
        FROM written w
        LEFT JOIN armful.experiment_participant b
          ON b.experiment = (w.after).experiment AND b.participant_id = (w.after).participant_id
    )
    SELECT armful.add_participant_totals(list), armful.count_segments('{}', list) FROM changes
"""
_SHARES = """
    UPDATE armful.experiment_share s SET participants = t.participants
    FROM (
        SELECT p.allocation_epoch, p.variant, count(*) AS participants
        FROM armful.experiment_participant p JOIN armful.experiment e ON e.id = p.experiment
        WHERE e.experiment_id = $1 AND p.impressions > 0
        GROUP BY 1, 2
    ) AS t
    WHERE s.allocation_epoch = t.allocation_epoch AND s.variant = t.variant
"""


class Person(NamedTuple):
    """A participant, the variant they see, how often, and their total of each metric."""

    name: str
    variant_id: str
    impressions: int
    metrics: dict[str, float]
    metadata: dict[str, Any] | None = None
    persona_id: str | None = None


def put_people(service: Running, experiment_id: str, people: Sequence[Person]) -> None:
    """Store participants as they are now. Those who were there before change."""
    service.sql(
        _ROWS,
        experiment_id,
        [one.name for one in people],
        [one.variant_id for one in people],
        [one.impressions for one in people],
        [json.dumps(one.metrics) for one in people],
        [None if one.metadata is None else json.dumps(one.metadata) for one in people],
        [one.persona_id for one in people],
    )
    service.sql(_SHARES, experiment_id)


def report_values(client: Client, people: Sequence[Person], draw: random.Random) -> None:
    """Report people's impressions and values over HTTP, in random order and in batches of random size.

    A value is reported as two numbers that add up to it, and a count of a binary metric as that many successes.
    """
    updates: list[dict[str, Any]] = []
    for one in people:
        said = {"variant_id": one.variant_id, "participant_id": one.name}
        first = draw.randint(1, one.impressions)
        sizes = [size for size in (first, one.impressions - first) if size]
        updates += [{**said, "impression": True, "success": False, "batch_size": size} for size in sizes]
        late = {**said, "impression": False, "success": True}
        for name, value in one.metrics.items():
            if isinstance(value, int):
                if value:
                    updates.append({**late, "batch_size": value, "metrics": {name: True}})
            else:
                part = round(draw.random() * value, 2)
                updates += [{**late, "metrics": {name: number}} for number in (part, round(value - part, 9))]
    draw.shuffle(updates)
    while updates:
        size = draw.randint(1, 500)
        answer = client.post("/performance/batch", json={"updates": updates[:size]})
        assert answer.json()["rejected"] == []
        updates = updates[size:]
