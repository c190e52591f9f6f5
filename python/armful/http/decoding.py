"""Request bodies, decoded strictly: a string is no number, and a refusal names the field and the value."""

import re
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from litestar.dto import AbstractDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from armful.contract.problems import FieldError

T = TypeVar("T")

_keys: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])

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


def place(cursor: str | None) -> int | None:
    """Where the page that a cursor asks for begins; None for the first one.

    Raises:
        Unprocessable: nobody was given that cursor.
    """
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise Unprocessable(FieldError("cursor", f"is no cursor that was given out, got {echo(cursor)}"))
    return int(cursor)


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


class Strict(AbstractDTO[T], Generic[T]):
    """Makes a Litestar handler's `data` the strictly decoded body; Litestar by itself would take "3" for 3."""

    _decoders: ClassVar[dict[str, "list[msgspec.json.Decoder[Any]]"]] = {}

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Keep a decoder of the annotated type, or of each of a union's, for this handler."""
        if field_definition.name == "data":
            kinds = (
                [inner.annotation for inner in field_definition.inner_types]
                if field_definition.is_union
                else []
            )
            cls._decoders[handler_id] = [
                msgspec.json.Decoder(kind) for kind in kinds or [field_definition.annotation]
            ]

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        """Any type msgspec can decode will do."""
        return True

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """The schema of the annotated type itself."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    def decode_bytes(self, value: bytes) -> Any:
        """Decode the body; of a union, as the first type whose required fields are all there, else the last."""
        *others, last = self._decoders[self.asgi_connection.route_handler.handler_id]
        if others:
            sent = decode(value, _keys).keys()
            for decoder in others:
                if {field.name for field in msgspec.structs.fields(decoder.type) if field.required} <= sent:
                    return decode(value, decoder)
        return decode(value, last)

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Any:
        """No field is transformed."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """No field is transformed."""
        return False
