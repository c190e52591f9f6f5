"""The docstring of an error is its message, with the values in their places."""

import inspect
import re

import pytest

from armful.domain import errors

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_message_has_all_its_values(kind: type[errors.ArmfulError]) -> None:
    message = str(kind("<1>", "<2>", "<3>"))
    places = len(re.findall(r"\{\d?\}", kind.__doc__ or ""))
    assert "{" not in message
    assert sum(value in message for value in ("<1>", "<2>", "<3>")) == places


def test_the_tree_in_the_module_is_the_real_one() -> None:
    drawn = re.findall(r"(?:├──|└──) (\w+)", errors.__doc__ or "")
    assert sorted(drawn) == sorted(kind.__name__ for kind in KINDS if kind is not errors.ArmfulError)
    assert all(issubclass(kind, errors.ArmfulError) for kind in KINDS)


def test_an_error_tells_who_cannot_do_what_and_why() -> None:
    error = errors.IllegalTransition("exp_1", "stopped", "resume")
    assert str(error) == "Cannot resume: experiment exp_1 is stopped"
    assert str(errors.VariantNotFound("a{b}")) == "Variant 'a{b}' not found"
