"""What each call sends, and which may be sent twice."""

from typing import Any

import pytest

from armful.client import _calls as calls


@pytest.mark.parametrize(
    ("variant_id", "path"),
    [("a", "/variants/a"), ("a/b", "/variants/a%2Fb"), ("é ?", "/variants/%C3%A9%20%3F"), (".", "/variants/%2E"),
     ("..", "/variants/%2E%2E"), ("a.b", "/variants/a.b")],
)  # fmt: skip
def test_an_id_is_one_segment_of_the_path(variant_id: str, path: str) -> None:
    assert calls.get_variant(variant_id).path == path


def test_an_update_has_an_event_id_so_that_it_may_be_sent_twice() -> None:
    first, second = (calls.track_performance("a", True) for _ in range(2))
    assert first.replayable
    assert first.body["event_id"] != second.body["event_id"]  # type: ignore[index]
    own: Any = calls.track_performance("a", False, event_id="mine", impression=False).body
    assert own == {"impression": False, "event_id": "mine", "success": False}


def test_every_update_of_a_batch_has_an_event_id() -> None:
    body: Any = calls.track_batch(
        [{"variant_id": "a", "success": True}, {"variant_id": "b", "event_id": "x"}]
    ).body
    first, second = body["updates"]
    assert first["impression"] is True
    assert len(first["event_id"]) == 32
    assert second["event_id"] == "x"


def test_fields_override_defaults_but_not_arguments() -> None:
    body: Any = calls.select("p", 3, {"algorithm": "thompson_sampling", "seed": 7}).body
    assert body == {
        "algorithm": "thompson_sampling", "exploration_ratio": 0.2, "seed": 7, "persona_id": "p", "top_k": 3,
    }  # fmt: skip


def test_dimensions_are_parameters_of_their_own() -> None:
    query = calls.list_variants({"dimensions": {"tone": "formal"}, "limit": 5}).query
    assert query == {"limit": 5, "dimension.tone": "formal"}
    assert calls.list_experiments(10, None).query == {"limit": 10}
    assert calls.list_experiments(10, "7").query == {"limit": 10, "cursor": "7"}


@pytest.mark.parametrize(
    "call",
    [
        calls.create_variants([]),
        calls.start_experiment({}),  # type: ignore[typeddict-item]
        calls.change_experiment("exp_1", "start"),
        calls.promote("exp_1", None, False),
    ],
)
def test_what_would_fail_the_second_time_is_sent_once(call: calls.Call[Any]) -> None:
    assert not call.replayable
