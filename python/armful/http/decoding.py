"""Litestar's way to strictly decoded bodies, and cursors."""

from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from litestar.dto import AbstractDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from armful.contract.decoding import Unprocessable, decode, echo
from armful.contract.problems import FieldError

T = TypeVar("T")

_keys: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])


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
