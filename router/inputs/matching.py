"""Which format a request is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from router.inputs.formats import FORMATS
from router.inputs.wire import Endpoint, Format, Page

_SLOT = "{write_key}"


@dataclass(frozen=True, slots=True)
class Match:
    """An endpoint, and the format that has it."""

    format: Format
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class PageMatch:
    """A page, the format that has it, and the write key that the path shows."""

    format: Format
    page: Page
    write_key: str = field(default="", repr=False)


def find_endpoint(method: str, path: str, headers: Mapping[str, str]) -> Match | None:
    """The endpoint that takes the request; of two, the one whose header the request has."""
    for each in _takers().get((method, path), ()):
        if each.endpoint.header is None or each.endpoint.header in headers:
            return each
    return None


def find_page(path: str) -> PageMatch | None:
    """The page at a path."""
    plain = _pages().get(path)
    return plain if plain is not None else next(_templated(path), None)


def methods_of(path: str) -> tuple[str, ...]:
    """What may be asked of a path, `OPTIONS` left out; nothing of one that nobody knows."""
    methods = {method for each in _endpoints().get(path, ()) for method in each.endpoint.methods}
    return tuple(sorted(methods | ({"GET"} if find_page(path) else set())))


def is_webhook(path: str) -> bool:
    """Whether a broker that asks may send there."""
    return any(each.endpoint.webhook for each in _endpoints().get(path, ()))


def sent_headers() -> tuple[str, ...]:
    """Every header that a tracker in a page sends along, for the answer to `OPTIONS`."""
    return tuple(sorted({name for each in FORMATS.values() for name in each.sent_headers}))


@cache
def _endpoints() -> Mapping[str, tuple[Match, ...]]:
    found: dict[str, tuple[Match, ...]] = {}
    for form in FORMATS.values():
        for endpoint in form.endpoints:
            found[endpoint.path] = (*found.get(endpoint.path, ()), Match(form, endpoint))
    return found


@cache
def _takers() -> Mapping[tuple[str, str], tuple[Match, ...]]:
    """Who takes a method at a path; those that ask for a header go first."""
    found: dict[tuple[str, str], tuple[Match, ...]] = {}
    every = [each for some in _endpoints().values() for each in some]
    for each in sorted(every, key=lambda each: each.endpoint.header is None):
        for method in each.endpoint.methods:
            place = method, each.endpoint.path
            found[place] = (*found.get(place, ()), each)
    return found


@cache
def _pages() -> Mapping[str, PageMatch]:
    return {page.path: PageMatch(form, page) for form in FORMATS.values() for page in form.pages}


def _templated(path: str) -> Iterator[PageMatch]:
    for each in _pages().values():
        before, slot, after = each.page.path.partition(_SLOT)
        if slot and path.startswith(before) and path.endswith(after):
            key = path[len(before) : len(path) - len(after)]
            if key and "/" not in key:
                yield PageMatch(each.format, each.page, key)
