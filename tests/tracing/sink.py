"""A collector of OpenTelemetry that keeps what it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Seen:
    """A span, its ids as hexadecimal digits."""

    name: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]
    facts: dict[str, Any]
    failed: str | None
    events: int


class Sink:
    """Listens on this machine until it is closed; as a context manager at the end of the block."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Sink:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def spans(self) -> list[Seen]:
        return [_seen(span) for body in self.bodies for scope in _scopes(body) for span in scope.spans]

    @property
    def resource(self) -> dict[str, Any]:
        """Of the first request."""
        (first, *_) = ExportTraceServiceRequest.FromString(self.bodies[0]).resource_spans
        return _facts(first.resource.attributes)

    def named(self, name: str) -> Seen:
        """The only span of that name."""
        (found,) = [each for each in self.spans if each.name == name]
        return found


def _handler(sink: Sink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sink.paths.append(self.path)
            sink.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _scopes(body: bytes) -> Any:
    request = ExportTraceServiceRequest.FromString(body)
    return [scope for each in request.resource_spans for scope in each.scope_spans]


def _seen(span: Any) -> Seen:
    return Seen(
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        tuple(link.span_id.hex() for link in span.links),
        _facts(span.attributes),
        span.status.message if span.status.code == 2 else None,
        len(span.events),
    )


def _facts(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
