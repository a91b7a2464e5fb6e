"""Whom the intake lets in: by key or signature, from which page, and how often."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from cachetools import LRUCache

from router.keyring import Grant
from router.serving import Refusal
from router.serving.peer import household
from router.settings import Scheme, Settings
from router.web.cors import Cors
from router.web.keys import KeyRing
from router.web.rates import Buckets
from router.web.signatures import scheme_of

_MINUTE: Final = 60.0
_MOST_PROVEN: Final = 20_000


class Caller(NamedTuple):
    """Who asks: the request's headers, its peer, the client's address if it can be told, the key shown.

    `is_server` says that only servers ask there, for keys that leave it open.
    """

    headers: Mapping[str, str]
    peer: str | None
    address: str | None
    key: str | None
    is_server: bool = False

    @property
    def household(self) -> str:
        """Whom rates are counted for."""
        return household(self.address or self.peer)

    @property
    def origin(self) -> str | None:
        return self.headers.get("origin")


class Pass(NamedTuple):
    """Somebody who may come in. With `signed` the body has to be verified before that is sure.

    Without `grant` no keys are asked for.
    """

    caller: Caller
    grant: Grant | None = None
    signed: Scheme | None = None

    @property
    def from_visitor(self) -> bool:
        """Browsers name the page they post from; a shop's server must not pass for its customer."""
        sender = self.grant.sender if self.grant else "auto"
        if sender == "auto":
            headers = self.caller.headers
            return not self.caller.is_server and ("origin" in headers or "sec-fetch-mode" in headers)
        return sender != "server"


class Gate:
    """Keeps what must be remembered of those who come: rates, wrong keys, right keys."""

    def __init__(self, keys: KeyRing, cors: Cors, settings: Settings, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._cors = cors
        self._limits = settings.limits
        self._clock = clock
        self._rates = Buckets()
        self._failures = Buckets()
        self._proven: LRUCache[tuple[str, str], bool] = LRUCache(_MOST_PROVEN)

    def open(self, caller: Caller) -> Pass | Refusal:
        """Everything that can be said before the body is read."""
        self._keys.refresh()
        if not self._keys.required:
            return self._paced(Pass(caller))
        scheme = None if caller.key else scheme_of(caller.headers)
        if scheme is not None and self._keys.signs(scheme):
            return Pass(caller, signed=scheme)
        return self._known(caller, self._keys.find(caller.key))

    def asks(self, caller: Caller) -> bool:
        """Whether the caller has to show a key, and no signature can stand for it."""
        self._keys.refresh()
        scheme = scheme_of(caller.headers)
        return self._keys.required and (scheme is None or not self._keys.signs(scheme))

    def doubt(self, caller: Caller) -> Refusal | None:
        """Why nothing is to be told to the caller, if there are keys and this is none."""
        self._keys.refresh()
        if not self._keys.required:
            return None
        grant = self._keys.find(caller.key)
        return self._stranger(caller) if grant is None else self._too_often_wrong(caller, grant)

    def verify(self, admitted: Pass, body: bytes) -> Pass | Refusal:
        """Whether the body, as it came, was signed by a key. Nothing is read of it before."""
        if admitted.signed is None:
            return admitted
        caller = admitted.caller
        return self._known(caller, self._keys.signed(admitted.signed, caller.headers, body))

    def _known(self, caller: Caller, grant: Grant | None) -> Pass | Refusal:
        """A wrong key is a failure of the address; after too many it only gets in with keys it had before.

        So guessing is slow, and nobody is shut out by the mistakes of others behind the same address.
        """
        if grant is None:
            return self._stranger(caller)
        return (
            self._too_often_wrong(caller, grant)
            or self._from_page(caller, grant)
            or self._paced(Pass(caller, grant))
        )

    def _too_often_wrong(self, caller: Caller, grant: Grant | None) -> Refusal | None:
        who = caller.household
        wait = self._failures.due(who, self._clock())
        if wait and (grant is None or (who, grant.name) not in self._proven):
            return Refusal(429, "too_many_failures", "this address showed too many wrong keys", _up(wait))
        if grant is not None:
            self._proven[who, grant.name] = True
        return None

    def _stranger(self, caller: Caller) -> Refusal:
        shut = self._too_often_wrong(caller, None)
        if shut is None:
            most = self._limits.auth_failures
            self._failures.wait(caller.household, most / _MINUTE, self._clock(), most)
        return shut or _unauthorized()

    def _from_page(self, caller: Caller, grant: Grant) -> Refusal | None:
        """A browser key is public: it only counts on the pages it was made for."""
        if grant.sender != "browser":
            return None
        origin = caller.origin
        listed = origin in grant.origins if grant.origins else self._cors.is_listed(origin or "")
        if origin is not None and listed:
            return None
        reason = "this key is for browsers, on pages of its own origins"
        return Refusal(403, "origin_not_allowed", reason)

    def _paced(self, admitted: Pass) -> Pass | Refusal:
        """The address goes first: what it sends too much does not count against the key."""
        grant, rate = admitted.grant, self._limits.requests_per_address
        if rate and admitted.from_visitor:
            wait = self._rates.wait(admitted.caller.household, rate, self._clock())
            if wait:
                return _too_many("this address is over its rate", wait)
        wait = self._rates.wait(grant, grant.rate, self._clock()) if grant and grant.rate else 0.0
        return _too_many("this key is over its rate", wait) if wait else admitted


def _up(seconds: float) -> int:
    return max(1, math.ceil(seconds))


def _too_many(reason: str, wait: float) -> Refusal:
    return Refusal(429, "too_many_requests", reason, _up(wait))


def _unauthorized() -> Refusal:
    return Refusal(
        401,
        "unauthorized",
        "show a write key: Authorization: Bearer, Basic user name, or X-Write-Key",
        headers=((b"www-authenticate", b"Bearer"),),
    )
