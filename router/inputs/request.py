"""What a decoder gets and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from router.lang.outcome import Arrival

_NOTHING: Mapping[str, str] = {}


class RawRequest(NamedTuple):
    """A request as it came, its body decompressed.

    `headers` has lower-case names, `received_at` is epoch seconds, `path` is the one it was sent to.
    `source` names the write key the sender showed. `from_visitor` says that the visitor's own device sent it,
    so that the request tells of that device; a shop's server tells nothing of its customers' devices.
    Without `names_device` IP address and user agent are those of the request, whatever the event says.
    """

    body: bytes
    received_at: float
    headers: Mapping[str, str] = _NOTHING
    query: Mapping[str, str] = _NOTHING
    cookies: Mapping[str, str] = _NOTHING
    client_ip: str | None = None
    source: str | None = None
    from_visitor: bool = True
    names_device: bool = True
    path: str = ""
    method: str = "POST"

    def __repr__(self) -> str:
        """Nothing of what was sent: it may hold keys and persons."""
        return f"<RawRequest {self.method}>"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one event cannot be taken. The reason never quotes the event."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that was not taken; `index` counts from 0 in the order of the body."""

    index: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class BodyProblem:
    """Why the whole body cannot be taken."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """The events of a body and those that were rejected, or what is wrong with all of it."""

    arrivals: tuple[Arrival, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    problem: BodyProblem | None = None


@lru_cache(maxsize=256)
def content_type(header: str) -> str:
    """The type of a `Content-Type` header without its parameters."""
    return header.partition(";")[0].strip().lower()


def parse_cookies(header: str | None) -> Mapping[str, str]:
    """The cookies of a `Cookie` header. Of two with one name the first counts: its path is the closer one."""
    if not header:
        return _NOTHING
    cookies: dict[str, str] = {}
    for part in header.split(";"):
        name, sign, value = part.partition("=")
        name = name.strip()
        if sign and name and name not in cookies:
            value = value.strip()
            cookies[name] = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    return cookies
