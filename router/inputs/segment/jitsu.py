"""Jitsu's ingest endpoints: Segment's events by type, in batches, and as pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from router.inputs.reading import one_by_one
from router.inputs.request import Decoded, Fault, RawRequest
from router.inputs.segment.body import spoken
from router.inputs.segment.event import Dialect, convert_message
from router.inputs.segment.jitsu_classic import as_message
from router.inputs.wire import GIF, Answering, Endpoint, Format, Reply
from router.settings import Settings

_TYPES: Final = (
    "page", "p", "track", "t", "identify", "i", "group", "g", "alias", "a", "screen", "s", "event", "e",
)  # fmt: skip
_SENT_HEADERS: Final = ("authorization", "content-type", "x-write-key", "x-enable-debug")


def _json(status: int, answer: dict[str, Any]) -> Reply:
    return Reply(status, orjson.dumps(answer), "application/json")


def _batch_report(_request: RawRequest, decoded: Decoded) -> Reply | None:
    if decoded.problem is not None:
        return None
    taken, refused = len(decoded.arrivals), decoded.rejections
    errors = {"errors": [f"event {each.index}: {each.reason}" for each in refused]} if refused else {}
    counts = {"receivedEvents": taken + len(refused), "okEvents": taken}
    return _json(200, {"ok": not refused, **errors, **counts})


_OK: Final = _json(200, {"ok": True})
_NOT_OK: Final = _json(200, {"ok": False, "error": "the event was not taken"})
# A page's tracker hears 200 whatever happens, a server's hears what is wrong.
_OF_PAGES: Final = Answering(_OK, _NOT_OK, refused={400: _NOT_OK})
_OF_SERVERS: Final = Answering(_OK, _json(400, {"ok": False, "error": "the event was not taken"}))
_OF_BATCHES: Final = Answering(_OK, report=_batch_report)
_OF_PIXELS: Final = Answering(GIF, refused=dict.fromkeys((400, 401), GIF))


def _dialect(_message: Mapping[str, Any], settings: Settings) -> Dialect:
    return Dialect("jitsu", settings.consent.jitsu)


def _convert_classic(
    event: dict[str, Any], request: RawRequest, settings: Settings
) -> dict[str, Any] | Fault:
    return convert_message(as_message(event), Dialect("jitsu_classic", settings.consent.jitsu), request)


JITSU: Final = Format(
    "jitsu",
    spoken(_dialect),
    (
        *(Endpoint(f"/api/s/{each}", answering=_OF_PAGES) for each in _TYPES),
        *(Endpoint(f"/api/s/s2s/{each}", answering=_OF_SERVERS, sender="server") for each in _TYPES),
        *(Endpoint(f"/api/s/s2s/{each}", answering=_OF_BATCHES, sender="server") for each in ("batch", "b")),
        *(Endpoint(path, answering=_OF_BATCHES) for path in ("/batch", "/b", "/api/s/batch", "/api/s/b")),
        *(Endpoint(f"/api/px/{each}", ("GET",), _OF_PIXELS) for each in _TYPES),
    ),
    key_parameter="writekey",
    key_member="writeKey",
    sent_headers=_SENT_HEADERS,
)

JITSU_CLASSIC: Final = Format(
    "jitsu_classic",
    one_by_one(_convert_classic),
    (
        *(Endpoint(f"/api/v1/{each}", answering=_OF_PAGES) for each in ("event", "events")),
        *(
            Endpoint(f"/api/v1/s2s/{each}", answering=_OF_SERVERS, sender="server")
            for each in ("event", "events")
        ),
    ),
    key_parameter="token",
    key_headers=("x-auth-token",),
    key_member="api_key",
    sent_headers=(*_SENT_HEADERS, "x-auth-token"),
)
