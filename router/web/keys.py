"""Who may post, and how often."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping

from router.settings import WriteKey


class KeyRing:
    """The write keys. Every key is compared, in constant time, whichever fits."""

    def __init__(self, keys: Iterable[WriteKey]) -> None:
        self._keys = tuple((_digest(key.value), key) for key in keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def find(
        self, headers: Mapping[str, str], query: Mapping[str, str], parameter: str | None
    ) -> WriteKey | None:
        """The key that `X-Write-Key`, `Authorization` (Bearer, or Basic user name) or a parameter shows."""
        shown = next(_shown(headers, query, parameter), None)
        if shown is None:
            return None
        digest = _digest(shown)
        found = None
        for known, key in self._keys:
            if hmac.compare_digest(known, digest):
                found = key
        return found


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).digest()


def _shown(headers: Mapping[str, str], query: Mapping[str, str], parameter: str | None) -> Iterator[str]:
    if key := headers.get("x-write-key"):
        yield key.strip()
    scheme, _, credentials = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        yield credentials.strip()
    elif scheme.lower() == "basic":
        yield _basic_user(credentials)
    if parameter and (key := query.get(parameter)):
        yield key


def _basic_user(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode("utf-8").partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


class TokenBucket:
    """So many requests a second, and as many at once as a second has (at least one)."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._most = max(1.0, rate)
        self._tokens = self._most
        self._then = now

    def wait(self, now: float) -> float:
        """Seconds until the next request may come; 0 when this one may, which is then counted."""
        self._tokens = min(self._most, self._tokens + max(0.0, now - self._then) * self._rate)
        self._then = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0
