"""Strict decoding of request bodies in Litestar's handlers, and decoding of cursors."""

from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from litestar.dto import AbstractDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from armful.contract.decoding import Unprocessable, decode, echo
from armful.contract.problems import FieldError

T = TypeVar("T")

_keys: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])


def without_null(name: str, value: str | None) -> str | None:
    """Return a query parameter, which may have no null character: no text in the database has one."""
    if value is not None and "\0" in value:
        raise Unprocessable(FieldError(name, "contains the null character"))
    return value


def parse_cursor(cursor: str | None) -> int | None:
    """Return the key at which a cursor's page begins; None for the first page.

    Raises:
        Unprocessable: The cursor is malformed.
    """
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise Unprocessable(
            FieldError("cursor", f"is not a cursor returned by this endpoint (sent: {echo(cursor)})")
        )
    return int(cursor)


class Strict(AbstractDTO[T], Generic[T]):
    """Decodes a Litestar handler's `data` strictly. Without it, Litestar accepts "3" as a number."""

    _decoders: ClassVar[dict[str, "list[msgspec.json.Decoder[Any]]"]] = {}

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Create the handler's decoder, or one for each member of a union."""
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
        """Accept every type: msgspec decodes them."""
        return True

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """Return the schema of the annotated type."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    def decode_bytes(self, value: bytes) -> Any:
        """Decode the body. For a union, use the first type whose required fields are all present, else the last."""
        *others, last = self._decoders[self.asgi_connection.route_handler.handler_id]
        if others:
            sent = decode(value, _keys).keys()
            for decoder in others:
                if {field.name for field in msgspec.structs.fields(decoder.type) if field.required} <= sent:
                    return decode(value, decoder)
        return decode(value, last)

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Any:
        """Transform no field."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Transform no field."""
        return False
