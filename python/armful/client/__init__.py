"""A typed client of the HTTP API: `Client` waits for answers, `AsyncClient` awaits them.

    from armful.client import Client

    with Client("http://127.0.0.1:8000", api_key) as armful:
        for variant in armful.select_variants("developers", top_k=1):
            clicked = show(variant)
            armful.track_performance(variant.variant_id, clicked)

Both hold one session, try again when the service is out of reach or busy, and count what they report once however often
they try. Errors are exceptions; `ClientError` has the tree of them.
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
"""`AsyncClient` by the name that applications written for other A/B testing services may use."""

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
