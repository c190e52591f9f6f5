"""A typed client of armful's HTTP API; see `armful_client.client`."""

from importlib.metadata import version

__version__ = version("armful-client")

from .client import (
    ABTestingClient,
    ApiError,
    AsyncClient,
    Client,
    ClientError,
    ConflictError,
    FieldError,
    NotFoundError,
    UnavailableError,
    UnreachableError,
)

__all__ = [
    "ABTestingClient",
    "ApiError",
    "AsyncClient",
    "Client",
    "ClientError",
    "ConflictError",
    "FieldError",
    "NotFoundError",
    "UnavailableError",
    "UnreachableError",
]
