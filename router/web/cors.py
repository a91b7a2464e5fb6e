"""Which pages may post from a browser. This protects nothing: who is no browser ignores it."""

from __future__ import annotations

from collections.abc import Iterable

from router.web.asgi import Answer, Headers

_VARY: Headers = ((b"vary", b"origin"),)
_PREFLIGHT: Headers = (
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-encoding, content-type, x-write-key"),
    (b"access-control-max-age", b"86400"),
)


class Cors:
    """The configured origins."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)

    def headers(self, origin: str | None) -> Headers:
        """What every answer carries; credentials are allowed so that first-party cookies come along."""
        if not self._origins:
            return ()
        if origin not in self._origins or origin is None:
            return _VARY
        allowed = (b"access-control-allow-origin", origin.encode("latin-1"))
        return (*_VARY, allowed, (b"access-control-allow-credentials", b"true"))

    def preflight(self, origin: str | None) -> Answer:
        """The answer to OPTIONS."""
        known = origin in self._origins
        return Answer(204, b"", _PREFLIGHT if known else ((b"allow", b"POST, OPTIONS"),))
