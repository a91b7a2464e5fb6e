"""The formats, and the one way from a raw request to events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from router.inputs.bodies import NO_BODY, not_json
from router.inputs.cloudevents import cloudevents
from router.inputs.commanders_act import COMMANDERS_ACT
from router.inputs.google import GA4, GTAG
from router.inputs.mparticle import MPARTICLE
from router.inputs.raw import convert_raw
from router.inputs.reading import LINES, Read, one_by_one
from router.inputs.request import BodyProblem, Decoded, Fault, RawRequest, Rejection, content_type
from router.inputs.segment import JITSU, JITSU_CLASSIC, RUDDERSTACK, SEGMENT
from router.inputs.shopify import SHOPIFY
from router.inputs.standard import convert_standard
from router.inputs.stape_data_tag import STAPE_DATA_TAG
from router.inputs.walkeros import WALKEROS
from router.inputs.wire import JSON, Endpoint, Format
from router.lang.outcome import Arrival
from router.settings import Settings

__all__ = ["FORMATS", "Format", "content_type", "decode"]

_OWN_SHAPES: Final = (
    Format("standard", one_by_one(convert_standard), (Endpoint("/v1/events"),), (*JSON, *LINES)),
    COMMANDERS_ACT,
    Format("raw", one_by_one(convert_raw), content_types=(*JSON, *LINES)),
    SEGMENT,
    RUDDERSTACK,
    JITSU,
    JITSU_CLASSIC,
    GA4,
    GTAG,
    SHOPIFY,
    MPARTICLE,
    WALKEROS,
    STAPE_DATA_TAG,
)
FORMATS: Final[Mapping[str, Format]] = {each.name: each for each in (*_OWN_SHAPES, cloudevents(_OWN_SHAPES))}
# Rules see the request's headers, and need neither the sender's keys nor a second copy of the cookies.
_PRIVATE_HEADERS: Final = frozenset({
    "authorization", "proxy-authorization", "x-write-key", "cookie", "x-shopify-hmac-sha256",
}).union(*(each.key_headers for each in FORMATS.values()))  # fmt: skip
_DEFAULTS: Final = Settings()


def decode(format: str, request: RawRequest, settings: Settings = _DEFAULTS) -> Decoded:  # noqa: A002
    """The events of a request in a format of `FORMATS`; one way for daemon and files. Never raises."""
    events = FORMATS[format].read(request, settings)
    if events is NO_BODY:
        return Decoded(problem=not_json(request.body))
    return Decoded(problem=events) if isinstance(events, BodyProblem) else _decoded(events, request)


def _shown(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers that rules may see."""
    if _PRIVATE_HEADERS.isdisjoint(headers):
        return headers
    return {name: value for name, value in headers.items() if name not in _PRIVATE_HEADERS}


def _decoded(events: Read, request: RawRequest) -> Decoded:
    arrivals: list[Arrival] = []
    rejections: list[Rejection] = []
    now = int(request.received_at)
    headers = _shown(request.headers)
    for index, event in enumerate(events):
        if isinstance(event, Fault):
            rejections.append(Rejection(index, event.code, event.reason))
        else:
            arrivals.append(Arrival(event, now, request.cookies, headers))
    return Decoded(tuple(arrivals), tuple(rejections))
