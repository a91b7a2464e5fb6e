"""The hits of Google's browser tag, gtag.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from router.inputs.bodies import count_checked
from router.inputs.consent import purposes
from router.inputs.google.event import Sent, convert_parameters, granted
from router.inputs.google.ga4 import ALWAYS_204
from router.inputs.google.gtag_items import items_of
from router.inputs.google.gtag_user import hashes_of, language_tag
from router.inputs.reading import Read
from router.inputs.request import BodyProblem, Fault, RawRequest
from router.inputs.wire import ANY_TYPE, Endpoint, Format
from router.lang import exact
from router.settings import Limits, Settings

_MOST_PARAMETERS: Final = 1000
_TOO_LARGE: Final = Fault("event_too_large", "the event is too large")
_TOO_MANY: Final = Fault("too_many_parameters", f"a hit has more than {_MOST_PARAMETERS} parameters")
_NOT_UTF8: Final = Fault("not_utf8", "a text is not UTF-8")
_RENAMED: Final = {"dl": "page_location", "dr": "page_referrer", "dt": "page_title", "cu": "currency"}
_OF_THE_HIT: Final = {"_p": "page_load", "_s": "hit", "sid": "session_id"}
_CONSENT_STATES: Final = (("ad_storage", 2), ("analytics_storage", 3))


def _read(request: RawRequest, settings: Settings) -> Read | BodyProblem:
    hits = _hits(request, settings.limits)
    if isinstance(hits, BodyProblem):
        return hits
    return [each if isinstance(each, Fault) else _converted(each, request, settings) for each in hits]


def _hits(request: RawRequest, limits: Limits) -> list[dict[str, str] | Fault] | BodyProblem:
    """The address alone is a hit; with a body each line is one that shares the address's parameters."""
    lines = [line for line in request.body.splitlines() if line.strip()]
    if not lines:
        if not request.query:
            return BodyProblem("not_json", "there is no hit in the address and none in the body")
        return [dict(request.query)]
    problem = count_checked(lines, limits)
    if problem is not None:
        return problem
    hits = [_hit(line, limits) for line in lines]
    return [_joined(request.query, each, index) for index, each in enumerate(hits)]


def _hit(line: bytes, limits: Limits) -> dict[str, str] | Fault:
    if len(line) > limits.event_bytes:
        return _TOO_LARGE
    try:
        text = line.decode().strip()
        query = text.partition("?")[2] if text.startswith(("http://", "https://", "/")) else text
        return dict(reversed(parse_qsl(query, max_num_fields=_MOST_PARAMETERS)))
    except UnicodeDecodeError:
        return _NOT_UTF8
    except ValueError:
        return _TOO_MANY


def _joined(shared: Mapping[str, str], hit: dict[str, str] | Fault, index: int) -> dict[str, str] | Fault:
    # Two equal lines of one body are two events: the number keeps their derived ids apart.
    return hit if isinstance(hit, Fault) else {**shared, **hit, **({"_line": str(index)} if index else {})}


def _converted(hit: Mapping[str, str], request: RawRequest, settings: Settings) -> dict[str, Any] | Fault:
    gcs = hit.get("gcs", "")
    states = {name: gcs[at : at + 1] for name, at in _CONSENT_STATES} if gcs.startswith("G1") else {}
    sent = Sent(
        user={
            "id": hit.get("uid"),
            "anonymous_id": hit.get("cid"),
            "hashed": hashes_of(hit.get("em", "")),
        },
        device={"language": language_tag(hit.get("ul", ""))},
        consent=purposes(granted(states, "1"), settings.consent.ga4, states) if states else {},
        user_properties=_prefixed(hit, "up"),
    )
    return convert_parameters("gtag", hit.get("en"), _parameters(hit), sent, request)


def _parameters(hit: Mapping[str, str]) -> dict[str, Any]:
    """What the page gave, under its own names, and what tells this hit from an equal one of the same page."""
    renamed = {ours: hit[theirs] for theirs, ours in _RENAMED.items() if theirs in hit}
    of_the_hit = {ours: hit[theirs] for theirs, ours in _OF_THE_HIT.items() if theirs in hit}
    line = {"line": hit["_line"]} if "_line" in hit else {}
    items = items_of(hit)
    return {**of_the_hit, **line, **_prefixed(hit, "ep"), **renamed, **({"items": items} if items else {})}


def _prefixed(hit: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """The parameters `ep.name`, and as numbers `epn.name`."""
    texts, numbers = prefix + ".", prefix + "n."
    found: dict[str, Any] = {
        name.removeprefix(texts): value for name, value in hit.items() if name.startswith(texts)
    }
    for name, value in hit.items():
        if name.startswith(numbers):
            number = exact.parse(value)
            found[name.removeprefix(numbers)] = value if number is None else number
    return found


GTAG: Final = Format(
    "gtag",
    _read,
    (Endpoint("/g/collect", ("GET", "POST"), ALWAYS_204),),
    content_types=ANY_TYPE,
    key_parameter="tid",
    sent_headers=("content-type",),
)
