"""The settings as read from environment variables."""

import pytest

from armful.settings import Settings, from_environment


def test_empty_variables_count_as_unset() -> None:
    assert from_environment({"ARMFUL_LOG_LEVEL": "", "ARMFUL_API_KEY": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "choices"),
    [("ARMFUL_LOG_FORMAT", "console, json"), ("ARMFUL_LOG_LEVEL", "debug, info, warning, error")],
)
def test_an_unknown_choice_is_rejected_with_the_known_ones(name: str, choices: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is 'xml': use one of {choices}$"):
        from_environment({name: "xml"})


def test_a_value_of_the_wrong_type_is_rejected_by_name() -> None:
    with pytest.raises(ValueError, match=r"^ARMFUL_POOL_SIZE is 'many': Expected `int`"):
        from_environment({"ARMFUL_POOL_SIZE": "many"})
