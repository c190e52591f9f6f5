"""Logging to standard error: one line per event, as text or JSON. Lines never contain request bodies or API keys."""

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
"""The id of the current request. It is added to every log line."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MESSAGE_LIMIT = 200
_QUOTING = (asyncpg.PostgresError, asyncpg.InterfaceError)
"""Errors whose messages may quote the arguments of a statement."""


def configure(level: str, *, json: bool) -> None:
    """Log armful's events from `level` on, and warnings of libraries, to standard error."""
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
        event["exception"] = format_exception(error)
    return event


def _on_one_line(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Escape control characters, so that a value cannot fake a line or control a terminal. Indent stack traces."""
    for key, value in event.items():
        if key == "exception":
            event[key] = "\n".join(f"  | {escape_control_characters(line)}" for line in value.split("\n"))
        elif isinstance(value, str):
            event[key] = escape_control_characters(value)
    return event


def escape_control_characters(text: str) -> str:
    """Escape the control characters of a text."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def format_exception(error: BaseException) -> str:
    """Format an exception with its stack trace and causes, but without values from bodies or keys.

    Local variables and messages of the database are left out, because they contain such values. Long messages are cut.
    """
    return "\n".join(_exception_lines(error, set()))


def _exception_lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    origin = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if origin is not None and id(origin) not in seen:
        yield from _exception_lines(origin, seen)
        yield "which led to"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield _type_and_message(error)
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _exception_lines(inner, seen)


def _type_and_message(error: BaseException) -> str:
    """Format an exception's type and message. The message is left out if it may quote values."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, _QUOTING):
        of = {name: getattr(error, name, None) for name in ("sqlstate", "table_name", "constraint_name")}
        return " ".join([kind, *(f"{name}={value}" for name, value in of.items() if value)])
    message = str(error)
    return f"{kind}: {message[:_MESSAGE_LIMIT]}{'…' * (len(message) > _MESSAGE_LIMIT)}"
