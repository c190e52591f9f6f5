"""Strict decoding of JSON: "3" is not a number, and an error names the field and the value sent."""

from typing import Any, TypeVar

import msgspec

from .problems import FieldError
from .surrogates import half_surrogate
from .validation import convert, echo, message

__all__ = ["BYTE_ORDER_MARK", "Unprocessable", "decode", "echo", "message"]

T = TypeVar("T")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""The byte order mark, which some programs write before UTF-8 text. It is not part of the text."""


class Unprocessable(Exception):
    """A request that does not match its schema."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


def decode(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    """Decode a JSON body.

    Raises:
        Unprocessable: The body is not JSON, or does not match the decoder's type. All its errors are listed.
    """
    if not body:
        raise Unprocessable(FieldError("body", "is empty: send a JSON object"))
    try:
        value = decoder.decode(body)
    except msgspec.ValidationError as error:
        value = _decode_slowly(body, decoder, error)
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


def _decode_slowly(body: bytes, decoder: "msgspec.json.Decoder[T]", error: msgspec.ValidationError) -> T:
    """Decode a body that the fast decoding refused.

    It is accepted if it only has null for optional fields, or whole numbers such as 10.0 for integers.
    """
    try:
        sent: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as invalid:
        raise Unprocessable(FieldError("body", f"is not valid JSON: {invalid}")) from error
    except RecursionError as deep:
        raise Unprocessable(FieldError("body", "is nested too deeply")) from deep
    value: T
    value, errors = convert(sent, decoder.type)
    if errors:
        raise Unprocessable(*errors) from error
    return value


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
