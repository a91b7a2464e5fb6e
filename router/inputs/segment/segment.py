"""Segment's HTTP tracking, of its servers' and its browser's libraries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from router.inputs.picking import part
from router.inputs.segment.body import spoken
from router.inputs.segment.event import Dialect
from router.inputs.segment.rudderstack import rudderstack_dialect
from router.inputs.wire import GIF, JSON_OR_FORM, Answering, Endpoint, Format, Page, Reply
from router.settings import Settings

_TAKEN: Final = Answering(Reply(200, b'{"success":true}', "application/json"))
_POSTED: Final = (
    "track", "page", "screen", "identify", "group", "alias", "batch", "import",
    "t", "p", "s", "i", "g", "a", "b",
)  # fmt: skip
_PIXELS: Final = ("track", "page", "screen", "identify", "group", "alias")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")


def _dialect(message: Mapping[str, Any], settings: Settings) -> Dialect:
    """RudderStack's SDKs post to the same paths. They are told by the library that they name, or by where
    they put consent: the one for Node has a name of Segment's.
    """
    context = part(message, "context")
    library = part(context, "library").get("name")
    is_named = isinstance(library, str) and "rudder" in library.lower()
    if is_named or isinstance(context.get("consentManagement"), dict):
        return rudderstack_dialect(message, settings)
    return Dialect("segment", settings.consent.segment)


def _settings(write_key: str, host: str) -> Reply:
    """What the browser's library asks its CDN for: one destination, which is this address."""
    api = {"apiHost": f"{host}/v1"} if _HOST.fullmatch(host) else {}
    answer = {
        "integrations": {"Segment.io": {"apiKey": write_key, "addBundledMetadata": True, **api}},
        "plan": {
            "track": {"__default": {"enabled": True, "integrations": {}}},
            "identify": {"__default": {"enabled": True}},
            "group": {"__default": {"enabled": True}},
        },
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }
    return Reply(200, orjson.dumps(answer), "application/json", (("cache-control", "private, max-age=120"),))


_NO_SUCH_KEY: Final = Reply(404, b'{"success":false,"message":"no such write key"}', "application/json")

SEGMENT: Final = Format(
    "segment",
    spoken(_dialect),
    (
        *(Endpoint(f"/v1/{each}", answering=_TAKEN) for each in _POSTED),
        *(
            Endpoint(f"/v1/pixel/{each}", ("GET",), Answering(GIF, refused=dict.fromkeys((400, 401), GIF)))
            for each in _PIXELS
        ),
    ),
    content_types=JSON_OR_FORM,
    key_parameter="writeKey",
    key_member="writeKey",
    sent_headers=("authorization", "content-type", "x-retry-count"),
    pages=tuple(
        Page(path, _settings, needs_key=True, unknown_key=_NO_SUCH_KEY)
        for path in ("/v1/projects/{write_key}/settings", "/projects/{write_key}/settings")
    ),
)
