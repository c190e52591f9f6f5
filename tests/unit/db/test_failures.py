"""No failure of the database is forgotten: each is known to be a refusal, a loss, or a defect of ours."""

from collections.abc import Iterator

import asyncpg
import pytest

from armful.db.failures import DID_NOTHING, FAILURES, OUT_OF_REACH, Failure, NotEncodable, failure_of

ROOTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

DEFECTS = {
    *("03", "09", "0A", "0B", "0F", "0L", "0Z", "10", "20", "21", "22", "23", "24", "27", "2B", "2D", "2F"),
    *("38", "39", "3B", "42", "44", "54", "HV", "P0"),
}
"""Classes of SQLSTATE that say that a statement or its values are wrong. Everything else is a 503."""

NO_DEFECTS = {
    *("0A000 InvalidCachedStatementError", "42501 InsufficientPrivilegeError", "42703 UndefinedColumnError"),
    *("42704 UndefinedObjectError", "42883 UndefinedFunctionError", "42P01 UndefinedTableError"),
    "42P05 DuplicatePreparedStatementError",
}
"""Those in such a class that come from outside: a restore, a pooler, an administrator."""


def descendants(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__.startswith("asyncpg"):
            yield from descendants(child)


EVERY = [kind for root in ROOTS for kind in descendants(root)]


def meaning(kind: type[BaseException]) -> Failure | None:
    return failure_of(kind("it failed"))


def test_asyncpg_has_no_other_errors() -> None:
    exceptions = vars(asyncpg.exceptions).values()
    errors = [one for one in exceptions if isinstance(one, type) and issubclass(one, Exception)]
    assert [one for one in errors if not issubclass(one, (*ROOTS, Warning, asyncpg.PostgresLogMessage))] == []


@pytest.mark.parametrize("kind", asyncpg.PostgresError.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_class_of_sqlstate_is_listed(kind: type[BaseException]) -> None:
    assert kind in FAILURES, f"{kind.__name__} is new: say in FAILURES what it means"


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_only_mistakes_of_ours_are_defects(kind: type[BaseException]) -> None:
    state = getattr(kind, "sqlstate", None)
    ours = state is not None and state[:2] in DEFECTS and f"{state} {kind.__name__}" not in NO_DEFECTS
    ours = ours or kind is NotEncodable
    assert (meaning(kind) is Failure.DEFECT) == ours


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_what_is_caught_as_out_of_reach_is_what_the_table_says(kind: type[BaseException]) -> None:
    if kind not in (asyncpg.PostgresError, NotEncodable):
        assert issubclass(kind, OUT_OF_REACH) == (meaning(kind) is not Failure.DEFECT)
    if kind is not asyncpg.StatementCompletionUnknownError:
        assert issubclass(kind, DID_NOTHING) == (meaning(kind) is Failure.REFUSED)


@pytest.mark.parametrize(
    "kind",
    [
        asyncpg.SerializationError,
        asyncpg.DeadlockDetectedError,
        asyncpg.LockNotAvailableError,
        asyncpg.ReadOnlySQLTransactionError,
        asyncpg.TooManyConnectionsError,
        asyncpg.DiskFullError,
        asyncpg.InsufficientPrivilegeError,
        asyncpg.UndefinedTableError,
        asyncpg.InvalidSQLStatementNameError,
    ],
)
def test_nothing_has_happened_where_the_server_refuses(kind: type[BaseException]) -> None:
    assert meaning(kind) is Failure.REFUSED


@pytest.mark.parametrize(
    "kind",
    [
        *(OSError, ConnectionResetError, TimeoutError, asyncpg.InterfaceError, asyncpg.QueryCanceledError),
        *(
            asyncpg.AdminShutdownError,
            asyncpg.ConnectionDoesNotExistError,
            asyncpg.StatementCompletionUnknownError,
        ),
        asyncpg.InternalServerError,
    ],
)
def test_anything_may_have_happened_where_the_answer_is_lost(kind: type[BaseException]) -> None:
    assert meaning(kind) is Failure.LOST


def test_other_exceptions_are_no_failures_of_the_database() -> None:
    assert failure_of(ValueError("it failed")) is None
