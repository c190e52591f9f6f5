"""A body is decoded strictly, all its errors are listed, and what differs only in form is accepted."""

from typing import Any

import msgspec
import pytest

from armful.contract.decoding import Unprocessable, decode
from armful.contract.experiments import StartRequest
from armful.contract.outcomes import PerformanceUpdate
from armful.contract.selection import SelectRequest
from armful.contract.validation import MAX_ERRORS
from armful.contract.variants import NewVariants, VariantPatch

SELECT = {"top_k": 1, "algorithm": "thompson_sampling", "persona_id": "p"}
START = {
    "experiment_name": "e", "variant_ids": ["a", "b"], "traffic_allocation": [0.5, 0.5], "duration_days": 7,
}  # fmt: skip


def decoded(kind: Any, body: Any) -> Any:
    return decode(msgspec.json.encode(body), msgspec.json.Decoder(kind))


def errors(kind: Any, body: Any) -> dict[str, str]:
    with pytest.raises(Unprocessable) as caught:
        decoded(kind, body)
    return {error.field: error.message for error in caught.value.errors}


def test_all_errors_are_listed() -> None:
    found = errors(
        SelectRequest,
        {"top_k": 51, "algorithm": 3, "dimensions": {"tone": 1}, "exclude": ["a", 2], "seed": -1, "topk": 1},
    )
    assert list(found) == [
        "top_k",
        "algorithm",
        "dimensions.tone",
        "exclude[1]",
        "seed",
        "topk",
        "persona_id",
    ]
    assert found["persona_id"] == "is missing"
    assert found["top_k"] == "Expected `int` <= 50 (sent: 51)"


def test_an_unknown_field_is_named_with_the_nearest_known_one() -> None:
    assert errors(SelectRequest, {**SELECT, "min_impresions": 1}) == {
        "min_impresions": "unknown field `min_impresions`: did you mean `min_impressions`?"
    }
    unlike = errors(SelectRequest, {**SELECT, "zzz": 1})["zzz"]
    assert "min_impressions" in unlike
    assert "seed" in unlike
    nested = errors(StartRequest, {**START, "stop_rule": {"minimum_dais": 3}})
    assert "`minimum_days`" in nested["stop_rule.minimum_dais"]


def test_metadata_is_free() -> None:
    metadata = {"a": None, "b": {"c": [1.0]}}
    assert (
        decoded(PerformanceUpdate, {"impression": True, "success": False, "metadata": metadata}).metadata
        == metadata
    )


def test_a_rule_about_two_fields_is_listed_beside_an_unknown_field() -> None:
    found = errors(PerformanceUpdate, {"impression": False, "success": False, "sucess": True})
    assert list(found) == ["sucess", "body"]
    assert "both false" in found["body"]


@pytest.mark.parametrize(
    ("kind", "required"),
    [
        (SelectRequest, SELECT),
        (PerformanceUpdate, {"impression": True, "success": True}),
        (StartRequest, START),
        (VariantPatch, {}),
    ],
)
def test_null_for_an_optional_field_is_the_same_as_leaving_it_out(
    kind: Any, required: dict[str, Any]
) -> None:
    optional = {field.name for field in msgspec.structs.fields(kind) if not field.required}
    with_nulls = decoded(kind, {**dict.fromkeys(optional), **required})
    left_out = decoded(kind, required)
    for name in optional:
        value, expected = getattr(with_nulls, name), getattr(left_out, name)
        assert value == expected or (value is None and expected is msgspec.UNSET), name


def test_null_for_a_required_field_is_an_error() -> None:
    assert list(errors(SelectRequest, {**SELECT, "top_k": None})) == ["top_k"]


@pytest.mark.parametrize(("sent", "value"), [(b"10.0", 10), (b"1e1", 10), (b"10", 10)])
def test_a_whole_number_is_an_integer_however_it_is_written(sent: bytes, value: int) -> None:
    body = b'{"top_k": %b, "algorithm": "a", "persona_id": "p", "seed": %b}' % (sent, sent)
    request = decode(body, msgspec.json.Decoder(SelectRequest))
    assert (request.top_k, request.seed) == (value, value)
    assert isinstance(request.top_k, int)


@pytest.mark.parametrize("sent", ["10.5", "1e30", "true", '"10"', "1e400"])
def test_what_is_no_integer_is_refused(sent: str) -> None:
    body = f'{{"top_k": 1, "algorithm": "a", "persona_id": "p", "min_impressions": {sent}}}'
    with pytest.raises(Unprocessable):
        decode(body.encode(), msgspec.json.Decoder(SelectRequest))


def test_the_number_of_errors_has_a_bound() -> None:
    found = errors(NewVariants, {"variants": [{"wrong": 1}] * 10_000})
    assert len(found) <= MAX_ERRORS + 1
    assert len(errors(SelectRequest, {f"field{number}": 1 for number in range(10_000)})) <= MAX_ERRORS + 3
