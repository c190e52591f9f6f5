"""Finds every error of a body that failed to decode, and accepts harmless differences of form.

The fast decoding of `contract/decoding.py` stops at the first error, and refuses null for an optional field and 10.0 for an
integer. Only after it has failed does this module walk the body along its type.
"""

import difflib
import re
import types
from collections.abc import Callable, Iterable
from functools import cache
from itertools import islice
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from .problems import FieldError

MAX_ERRORS = 100
"""Maximum number of errors that are listed for one body."""

_ECHO_LIMIT = 80
_MESSAGE_LIMIT = 200
_NAME_LIMIT = 64
_EXACT = 2**63
_NAMED = re.compile(r"`(\w+)` (is .*)")
"""The form of the messages with which a type's own check reports an error in one of its fields."""

_PATTERNS = (
    (r"\x00", "Expected printable characters only"),
    ("auto|off|P", "Expected `auto`, `off` or a duration of one unit up to `P90D`, such as `PT30M` or `P7D`"),
    ("off|P[", "Expected `off` or a duration in days or hours, such as `P30D`"),
    ("exp_", "Expected `exp_` followed by 8 to 60 letters, digits, underscores or hyphens"),
)
"""Parts of the contract's patterns, and the message for a value that does not match."""

Steps = tuple[str | int, ...]
_Check = Callable[[Any, Steps, list[FieldError]], Any]
"""A function of a value, its path, and a list to which it appends errors. Returns the value in the form its type needs."""


def convert(value: Any, kind: Any) -> tuple[Any, list[FieldError]]:
    """Return a decoded JSON value as `kind`, or the list of its errors."""
    errors: list[FieldError] = []
    known = _check_of(kind)(value, (), errors)
    unknown_only = all(isinstance(error, _UnknownField) for error in errors)
    if not unknown_only:
        return None, errors
    try:
        converted = msgspec.convert(known, kind)
    except msgspec.ValidationError as error:
        # A rule about several fields: its text names them.
        text = message(error)
        named = _NAMED.match(text)
        errors.append(FieldError(*named.groups()) if named else FieldError("body", text))
        return None, errors
    return (None, errors) if errors else (converted, [])


class _UnknownField(FieldError, frozen=True):
    """A field that its object does not have."""


def field_name(steps: Steps) -> str:
    """Return the name of a field in a body, such as `variants[0].prior_alpha`."""
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return name.removeprefix(".") or "body"


def message(error: msgspec.ValidationError) -> str:
    """Return the text of a validation error, without the path that msgspec appends."""
    text = str(error)
    if (end := text.rfind(" - at ")) >= 0:
        text = text[:end]
    if text.startswith("Expected `str` matching regex"):
        text = next((said for part, said in _PATTERNS if part in text), text)
    return text if len(text) <= _MESSAGE_LIMIT else text[:_MESSAGE_LIMIT] + "…"


