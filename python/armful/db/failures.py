"""Classifies every failure of the database by its meaning for the failed operation. Only this module does that."""

from enum import Enum
from typing import Any

import asyncpg
from asyncpg import exceptions as postgres
from asyncpg.exceptions import _base as driver


class Failure(Enum):
    """What a failure means."""

    REFUSED = "refused"
    """The server rolled the operation back, and not because of the operation itself: a 503. It may be tried again."""

    LOST = "lost"
    """The connection or the response was lost, so the operation may have taken effect: a 503."""

    DEFECT = "defect"
    """One of armful's statements or values does not fit the database: a 500, and the log has the details."""


NotEncodable = driver.DataError
"""A value that asyncpg cannot send. PostgreSQL's own errors about values have the public name `asyncpg.DataError`."""

FAILURES: dict[type[Exception], Failure] = {
    OSError: Failure.LOST,
    TimeoutError: Failure.LOST,
    asyncpg.InterfaceError: Failure.LOST,
    NotEncodable: Failure.DEFECT,
    # asyncpg raises this between a server's shutdown message and the end of the connection.
    asyncpg.InternalClientError: Failure.LOST,
    # What has no SQLSTATE that asyncpg knows.
    asyncpg.PostgresError: Failure.LOST,
    postgres.FatalPostgresError: Failure.LOST,
    # By SQLSTATE. A subclass is as its nearest ancestor here.
    asyncpg.SQLStatementNotYetCompleteError: Failure.DEFECT,  # 03
    asyncpg.PostgresConnectionError: Failure.LOST,  # 08
    asyncpg.TriggeredActionError: Failure.DEFECT,  # 09
    asyncpg.FeatureNotSupportedError: Failure.DEFECT,  # 0A
    asyncpg.InvalidCachedStatementError: Failure.REFUSED,  # the schema was changed by a migration
    asyncpg.InvalidTransactionInitiationError: Failure.DEFECT,  # 0B
    asyncpg.LocatorError: Failure.DEFECT,  # 0F
    asyncpg.InvalidGrantorError: Failure.DEFECT,  # 0L
    asyncpg.InvalidRoleSpecificationError: Failure.REFUSED,  # 0P: the role was dropped
    asyncpg.DiagnosticsError: Failure.DEFECT,  # 0Z
    asyncpg.InvalidArgumentForXqueryError: Failure.DEFECT,  # 10
    asyncpg.CaseNotFoundError: Failure.DEFECT,  # 20
    asyncpg.CardinalityViolationError: Failure.DEFECT,  # 21
    asyncpg.DataError: Failure.DEFECT,  # 22
    asyncpg.IntegrityConstraintViolationError: Failure.DEFECT,  # 23: where one is expected, its caller handles it
    asyncpg.InvalidCursorStateError: Failure.DEFECT,  # 24
    asyncpg.InvalidTransactionStateError: Failure.REFUSED,  # 25: read-only, or idle for too long
    asyncpg.InvalidSQLStatementNameError: Failure.REFUSED,  # 26: a pooler gave us another session
    asyncpg.TriggeredDataChangeViolationError: Failure.DEFECT,  # 27
    asyncpg.InvalidAuthorizationSpecificationError: Failure.REFUSED,  # 28
    asyncpg.DependentPrivilegeDescriptorsStillExistError: Failure.DEFECT,  # 2B
    asyncpg.InvalidTransactionTerminationError: Failure.DEFECT,  # 2D
    asyncpg.SQLRoutineError: Failure.DEFECT,  # 2F
    asyncpg.InvalidCursorNameError: Failure.REFUSED,  # 34: as 26
    asyncpg.ExternalRoutineError: Failure.DEFECT,  # 38
    asyncpg.ExternalRoutineInvocationError: Failure.DEFECT,  # 39
    asyncpg.SavepointError: Failure.DEFECT,  # 3B
    asyncpg.InvalidCatalogNameError: Failure.REFUSED,  # 3D: no such database, as during a restore
    asyncpg.InvalidSchemaNameError: Failure.REFUSED,  # 3F
    asyncpg.TransactionRollbackError: Failure.REFUSED,  # 40: a deadlock, or not serializable
    asyncpg.StatementCompletionUnknownError: Failure.LOST,
    asyncpg.SyntaxOrAccessError: Failure.DEFECT,  # 42
    asyncpg.InsufficientPrivilegeError: Failure.REFUSED,
    asyncpg.UndefinedColumnError: Failure.REFUSED,  # as during a restore
    asyncpg.UndefinedFunctionError: Failure.REFUSED,
    asyncpg.UndefinedObjectError: Failure.REFUSED,
    asyncpg.UndefinedTableError: Failure.REFUSED,
    asyncpg.DuplicatePreparedStatementError: Failure.REFUSED,  # as 26
    asyncpg.WithCheckOptionViolationError: Failure.DEFECT,  # 44
    asyncpg.InsufficientResourcesError: Failure.REFUSED,  # 53: disk full, out of memory, too many connections
    asyncpg.ProgramLimitExceededError: Failure.DEFECT,  # 54
    asyncpg.ObjectNotInPrerequisiteStateError: Failure.REFUSED,  # 55: a lock is not available
    asyncpg.OperatorInterventionError: Failure.LOST,  # 57: shut down or cancelled, perhaps after the commit
    asyncpg.CannotConnectNowError: Failure.REFUSED,
    asyncpg.PostgresSystemError: Failure.LOST,  # 58
    asyncpg.SnapshotTooOldError: Failure.REFUSED,  # 72
    asyncpg.ConfigFileError: Failure.LOST,  # F0
    asyncpg.FDWError: Failure.DEFECT,  # HV
    asyncpg.PLPGSQLError: Failure.DEFECT,  # P0
    asyncpg.InternalServerError: Failure.LOST,  # XX
}
"""What a class of exceptions means, and those of its subclasses that are not listed."""


OUT_OF_REACH: tuple[Any, ...] = (
    *(
        kind
        for kind, failure in FAILURES.items()
        if failure is not Failure.DEFECT and kind is not asyncpg.PostgresError
    ),
    postgres.UnknownPostgresError,
)
"""For `except`: the database is unreachable or refuses an operation now, and the same operation may succeed later."""

DID_NOTHING: tuple[Any, ...] = tuple(kind for kind, failure in FAILURES.items() if failure is Failure.REFUSED)
"""For `except`: the failures of `OUT_OF_REACH` after which the operation certainly has had no effect."""


def failure_of(error: BaseException) -> Failure | None:
    """Return what an exception means; None if it is not a failure of the database."""
    return next((FAILURES[kind] for kind in type(error).__mro__ if kind in FAILURES), None)
