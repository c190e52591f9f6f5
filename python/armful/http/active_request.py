"""What the front middleware keeps about one request while it serves it."""

from contextvars import Context
from time import perf_counter
from typing import TYPE_CHECKING, Final

from armful.domain.key import ApiKey
from armful.http import fast
from armful.http.paths import decoded
from armful.http.request import HttpRequest
from armful.observability import request_ids

if TYPE_CHECKING:
    from opentelemetry.trace import Span

UNKNOWN: Final = "other"
"""The endpoint of a request that matches none, in the metrics."""

_WITH_BODY = ("POST", "PUT", "PATCH")


class ActiveRequest:
    """A request with its headers, its id, its key once it is known, and the fast endpoint that serves it, if any."""

    __slots__ = (
        "began",
        "context",
        "endpoint",
        "fast",
        "headers",
        "key",
        "request",
        "request_id",
        "scope",
        "span",
        "with_body",
    )

    def __init__(self, request: HttpRequest) -> None:
        self.began = perf_counter()
        self.request = request
        self.scope = scope = request.scope
        self.headers = dict(scope["headers"])
        self.request_id = request_ids.accept_or_generate(self.headers.get(request_ids.HEADER))
        if b"%2" in scope["raw_path"]:
            scope["path"] = decoded(scope["raw_path"])
        method = scope["method"]
        self.with_body = method in _WITH_BODY
        self.fast = fast.find(method, scope["path"], scope["query_string"])
        self.endpoint = UNKNOWN
        self.key: ApiKey | None = None
        self.span: Span | None = None
        self.context: Context | None = None