def echo(value: object) -> str:
    """Return a value as JSON, shortened if it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _ECHO_LIMIT else text[:_ECHO_LIMIT] + "…"


@cache
def _check_of(kind: Any) -> _Check:
    base, limits = (get_args(kind)[0], get_args(kind)[1:]) if get_origin(kind) is Annotated else (kind, ())
    origin = get_origin(base)
    if origin in (Union, types.UnionType):
        return _union(kind, get_args(base))
    if isinstance(base, type) and issubclass(base, msgspec.Struct):
        return _struct(base)
    if origin in (list, dict):
        container = origin[str, Any] if origin is dict else origin[Any]
        shallow = Annotated[(container, *limits)] if limits else container
        inner = [_check_of(argument) for argument in get_args(base)]
        return _list(shallow, *inner) if origin is list else _dict(shallow, *inner)
    return _integer(kind) if base is int else _leaf(kind)


def _leaf(kind: Any) -> _Check:
    def check(value: Any, steps: Steps, errors: list[FieldError]) -> Any:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            errors.append(FieldError(field_name(steps), f"{message(error)} (sent: {echo(value)})"))
        return value

    return check


def _integer(kind: Any) -> _Check:
    leaf = _leaf(kind)

    def check(value: Any, steps: Steps, errors: list[FieldError]) -> Any:
        if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
            value = int(value)
        return leaf(value, steps, errors)

    return check


def _union(kind: Any, members: tuple[Any, ...]) -> _Check:
    """Check a union. At most one member is an object, one a list and one an integer; other values are checked as a whole."""
    whole = _leaf(kind)
    by_type: dict[type, _Check] = {}
    for member in members:
        base = get_args(member)[0] if get_origin(member) is Annotated else member
        plain = get_origin(base) or base
        if plain in (list, dict) or (isinstance(plain, type) and issubclass(plain, msgspec.Struct)):
            by_type[list if plain is list else dict] = _check_of(member)
        elif plain is int and float not in members:
            by_type[float] = by_type[int] = _check_of(member)

    def check(value: Any, steps: Steps, errors: list[FieldError]) -> Any:
        return by_type.get(type(value), whole)(value, steps, errors)

    return check


def _list(shallow: Any, of: _Check) -> _Check:
    leaf = _leaf(shallow)

    def check(value: Any, steps: Steps, errors: list[FieldError]) -> Any:
        before = len(errors)
        leaf(value, steps, errors)
        if not isinstance(value, list) or len(errors) > before:
            return value
        found = []
        for position, item in enumerate(value):
            if len(errors) >= MAX_ERRORS:
                break
            found.append(of(item, (*steps, position), errors))
        return found

    return check


def _dict(shallow: Any, key: _Check, of: _Check) -> _Check:
    leaf = _leaf(shallow)

    def check(value: Any, steps: Steps, errors: list[FieldError]) -> Any:
        before = len(errors)
        leaf(value, steps, errors)
        if not isinstance(value, dict) or len(errors) > before:
            return value
        found = {}
        for name, item in value.items():
            if len(errors) >= MAX_ERRORS:
                break
            key(name, steps, errors)
            found[name] = of(item, (*steps, name), errors)
        return found

    return check


def _struct(kind: type[msgspec.Struct]) -> _Check:
    hints = get_type_hints(kind, include_extras=True)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    checks = {name: _check_of(hints[field.name]) for name, field in fields.items()}
    optional = {name for name, field in fields.items() if not field.required}
    # If a field's type allows null, null has a meaning, such as to remove a value. Then it is kept.
    nullable = {name for name, field in fields.items() if type(None) in _members(hints[field.name])}
    drops_null = optional - nullable
    closed = kind.__struct_config__.forbid_unknown_fields

    def check(value: Any, steps: Steps, errors: list[FieldError]) -> Any:
        if not isinstance(value, dict):
            errors.append(
                FieldError(
                    field_name(steps), f"Expected `object`, got `{_type_name(value)}` (sent: {echo(value)})"
                )
            )
            return value
        found = {}
        for name, item in value.items():
            if len(errors) >= MAX_ERRORS:
                break
            if (inner := checks.get(name)) is not None:
                if item is not None or name not in drops_null:
                    found[name] = inner(item, (*steps, name), errors)
            elif closed:
                errors.append(_unknown(steps, name, tuple(fields)))
        errors += [
            FieldError(field_name((*steps, name)), "is missing")
            for name, field in fields.items()
            if field.required and name not in value
        ]
        return found

    return check


def _members(hint: Any) -> tuple[Any, ...]:
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return get_args(base) if get_origin(base) in (Union, types.UnionType) else (base,)


def unknown_fields(sent: Iterable[str], kind: type[msgspec.Struct]) -> list[FieldError]:
    """Return an error for each of the fields sent that a type does not have."""
    known = tuple(field.encode_name for field in msgspec.structs.fields(kind))
    return [_unknown((), name, known) for name in islice(sent, MAX_ERRORS) if name not in known]


def _unknown(steps: Steps, name: str, known: tuple[str, ...]) -> _UnknownField:
    short = name if len(name) <= _NAME_LIMIT else name[:_NAME_LIMIT] + "…"
    near = difflib.get_close_matches(short, known, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"the fields are {', '.join(known)}"
    return _UnknownField(field_name((*steps, short)), f"unknown field `{short}`: {hint}")


def _type_name(value: Any) -> str:
    return {list: "array", str: "str", bool: "bool", int: "int", float: "float"}.get(type(value), "null")
