"""Strict decoding of JSON: "3" is not a number, and an error names the field and the value sent."""

import re
from typing import TypeVar

import msgspec

from .problems import FieldError
from .surrogates import half_surrogate

T = TypeVar("T")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some programs write before UTF-8 text. It is no part of the text."""

_ECHO_LIMIT = 80
_MESSAGE_LIMIT = 200
_PATH = re.compile(r" - at (`key` in )?`\$(.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_NAMED = re.compile(r"`(\w+)` (is .*)")
"""How a type's own check words an error about one of its fields."""
_MISSING = re.compile(r"Object missing required field `(\w+)`")


class Unprocessable(Exception):
    """A request that does not match its schema."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


def decode(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    """Decode a JSON body.

    Raises:
        Unprocessable: The body is not JSON, or does not match the decoder's type.
    """
    if not body:
        raise Unprocessable(FieldError("body", "is empty: send a JSON object"))
    try:
        value = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unprocessable(explain(error, body)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if body.startswith(BYTE_ORDER_MARK):
            return decode(body.removeprefix(BYTE_ORDER_MARK), decoder)
        if half := half_surrogate(body):
            raise Unprocessable(
                FieldError("body", f"contains {half}, which is half of a surrogate pair: send both or none")
            ) from error
        raise Unprocessable(FieldError("body", f"is not valid JSON: {error}")) from error
    except RecursionError as error:
        raise Unprocessable(FieldError("body", "is nested too deeply")) from error
    if b"\\u0000" in body:
        # In a dictionary, raw values are checked when they are decoded themselves.
        _reject_null_characters(value if isinstance(value, dict) else msgspec.json.decode(body), "")
    return value


def explain(error: msgspec.ValidationError, body: bytes) -> FieldError:
    """Return a validation error's message with the name of the field and the value sent."""
    message = str(error)
    steps: list[str | int] = []
    # The message may quote the value sent, but never after the path.
    if found := _PATH.search(message, max(message.rfind(" - at "), 0)):
        message = message[: found.start()]
        # msgspec writes [...] for any of an object's values. In that case the whole object is shown.
        steps = [name or int(index) for name, index in _STEP.findall(found.group(2).partition("[...]")[0])]
    if message.startswith("Expected `str` matching regex"):
        # All patterns in the contract exclude unprintable characters.
        message = "Expected printable characters only"
    if len(message) > _MESSAGE_LIMIT:
        message = message[:_MESSAGE_LIMIT] + "…"
    if not steps and (named := _NAMED.match(message)):
        return FieldError(named[1], named[2])
    if missing := _MISSING.match(message):
        return FieldError(_name([*steps, missing.group(1)]), "is missing")
    try:
        value = msgspec.json.decode(body)
        for step in steps:
            value = value[step]
    except (msgspec.DecodeError, RecursionError, LookupError, TypeError):
        return FieldError(_name(steps), message)
    return FieldError(_name(steps), f"{message} (sent: {echo(value)})")


def _name(steps: list[str | int]) -> str:
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return name.removeprefix(".") or "body"


def echo(value: object) -> str:
    """Return a value as JSON, shortened if it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _ECHO_LIMIT else text[:_ECHO_LIMIT] + "…"


def _reject_null_characters(value: object, name: str) -> None:
    """Reject the null character, which PostgreSQL cannot store."""
    if isinstance(value, str):
        if "\0" in value:
            raise Unprocessable(FieldError(name or "body", "contains the null character \\u0000"))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _reject_null_characters(item, f"{name}[{position}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            _reject_null_characters(key, name)
            _reject_null_characters(item, f"{name}.{key}".removeprefix("."))
