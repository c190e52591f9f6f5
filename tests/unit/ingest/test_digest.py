"""The digest of an update stays what it is while the type grows: else a deploy would turn retries into conflicts."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from armful.contract.outcomes import BatchItem
from armful.domain.outcome import Outcome
from armful.ingest.digest import digest

SHORT = {"impression": True, "success": False, "event_id": "e"}
LONG = {
    "impression": False,
    "success": True,
    "batch_size": 3,
    "event_id": "e",
    "selection_id": UUID(int=7),
    "persona_id": "dev",
    "experiment_id": "exp_1",
    "participant_id": "ada",
    "occurred_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "metrics": {"signup": True, "click": False},
    "metadata": {"country": "NZ", "age": 7, "tags": ["a", None]},
}
NUMBERS = {**LONG, "value": 2.5, "metrics": {"signup": True, "minutes": 7.25}}


class LaterOutcome(Outcome, kw_only=True, omit_defaults=True):
    """What a release to come may make of an outcome."""

    value: float | None = None
    currency: str = "EUR"


@pytest.mark.parametrize(
    ("said", "pinned"),
    [
        (SHORT, "5ece495db3a9a158e5b8e939f967ecec"),
        (LONG, "26d72ce010ae22c6ae39148d0d08d854"),
        (NUMBERS, "fbba28b4b956e11970d3d5358a289895"),
    ],
    ids=["as short as can be", "with everything of the first edition", "with everything"],
)
def test_digests_that_are_in_databases(said: dict[str, Any], pinned: str) -> None:
    assert set(NUMBERS) == set(Outcome.__struct_fields__), (
        "pin a digest with the new field, and leave the others"
    )
    found = digest((1, Outcome(**said), "v"))
    assert found is not None
    assert found.hex() == pinned


@pytest.mark.parametrize("said", [SHORT, LONG], ids=["short", "long"])
def test_two_versions_agree_on_a_body_without_the_new_fields(said: dict[str, Any]) -> None:
    before = digest((1, Outcome(**said), "v"))
    assert digest((1, LaterOutcome(**said), "v"), LaterOutcome) == before
    assert digest((1, LaterOutcome(**said, currency="EUR"), "v"), LaterOutcome) == before


def test_a_new_field_that_is_set_makes_another_body() -> None:
    digests = [
        digest((1, LaterOutcome(**SHORT, **more), "v"), LaterOutcome)
        for more in ({}, {"value": 0.0}, {"value": 1.0}, {"currency": "NZD"})
    ]
    assert len(set(digests)) == 4


@pytest.mark.parametrize("name", [name for name in LONG if name != "event_id"])
def test_every_field_counts(name: str) -> None:
    others = {
        "impression": True, "success": False, "batch_size": 1, "metrics": {"signup": True}, "metadata": {"country": "AU"},
    }  # fmt: skip
    said = LONG | {"impression": True, "success": True}
    changed = said | {name: others[name] if name in others and others[name] != said[name] else None}
    if name in ("impression", "success"):
        changed[name] = False
    assert digest((1, Outcome(**said), "v")) != digest((1, Outcome(**changed), "v"))


def test_the_variant_counts_and_the_order_of_what_is_said_does_not() -> None:
    one = digest((1, Outcome(**LONG), "v"))
    assert digest((2, Outcome(**LONG), "v")) != one
    turned = LONG | {name: dict(reversed(LONG[name].items())) for name in ("metrics", "metadata")}
    assert digest((1, Outcome(**turned), "v")) == one


def test_an_item_of_a_batch_is_the_body_it_would_be_alone() -> None:
    item = msgspec.convert({"variant_id": "a", **LONG}, BatchItem)
    assert digest((1, item, "v")) == digest((1, Outcome(**LONG), "v"))


def test_without_an_event_id_there_is_none() -> None:
    assert digest((1, Outcome(impression=True, success=True), "v")) is None
