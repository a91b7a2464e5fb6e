"""Which pages may post from a browser. This protects nothing: who is no browser ignores it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from router.inputs.matching import sent_headers
from router.serving import Answer, Headers

_VARY: Headers = ((b"vary", b"origin"),)
_OWN_HEADERS: Final = (
    "authorization", "content-encoding", "content-type", "traceparent", "tracestate", "x-request-id",
    "x-write-key",
)  # fmt: skip
_HEADERS: Final = ", ".join(sorted({*_OWN_HEADERS, *sent_headers()})).encode()


class Cors:
    """The configured origins, and those of browser keys: a preflight does not say which key is to follow."""

    def __init__(self, origins: Iterable[str], of_keys: Callable[[], frozenset[str]] = frozenset) -> None:
        self._origins = frozenset(origins)
        self._of_keys = of_keys

    def is_listed(self, origin: str) -> bool:
        """Whether an origin is one of the configured ones; keys do not count here."""
        return origin in self._origins

    def headers(self, origin: str | None) -> Headers:
        """What every answer carries; credentials are allowed so that first-party cookies come along."""
        if not (self._origins or self._of_keys()):
            return ()
        if origin is None or not self._may_read(origin):
            return _VARY
        allowed = (b"access-control-allow-origin", origin.encode("latin-1"))
        return (*_VARY, allowed, (b"access-control-allow-credentials", b"true"))

    def preflight(self, origin: str | None, methods: Sequence[str]) -> Answer:
        """The answer to OPTIONS, where these methods are understood."""
        listed = ", ".join(methods).encode()
        if origin is None or not self._may_read(origin):
            return Answer(204, b"", ((b"allow", listed),))
        allowed: Headers = (
            (b"access-control-allow-methods", listed),
            (b"access-control-allow-headers", _HEADERS),
            (b"access-control-max-age", b"86400"),
        )
        return Answer(204, b"", allowed)

    def _may_read(self, origin: str) -> bool:
        return origin in self._origins or origin in self._of_keys()
