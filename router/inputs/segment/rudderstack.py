"""RudderStack's gateway: Segment's events behind other paths and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from router.inputs.segment.body import spoken
from router.inputs.segment.event import Dialect
from router.inputs.wire import GIF, JSON_OR_FORM, Answering, Endpoint, Format, Page, Reply
from router.settings import Settings

_TAKEN: Final = Answering(Reply(200, b"OK", "text/plain; charset=utf-8"))
_PIXEL: Final = Answering(GIF, refused=dict.fromkeys((400, 401), GIF))
_SHARED_PATHS: Final = ("track", "page", "screen", "identify", "group", "alias", "batch", "import")
_OWN_PATHS: Final = ("merge", "webhook", "audiencelist")
# Its browser SDK sends it; what other SDKs post to paths they share with Segment's is read alike.
_MARK: Final = "anonymousid"
_UPDATED: Final = "2026-01-01T00:00:00.000Z"
_NO_KEY: Final = Reply(401, b'{"msg":"Invalid Write Key"}', "application/json")


def rudderstack_dialect(_message: Mapping[str, Any], settings: Settings) -> Dialect:
    """How an event of RudderStack's is read."""
    return Dialect("rudderstack", settings.consent.rudderstack, final_timestamp=True)


def _source_config(write_key: str, _host: str) -> Reply:
    """What an SDK asks the control plane for: an enabled source without destinations of its own."""
    off = {"enabled": False}
    source = {
        "id": "tagwright",
        "name": "TagWright",
        "writeKey": write_key,
        "enabled": True,
        "workspaceId": "tagwright",
        "config": {"statsCollection": {"errors": off, "metrics": off}},
        "destinations": [],
        "dataplanes": {},
        "updatedAt": _UPDATED,
    }
    answer = {"isHosted": False, "source": source, "updatedAt": _UPDATED}
    return Reply(200, orjson.dumps(answer), "application/json", (("cache-control", "private, no-store"),))


def _health(_write_key: str, _host: str) -> Reply:
    return Reply(200, b'{"appType":"tagwright","server":"UP"}', "application/json")


def _version(_write_key: str, _host: str) -> Reply:
    return Reply(200, b'{"Version":"tagwright"}', "application/json")


RUDDERSTACK: Final = Format(
    "rudderstack",
    spoken(rudderstack_dialect),
    (
        *(Endpoint(f"/v1/{each}", answering=_TAKEN, header=_MARK) for each in _SHARED_PATHS),
        *(Endpoint(f"/v1/{each}", answering=_TAKEN) for each in _OWN_PATHS),
        Endpoint("/v1/webhook", ("GET",), _TAKEN),
        Endpoint("/beacon/v1/batch", answering=_TAKEN),
        *(Endpoint(f"/pixel/v1/{each}", ("GET",), _PIXEL) for each in ("track", "page")),
    ),
    content_types=JSON_OR_FORM,
    key_parameter="writeKey",
    sent_headers=("authorization", "content-type", "anonymousid", "sentat"),
    pages=(
        *(
            Page(path, _source_config, needs_key=True, unknown_key=_NO_KEY)
            for path in ("/sourceConfig", "/sourceConfig/")
        ),
        Page("/health", _health),
        Page("/version", _version),
    ),
)
