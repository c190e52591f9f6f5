"""Decodes JSON strictly: a string is no number, and a refusal names the field and the value."""

import re
from typing import TypeVar

import msgspec

from .problems import FieldError

T = TypeVar("T")

_LONGEST_ECHO = 80
_LONGEST_MESSAGE = 200
_PATH = re.compile(r" - at (`key` in )?`\$(.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_MISSING = re.compile(r"Object missing required field `(\w+)`")


class Unprocessable(Exception):
    """A request that does not fit its schema."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


def decode(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    """Decode a JSON body.

    Raises:
        Unprocessable: no JSON, or not of the decoder's type.
    """
    if not body:
        raise Unprocessable(FieldError("body", "is empty: send a JSON object"))
    try:
        value = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unprocessable(explain(error, body)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unprocessable(FieldError("body", f"is not valid JSON: {error}")) from error
    except RecursionError as error:
        raise Unprocessable(FieldError("body", "is nested too deeply")) from error
    if b"\\u0000" in body:
        # What a dictionary leaves undecoded is looked at when that is decoded.
        _refuse_null_characters(value if isinstance(value, dict) else msgspec.json.decode(body), "")
    return value


def explain(error: msgspec.ValidationError, body: bytes) -> FieldError:
    """What a validation error says, with the field's name and the value that was sent."""
    message = str(error)
    steps: list[str | int] = []
    # What was sent can stand in the message too, but not after the path.
    if found := _PATH.search(message, max(message.rfind(" - at "), 0)):
        message = message[: found.start()]
        # A place within an object's values is written [...]: then the object itself is the value to show.
        steps = [name or int(index) for name, index in _STEP.findall(found.group(2).partition("[...]")[0])]
    if message.startswith("Expected `str` matching regex"):
        # The only one there is, in words.
        message = "Expected printable characters only"
    if len(message) > _LONGEST_MESSAGE:
        message = message[:_LONGEST_MESSAGE] + "…"
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
    """A value as JSON, cut where it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO] + "…"


def _refuse_null_characters(value: object, name: str) -> None:
    """PostgreSQL keeps every character but this one."""
    if isinstance(value, str):
        if "\0" in value:
            raise Unprocessable(FieldError(name or "body", "contains the null character \\u0000"))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _refuse_null_characters(item, f"{name}[{position}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_null_characters(key, name)
            _refuse_null_characters(item, f"{name}.{key}".removeprefix("."))
