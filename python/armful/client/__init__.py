"""A typed client of the HTTP API: `Client` is synchronous, `AsyncClient` asynchronous.

    from armful.client import Client

    with Client("http://127.0.0.1:8000", api_key) as armful:
        for variant in armful.select_variants("developers", top_k=1):
            clicked = show(variant)
            armful.track_performance(variant.variant_id, clicked)

Both keep one session, and retry when the service is unreachable or busy. An outcome that they report counts once, however
often they retry. Errors are exceptions; `ClientError` shows their hierarchy.
"""

from ..contract.problems import FieldError
from ._async import AsyncClient
from ._errors import (
    ApiError,
    ClientError,
    ConflictError,
    NotFoundError,
    UnavailableError,
    UnreachableError,
)
from ._sync import Client

ABTestingClient = AsyncClient
"""`AsyncClient` under the name that the API's reference documents use."""

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
