"""A request while it is dealt with, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from router.inputs.matching import Match
from router.serving import Answer, Request
from router.tracing import trace_id_of
from router.web.serials import own_id

_GIVEN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Visit(NamedTuple):
    """A request: what it is for, if it brings events, and the id that it goes by in logs and traces."""

    request: Request
    match: Match | None
    correlation: str


class Told(NamedTuple):
    """An answer and what it is about: events taken, events rejected by code.

    `code` is why the request was refused, whatever its sender hears.
    """

    answer: Answer
    accepted: int = 0
    rejected: Mapping[str, int] = MappingProxyType({})
    code: str = ""


def correlation_of(headers: Mapping[str, str]) -> str:
    """The id of a request: its `X-Request-Id` if that is plain, else its trace's, else one of our own."""
    given = headers.get("x-request-id")
    if given and _GIVEN.fullmatch(given):
        return given
    parent = headers.get("traceparent")
    return (parent and trace_id_of(parent)) or own_id()
