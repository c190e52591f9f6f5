"""The gate with a span around each request; in place only where traces are wanted."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from opentelemetry.trace import StatusCode
from structlog.contextvars import bind_contextvars

from armful.http.auth import ANSWERED, KEY, REQUEST_ID

if TYPE_CHECKING:
    from armful.observability.tracing import Tracing

_CONTEXT = (b"traceparent", b"tracestate")


class Traced:
    """An ASGI application whose requests are told to `tracing`, by the semantic conventions for HTTP servers."""

    def __init__(self, gate: ASGIApp, tracing: "Tracing") -> None:
        self._gate = gate
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._gate(scope, receive, send)
            return
        sent = {
            name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _CONTEXT
        }
        with self._tracing.request(sent) as span:
            bind_contextvars(trace_id=f"{span.get_span_context().trace_id:032x}")
            await self._gate(scope, receive, send)
            if not span.is_recording():
                return
            endpoint, status = scope[ANSWERED]  # type: ignore[literal-required]
            span.update_name(f"{scope['method']} {endpoint}")
            span.set_attributes(
                {
                    "http.request.method": scope["method"],
                    "http.route": endpoint,
                    "http.response.status_code": status,
                    "url.scheme": scope["scheme"],
                    "armful.request_id": scope[REQUEST_ID].decode(),  # type: ignore[literal-required]
                }
            )
            if (key := scope.get(KEY)) is not None:
                span.set_attribute("armful.key_id", key.key_id)  # type: ignore[attr-defined]
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                span.set_attribute("error.type", str(status))
                span.set_status(StatusCode.ERROR)
