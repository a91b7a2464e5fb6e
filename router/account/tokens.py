"""A token from an authorisation code, and the end of a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from router.account.interface import Unheard, post
from router.account.remedies import NO_CONNECTION, meaning_of, remedy_of, told
from router.tiktok.answers import Reply
from router.tiktok.codes import Meaning

_ACCESS: Final = "/open_api/v1.3/oauth2/access_token/"
_REVOKE: Final = "/open_api/v1.3/oauth2/revoke_token/"
_UNKNOWN_TOKEN: Final = frozenset({40102, 40105})


@dataclass(frozen=True, slots=True)
class App:
    """A developer app at TikTok, and where TikTok is."""

    base_url: str
    app_id: str
    secret: str = field(repr=False)

    def address(self, path: str) -> str:
        return self.base_url.rstrip("/") + path

    def body(self, **more: Any) -> dict[str, Any]:
        return {"app_id": self.app_id, "secret": self.secret, **more}


@dataclass(frozen=True, slots=True)
class Granted:
    """A token, the ad accounts that it speaks for, and the numbers of its permissions."""

    token: str = field(repr=False)
    advertisers: tuple[str, ...] = ()
    scope: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why TikTok did not do it, and what to do."""

    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """The token is worth nothing any more; `was_valid`: it was something before."""

    was_valid: bool


def exchange(http: httpx.Client, app: App, code: str) -> Granted | Refusal:
    """Trade an authorisation code for a token (GO, SDK, H). A code is good once."""
    body = app.body(auth_code=code, return_advertiser_ids=True)
    reply = _replied(http, app.address(_ACCESS), body)
    return reply if isinstance(reply, Refusal) else _granted(reply)


def revoke(http: httpx.Client, app: App, token: str) -> Revoked | Refusal:
    """Have TikTok forget a token (GO, SDK, H). One that it does not know is as good as revoked."""
    heard = post(http, app.address(_REVOKE), app.body(access_token=token))
    if isinstance(heard, Unheard):
        return Refusal(str(heard), NO_CONNECTION)
    if heard.reply.code in _UNKNOWN_TOKEN:
        return Revoked(was_valid=False)
    if meaning_of(heard.reply) is Meaning.OK:
        return Revoked(was_valid=True)
    return _refused(heard.reply)


def _replied(http: httpx.Client, url: str, body: Mapping[str, Any]) -> Reply | Refusal:
    heard = post(http, url, body)
    if isinstance(heard, Unheard):
        return Refusal(str(heard), NO_CONNECTION)
    return heard.reply if meaning_of(heard.reply) is Meaning.OK else _refused(heard.reply)


def _refused(reply: Reply) -> Refusal:
    return Refusal(f"TikTok answered with {told(reply)}", remedy_of(reply))


def _granted(reply: Reply) -> Granted | Refusal:
    data = reply.data if isinstance(reply.data, dict) else {}
    token = data.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token.strip():
        return Refusal(
            "TikTok said yes, and the answer holds no token", "try again, and report it if it stays so"
        )
    return Granted(
        token.strip(),
        tuple(str(each) for each in _listed(data, "advertiser_ids") if isinstance(each, str | int)),
        tuple(each for each in _listed(data, "scope") if type(each) is int),
    )


def _listed(data: Mapping[str, Any], name: str) -> list[Any]:
    found = data.get(name)
    return found if isinstance(found, list) else []
