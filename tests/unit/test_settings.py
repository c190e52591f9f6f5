"""The settings as read from environment variables."""

import pytest

from armful.settings import Settings, explain_unknown, from_environment, unknown_variables


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
    with pytest.raises(
        ValueError, match=r"^ARMFUL_POOL_SIZE is 'many': write a whole number from 1 to 10000$"
    ):
        from_environment({"ARMFUL_POOL_SIZE": "many"})


def test_a_misspelt_variable_is_found_with_the_most_similar_setting() -> None:
    environment = {
        "ARMFUL_WAITLIMIT": "1",
        "ARMFUL_wait_limit": "1",
        "ARMFUL_TLS_CERTIFICATE": "cert",
        "ARMFUL_COLOUR": "red",
        "ARMFUL_API_KEY": "key",
        "PATH": "/bin",
    }
    assert unknown_variables(environment) == {
        "ARMFUL_COLOUR": None,
        "ARMFUL_TLS_CERTIFICATE": "ARMFUL_TLS_CERT",
        "ARMFUL_WAITLIMIT": "ARMFUL_WAIT_LIMIT",
        "ARMFUL_wait_limit": "ARMFUL_WAIT_LIMIT",
    }
    assert explain_unknown("ARMFUL_WAITLIMIT", "ARMFUL_WAIT_LIMIT").endswith(
        "did you mean ARMFUL_WAIT_LIMIT?"
    )
    assert (
        explain_unknown("ARMFUL_COLOUR", None) == "ARMFUL_COLOUR is not a setting of armful and has no effect"
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgres:///name?host=/tmp/socket",
        "postgresql://me:pa%40ss@host:5432/name?sslmode=require",
        "postgresql://one:1,two:2/name",
        "postgresql://me@[::1]:5432/name",
        "postgresql://me:p:w@127.0.0.1/name",
    ],
)
def test_every_form_of_a_database_url_is_accepted(url: str) -> None:
    assert from_environment({"ARMFUL_DATABASE_URL": url}).database_url == url
