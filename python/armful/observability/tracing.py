"""OpenTelemetry traces: a span per request, and a span per commit that is linked to its requests.

Imported only if `ARMFUL_TRACES` is set. OpenTelemetry reads the endpoint, the service's name and the sampling rate from its
standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, …).
"""

import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from litestar.types import HTTPScope
from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from armful import __version__

_CONTEXT_HEADERS = (b"traceparent", b"tracestate")

_propagator = TraceContextTextMapPropagator()


def create_tracing() -> "Tracing":
    """Create tracing that exports by OTLP over HTTP. The service's name is `armful` unless `OTEL_SERVICE_NAME` is set."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.version": __version__})
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "armful"}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


class Tracing:
    """Records the spans of requests and commits."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("armful", __version__)

    def begin(self, headers: Mapping[bytes, bytes]) -> Span:
        """Start a request's span and make it the current span. The `traceparent` header names its parent."""
        sent = {
            name.decode(): headers[name].decode("latin-1") for name in _CONTEXT_HEADERS if name in headers
        }
        span = self._tracer.start_span("request", context=_propagator.extract(sent), kind=SpanKind.SERVER)
        context.attach(trace.set_span_in_context(span))
        return span

    def end(
        self, span: Span, scope: HTTPScope, endpoint: str, status: int, request_id: bytes, key_id: str | None
    ) -> None:
        """End a request's span, with the attributes of the semantic conventions for HTTP servers."""
        if span.is_recording():
            span.update_name(f"{scope['method']} {endpoint}")
            span.set_attributes(
                {
                    "http.request.method": scope["method"],
                    "http.route": endpoint,
                    "http.response.status_code": status,
                    "url.scheme": scope["scheme"],
                    "armful.request_id": request_id.decode(),
                }
            )
            if key_id is not None:
                span.set_attribute("armful.key_id", key_id)
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                span.set_attribute("error.type", str(status))
                span.set_status(StatusCode.ERROR)
        span.end()

    def current(self) -> SpanContext | None:
        """Return the context of the current span, to link a commit to it; None if the span is not recorded."""
        span = trace.get_current_span()
        return span.get_span_context() if span.is_recording() else None

    def commit(self, asked: Iterable[SpanContext | None], updates: int, seconds: float) -> None:
        """Record a commit that has just ended.

        Its span belongs to the trace of the first request, and is linked to all requests.

        Args:
            asked: The contexts of the requests' spans.
            updates: The number of updates in the commit.
            seconds: The duration of the commit.
        """
        links = [Link(one) for one in asked if one is not None]
        if not links:
            return
        end = time.time_ns()
        parent = trace.set_span_in_context(trace.NonRecordingSpan(links[0].context), context.Context())
        span = self._tracer.start_span(
            "commit",
            context=parent,
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": "postgresql",
                "armful.updates": updates,
                "armful.requests": len(links),
            },
            links=links,
            start_time=end - int(seconds * 1e9),
        )
        span.end(end)

    def close(self) -> None:
        """Send the remaining spans, and shut down."""
        self._provider.shutdown()
