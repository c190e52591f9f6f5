"""The JSON of a selection is the contract's, joined from parts that are made once."""

import msgspec
import pytest
from tests.unit.samples import variant

from armful.contract.selection import Selection, SelectRequest
from armful.decisions.engine import DecisionEngine
from armful.domain.variant import Totals
from armful.http.views.selection import selection_json
from armful.learning.policies import SELECTION_POLICIES
from armful.replica.variant_cache import VariantCache


@pytest.fixture
def cache() -> VariantCache:
    found = VariantCache()
    found.upsert(
        [variant(1, content='say "hey"', dimensions={"tone": "é"}, impressions=4, successes=1), variant(2)]
    )
    return found


def selection(cache: VariantCache, **fields: object) -> tuple[Selection, object]:
    request = SelectRequest(top_k=2, algorithm="thompson_sampling", persona_id="p", **fields)  # type: ignore[arg-type]
    decision = DecisionEngine(cache).decide(SELECTION_POLICIES["thompson_sampling"], request)
    return msgspec.json.decode(selection_json(decision, request), type=Selection, strict=True), decision


def test_it_is_a_selection_of_the_contract(cache: VariantCache) -> None:
    found, decision = selection(cache, seed=7)
    assert found.selection_id == decision.decision_id  # type: ignore[attr-defined]
    assert [one.score for one in found.selected_variants] == decision.scores  # type: ignore[attr-defined]
    first = next(one for one in found.selected_variants if one.variant_id == "v1")
    assert (first.content, first.dimensions, first.performance.success_rate) == (
        'say "hey"',
        {"tone": "é"},
        0.25,
    )
    assert next(one for one in found.selected_variants if one.variant_id == "v2").content is None
    metadata = found.selection_metadata
    assert (metadata.algorithm, metadata.persona_id, metadata.seed, metadata.exclude) == (
        "thompson_sampling", "p", 7, None,
    )  # fmt: skip


def test_a_variant_that_has_changed_is_rendered_again(cache: VariantCache) -> None:
    selection(cache)
    cache.apply_totals([Totals(1, 5, 2, 2)])
    found, _ = selection(cache)
    first = next(one for one in found.selected_variants if one.variant_id == "v1")
    assert (first.performance.impressions, first.performance.successes) == (5, 2)


def test_nothing_selected_is_an_empty_list() -> None:
    found, _ = selection(VariantCache())
    assert found.selected_variants == []
