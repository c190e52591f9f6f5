"""The walk along a type: every error with its place, and what differs only in form is converted."""

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from armful.contract.validation import convert, echo, field_name, unknown_fields


class Inner(Struct, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=0)]
    note: str = ""


class Outer(Struct, forbid_unknown_fields=True):
    inner: list[Inner]
    rates: dict[str, float] = {}
    choice: Inner | str | None = None

    def __post_init__(self) -> None:
        if self.rates and not self.inner:
            raise ValueError("`inner` is empty, but rates are given")


def errors(value: Any, kind: Any = Outer) -> dict[str, str]:
    found, listed = convert(value, kind)
    assert found is None
    return {error.field: error.message for error in listed}


def test_integers_written_as_numbers_and_null_for_what_has_a_default_are_converted() -> None:
    found, listed = convert({"inner": [{"number": 3.0, "note": None}], "rates": None}, Outer)
    assert listed == []
    assert found == Outer([Inner(3)])


def test_errors_have_their_places() -> None:
    found = errors(
        {"inner": [{"number": -1}, {"number": 2.5}, {"note": 1}, 7], "rates": {"a": "x"}, "more": 1}
    )
    assert set(found) == {
        "inner[0].number", "inner[1].number", "inner[2].note", "inner[2].number", "inner[3]", "rates.a", "more",
    }  # fmt: skip
    assert found["inner[2].number"] == "is missing"
    assert found["inner[3]"].startswith("Expected `object`, got `int` (sent: 7)")


def test_a_member_of_a_union_is_told_by_its_kind() -> None:
    assert errors({"inner": [], "choice": {"number": -1}}) == {
        "choice.number": "Expected `int` >= 0 (sent: -1)"
    }
    assert convert({"inner": [], "choice": "text"}, Outer)[0] == Outer([], {}, "text")
    assert list(errors({"inner": [], "choice": 7})) == ["choice"]


def test_a_rule_of_the_type_names_its_field() -> None:
    assert errors({"inner": [], "rates": {"a": 1}}) == {"inner": "is empty, but rates are given"}


def test_unknown_fields_are_listed_up_to_a_bound() -> None:
    assert [error.field for error in unknown_fields(["number", "nmber"], Inner)] == ["nmber"]
    assert len(unknown_fields(map(str, range(1000)), Inner)) == 100


@pytest.mark.parametrize(("steps", "name"), [((), "body"), (("a", 0, "b"), "a[0].b"), ((0, "b"), "[0].b")])
def test_a_place_is_written_as_in_code(steps: tuple[str | int, ...], name: str) -> None:
    assert field_name(steps) == name


def test_what_was_sent_is_shortened() -> None:
    assert echo({"a": [1]}) == '{"a":[1]}'
    assert len(echo("x" * 1000)) == 81


def test_a_message_does_not_repeat_its_place() -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert({"number": -1}, Inner)
    assert " - at `$" in str(error.value)
    assert errors({"number": -1}, Inner) == {"number": "Expected `int` >= 0 (sent: -1)"}
