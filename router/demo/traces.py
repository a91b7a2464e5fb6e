"""The same events through the same rules once more, with a trace: what only an explanation can tell."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from router.demo.posts import COMMANDERS_ACT, STANDARD, Post
from router.explain import Explained, Explanation, explain
from router.inputs import RawRequest, decode, parse_cookies
from router.lang.outcome import Arrival
from router.lang.program import Program
from router.lang.trace import Line
from router.settings import Settings

TTCLID: Final = "user.ttclid"
_FORMATS: Final = {STANDARD: "standard", COMMANDERS_ACT: "commanders_act"}

Key = tuple[str, str]
"""TikTok's event name and event id."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a click id came from: the alternative of the rule, and its line; all None without a click id."""

    expression: str | None
    at: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Traces:
    """What the rules say of the events. `web` has the origins of the click ids of events sent for the web."""

    web: Mapping[Key, Origin]
    unhandled: Counter[str]
    purchases: Mapping[Key, Explanation] = field(repr=False)


def trace(program: Program, settings: Settings, posts: Iterable[Post], now: int) -> Traces:
    """Explain every event of the posts that can be read, as if it arrived at the epoch second `now`."""
    web: dict[Key, Origin] = {}
    unhandled: Counter[str] = Counter()
    purchases: dict[Key, Explanation] = {}
    for arrival in arrivals(posts, settings, now):
        explanation = explain(program, arrival)
        for outcome in explanation.outcomes:
            if outcome.outcome == "unhandled":
                unhandled[explanation.event_name or ""] += 1
            elif outcome.payload is not None and explanation.source == "web":
                key = (outcome.payload["event"], outcome.payload["event_id"])
                web.setdefault(key, _origin(outcome))
                if explanation.event_name == "purchase":
                    purchases.setdefault(key, explanation)
    return Traces(web, unhandled, purchases)


def arrivals(posts: Iterable[Post], settings: Settings, now: int) -> Iterator[Arrival]:
    """The events of the posts that can be read, as the daemon's decoders give them."""
    for post in posts:
        request = _request(post, now)
        if request is not None:
            yield from decode(_FORMATS[post.path], request, settings).arrivals


def _request(post: Post, now: int) -> RawRequest | None:
    """The request as the daemon's decoders get it; None when its body is no whole gzip."""
    try:
        body = gzip.decompress(post.body) if "content-encoding" in post.headers else post.body
    except EOFError:
        return None
    return RawRequest(
        body,
        now,
        post.headers,
        cookies=parse_cookies(post.headers.get("cookie")),
        from_visitor="origin" in post.headers,
    )


def _origin(outcome: Explained) -> Origin:
    """By the trace, and only if the click id stands in the finished payload."""
    line = next((each for each in outcome.lines if each.path == TTCLID), None)
    sent = (outcome.payload or {}).get("user", {}).get("ttclid")
    return Origin(None, None, None) if line is None or sent is None else Origin(line.text, str(line.at), sent)


EXAMPLE_FIELDS: Final = (
    "event_id",
    "user.email",
    TTCLID,
    "user.ttp",
    "page.url",
    "properties.value",
    "properties.currency",
)


def shortened(explanation: Explanation) -> Explanation:
    """The explanation with a few telling fields only."""
    outcomes = tuple(
        replace(each, lines=tuple(filter(_telling, each.lines)), left_out=()) for each in explanation.outcomes
    )
    return replace(explanation, outcomes=outcomes, notes=())


def _telling(line: Line) -> bool:
    return line.path in EXAMPLE_FIELDS
