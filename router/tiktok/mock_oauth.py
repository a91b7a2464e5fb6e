"""TikTok's side of a login, as the mock plays it: consent that is always given, tokens, revocation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from router.tiktok.judge import parse
from router.tiktok.mock_state import OK, Answer, MockState, refuse_content_type

PORTAL: Final = "/portal/auth"
TOKEN: Final = "/open_api/v1.3/oauth2/access_token/"  # noqa: S105 - a path
REVOKE: Final = "/open_api/v1.3/oauth2/revoke_token/"
_CODE_SECONDS: Final = 3600.0
_ADVERTISER: Final = "7000000000000000001"
_EVENTS_SCOPE: Final = 4


@dataclass(slots=True)
class _Grant:
    """An authorisation code: whose it is, and until when (epoch seconds)."""

    app_id: str
    ends: float
    used: bool = False


@dataclass(slots=True)
class MockOAuth:
    """Codes are good once and for an hour (GO, H). `apps` maps app ids to secrets; without any, all do."""

    state: MockState
    clock: Callable[[], float]
    apps: Mapping[str, str] = field(default_factory=dict, repr=False)
    _codes: dict[str, _Grant] = field(default_factory=dict, repr=False)
    _serial: int = 0

    def consent(self, query: str) -> str | None:
        """Where the browser of somebody who says yes is sent; None when the address is incomplete."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if not {"app_id", "redirect_uri", "state"} <= asked.keys():
            return None
        code = self._new("code")
        self._codes[code] = _Grant(asked["app_id"], self.clock() + _CODE_SECONDS)
        back = asked["redirect_uri"]
        query = urlencode({"auth_code": code, "code": code, "state": asked["state"]})
        return f"{back}{'&' if '?' in back else '?'}{query}"

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[Answer, dict[str, Any]]:
        """What TikTok says to a request for a token, or for the end of one; and its data."""
        value, broken = parse(body)
        refusal = refuse_content_type(headers)
        if refusal or broken or not isinstance(value, dict):
            return refusal or Answer(40002, str(broken or "the body must be an object")), {}
        if refusal := self._refuse_app(value):
            return refusal, {}
        return self._exchange(value) if path == TOKEN else (self._revoke(value), {})

    def _refuse_app(self, value: Mapping[str, Any]) -> Answer | None:
        app_id, secret = value.get("app_id"), value.get("secret")
        if not (isinstance(app_id, str) and isinstance(secret, str) and app_id and secret):
            return Answer(40002, "app_id and secret are required")
        if self.apps and self.apps.get(app_id) != secret:
            return Answer(40101, "app_id and secret do not match")
        return None

    def _exchange(self, value: Mapping[str, Any]) -> tuple[Answer, dict[str, Any]]:
        grant = self._codes.get(str(value.get("auth_code")))
        if grant is None or grant.used or grant.app_id != value["app_id"] or grant.ends < self.clock():
            return Answer(40110, "Auth code is invalid, used or expired"), {}
        grant.used = True
        token = self._new("token")
        self.state.admit(token)
        return OK, {"access_token": token, "advertiser_ids": [_ADVERTISER], "scope": [_EVENTS_SCOPE]}

    def _revoke(self, value: Mapping[str, Any]) -> Answer:
        token = value.get("access_token")
        if not isinstance(token, str) or not self.state.is_valid(token):
            return Answer(40105, "Access token is incorrect or has been revoked")
        self.state.revoke(token)
        return OK

    def _new(self, kind: str) -> str:
        self._serial += 1
        return hashlib.sha256(f"mock {kind} {self._serial} {id(self)}".encode()).hexdigest()[:40]
