"""The write keys in force, of the settings and of the data directory, and what a request shows of them."""

from __future__ import annotations

import base64
import binascii
import hmac
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from router.keyring import KEYS_FILE, Grant, KeysUnusable, StoredKey, digest, read_keys
from router.settings import Scheme, WriteKey, signing_secret
from router.web.signatures import Headers, is_signed

_LOG = structlog.get_logger()
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Known:
    digest: bytes = field(repr=False)
    grant: Grant
    ends: float = math.inf


@dataclass(frozen=True, slots=True)
class _Signer:
    scheme: Scheme
    secret: bytes = field(repr=False)
    grant: Grant


class KeyRing:
    """The write keys. Every key is compared, in constant time, whichever fits.

    A changed file of keys is taken up by itself, at most a second after it was changed and used. While it
    cannot be read the keys before it stay.
    """

    def __init__(
        self, keys: Iterable[WriteKey], directory: Path | None = None, now: Callable[[], float] = time.time
    ) -> None:
        given = tuple(keys)
        self._directory = directory
        self._now = now
        self._fixed = tuple(_Known(digest(each.value), each.grant) for each in given if not each.signature)
        self._signers = tuple(_signers(given))
        self._known = self._fixed
        self._stamp: tuple[int, ...] | None = None
        self._looked_at = -math.inf
        self._origins = _origins(each.grant for each in given)
        self.required = bool(given)
        """Whether a key must be shown. Once there was a file of keys it must, even if all were revoked."""
        self.refresh()

    def origins(self) -> frozenset[str]:
        """The pages that browser keys may stand in."""
        self.refresh()
        return self._origins

    def find(self, shown: str | None) -> Grant | None:
        """What the shown key may do; None for none and for an unknown one, which take the same way."""
        self.refresh()
        now, looked_for, found = self._now(), digest(shown or ""), None
        for known in self._known:
            if hmac.compare_digest(known.digest, looked_for) and now < known.ends:
                found = known.grant
        return found if shown else None

    def signs(self, scheme: Scheme) -> bool:
        """Whether a key could have signed that way."""
        return any(each.scheme == scheme for each in self._signers)

    def signed(self, scheme: Scheme, headers: Headers, body: bytes) -> Grant | None:
        """What the key that signed the request may do; `body` is as it came."""
        now, found = self._now(), None
        for each in self._signers:
            if each.scheme == scheme and is_signed(scheme, each.secret, headers, body, now):
                found = each.grant
        return found

    def refresh(self) -> None:
        """Take up a changed file; looks at most once a second."""
        now = self._now()
        if self._directory is None or 0 <= now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        if _stamp(self._directory) != self._stamp:
            self.reload()

    def reload(self) -> None:
        """Read the file of keys now, changed or not."""
        if self._directory is None:
            return
        before, self._stamp = self._stamp, _stamp(self._directory)
        self.required = self.required or self._stamp is not None
        if self._stamp is None:
            if before is not None:
                _LOG.error("keys_unusable", problem="the file of keys is gone; the keys before it stay")
            return
        try:
            self._take(read_keys(self._directory))
        except KeysUnusable as problem:
            _LOG.error("keys_unusable", problem=str(problem))

    def _take(self, keys: tuple[StoredKey, ...]) -> None:
        self._known = (*self._fixed, *_known(keys))
        self._origins = _origins([*(each.grant for each in self._fixed), *(each.grant for each in keys)])
        _LOG.info("keys_loaded", keys=len(keys))


def _signers(keys: Iterable[WriteKey]) -> Iterator[_Signer]:
    for each in keys:
        secret = signing_secret(each.signature, each.value) if each.signature else None
        if each.signature and secret:
            yield _Signer(each.signature, secret, each.grant)


def _known(keys: Iterable[StoredKey]) -> Iterator[_Known]:
    for key in keys:
        for value in key.values:
            ends = min(end for end in (key.expires, value.ends, math.inf) if end is not None)
            yield _Known(value.digest, key.grant, ends)


def _origins(grants: Iterable[Grant]) -> frozenset[str]:
    return frozenset(origin for grant in grants for origin in grant.origins)


def _stamp(directory: Path) -> tuple[int, ...] | None:
    """What changes whenever the file or the right to read it does; None only where there surely is none."""
    try:
        found = (directory / KEYS_FILE).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return ()
    return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


# ------------------------------------------------------------------ what a request shows


def shown_key(
    headers: Mapping[str, str], query: Mapping[str, str], parameter: str | None, also: Iterable[str] = ()
) -> str | None:
    """The first key that `X-Write-Key`, `Authorization` (Bearer, or Basic user name) or a parameter shows.

    `also` are further headers that hold a key, in lower case. Some trackers leave out the word `Basic`.
    """
    for name in ("x-write-key", *also):
        if key := headers.get(name):
            return key.strip()
    authorization = headers.get("authorization")
    authorized = _authorized(authorization) if authorization else None
    if authorized is not None or not parameter:
        return authorized
    return query.get(parameter) or None


def _authorized(header: str) -> str | None:
    scheme, _, credentials = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        return _basic_user(credentials)
    return None if credentials else _basic_user(scheme) or None


def _basic_user(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode("utf-8").partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
