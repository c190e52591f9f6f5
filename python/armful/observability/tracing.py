"""Traces for OpenTelemetry: a span per request, and one per commit that is linked to the requests it answers.

Imported only where traces are wanted (`ARMFUL_TRACES`). Where they go, under which name and how many of them, OpenTelemetry
reads itself from its standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, …).
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


def exporting() -> "Tracing":
    """Traces that are sent by OTLP over HTTP, as the standard variables say; named `armful` unless they name them."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.version": __version__})
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "armful"}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


class Tracing:
    """What is told to a tracer provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("armful", __version__)

    def begin(self, headers: Mapping[bytes, bytes]) -> Span:
        """Start the span of a request, and make it the current one of this context; `traceparent` names its parent."""
        sent = {
            name.decode(): headers[name].decode("latin-1") for name in _CONTEXT_HEADERS if name in headers
        }
        span = self._tracer.start_span("request", context=_propagator.extract(sent), kind=SpanKind.SERVER)
        context.attach(trace.set_span_in_context(span))
        return span

    def end(
        self, span: Span, scope: HTTPScope, endpoint: str, status: int, request_id: bytes, key_id: str | None
    ) -> None:
        """End a request's span, by the semantic conventions for HTTP servers."""
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
        """The span in which this is called, for a commit to be linked to; None where it is not recorded."""
        span = trace.get_current_span()
        return span.get_span_context() if span.is_recording() else None

    def commit(self, asked: Iterable[SpanContext | None], updates: int, seconds: float) -> None:
        """A commit of so many updates that has just ended, after so many seconds, and the spans that asked for it.

        It is part of the first one's trace, and linked to all.
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
        """Send what has not been sent."""
        self._provider.shutdown()
