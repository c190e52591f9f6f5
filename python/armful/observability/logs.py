"""Log lines: one event each, on standard error, as text for people or JSON for machines; never a body, never a key."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import asyncpg
import structlog

REQUEST_ID: ContextVar[bytes | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered; it is in every line that is written meanwhile."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST_MESSAGE = 200
_QUOTING = (asyncpg.PostgresError, asyncpg.InterfaceError)
"""Errors whose messages quote the values that a statement was given."""


def configure(level: str, *, json: bool) -> None:
    """Send armful's log lines, and the libraries' warnings, to standard error from `level` on."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_exception,
    ]
    last: list[structlog.typing.Processor]
    if json:
        last = [structlog.processors.JSONRenderer()]
    else:
        last = [_on_one_line, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[*before, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(
        handlers=[handler], level=max(logging.WARNING, logging.getLevelName(level.upper())), force=True
    )


def _with_request_id(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if (request_id := REQUEST_ID.get()) is not None:
        event["request_id"] = request_id.decode("ascii")
    return event


def _with_exception(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = told(error)
    return event


def _on_one_line(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What came from outside ends no line and commands no terminal; a trace is set apart from lines by a margin."""
    for key, value in event.items():
        if key == "exception":
            event[key] = "\n".join(f"  | {plain(line)}" for line in value.split("\n"))
        elif isinstance(value, str):
            event[key] = plain(value)
    return event


def plain(text: str) -> str:
    """A text with its control characters written out."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def told(error: BaseException) -> str:
    """Where an exception came from and what led to it: no local variables and no values, which are of bodies and keys.

    Messages of the database are left out, as they quote values; others are cut where they are long.
    """
    return "\n".join(_told(error, set()))


def _told(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    origin = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if origin is not None and id(origin) not in seen:
        yield from _told(origin, seen)
        yield "which led to"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield _named(error)
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _told(inner, seen)


def _named(error: BaseException) -> str:
    """The kind of an exception and what it says, as far as that quotes nothing."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, _QUOTING):
        of = {name: getattr(error, name, None) for name in ("sqlstate", "table_name", "constraint_name")}
        return " ".join([kind, *(f"{name}={value}" for name, value in of.items() if value)])
    message = str(error)
    return f"{kind}: {message[:_LONGEST_MESSAGE]}{'…' * (len(message) > _LONGEST_MESSAGE)}"
