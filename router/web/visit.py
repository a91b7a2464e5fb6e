"""A request while it is dealt with, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Final

from router.inputs.matching import Match
from router.tracing import trace_id_of
from router.web.asgi import Answer, Head

_GIVEN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request: what it is for, if it brings events, and the id that it goes by in logs and traces."""

    head: Head
    match: Match | None
    correlation: str


@dataclass(frozen=True, slots=True)
class Told:
    """An answer and what it is about: events taken, events rejected by code.

    `code` is why the request was refused, whatever its sender hears.
    """

    answer: Answer
    accepted: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    code: str = ""


def correlation_of(headers: Mapping[str, str]) -> str:
    """The id of a request: its `X-Request-Id` if that is plain, else its trace's, else 16 random digits."""
    given = headers.get("x-request-id", "")
    if _GIVEN.fullmatch(given):
        return given
    return trace_id_of(headers.get("traceparent", "")) or token_hex(8)
