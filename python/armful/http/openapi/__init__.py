"""The OpenAPI document: Litestar's paths and msgspec's schemas, with descriptions, examples and errors."""

from .document import build

__all__ = ["build"]
