"""The way of an authorisation: the address to open, and what comes back from it."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from router.settings import is_loopback

PORTAL: Final = "/portal/auth"
# A second spelling that TikTok's callback carries beside the documented one (L).
_CODE_NAMES: Final = ("auth_code", "code")
_CODE: Final = re.compile(r"[\w.~+/=-]{1,512}", re.ASCII)
_ERROR: Final = re.compile(r"[a-z_]{1,40}")
_STATE_BYTES: Final = 32
_MOST_FIELDS: Final = 50


@dataclass(frozen=True, slots=True)
class Authorised:
    """Somebody said yes; the code is good once and for an hour at most (GO, H)."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotAuthorised:
    """Why there is no code, and what to do."""

    why: str
    fix: str


DENIED: Final = NotAuthorised(
    "the access was denied",
    "log in again and confirm, as somebody who is Operator or Admin of the ad account",
)
FORGED: Final = NotAuthorised(
    "the answer does not belong to this login: its state is another one",
    "log in again, and open the address that is printed then, in one browser window only",
)
NO_CODE: Final = NotAuthorised(
    "there is no authorisation code in it",
    "copy the whole address that the browser shows after you confirmed, with everything behind the `?`",
)


def new_state() -> str:
    """What only this login knows, so that an answer to another one is told apart."""
    return secrets.token_urlsafe(_STATE_BYTES)


def authorisation_url(base_url: str, app_id: str, redirect_uri: str, state: str) -> str:
    """The page where TikTok asks for consent (GO, SDK, H)."""
    query = urlencode({"app_id": app_id, "redirect_uri": redirect_uri, "state": state})
    return f"{base_url.rstrip('/')}{PORTAL}?{query}"


def read_answer(query: str, state: str | None) -> Authorised | NotAuthorised:
    """What the query of a callback says. Without a `state` of ours there is none to compare."""
    found = _fields(query)
    if state is not None and not hmac.compare_digest(found.get("state", "").encode(), state.encode()):
        return FORGED
    code = next((found[name] for name in _CODE_NAMES if name in found), "")
    if code:
        return Authorised(code) if _CODE.fullmatch(code) else NO_CODE
    error = found.get("error", "")
    if state is None and not error:
        return NO_CODE
    named = f" ({error})" if _ERROR.fullmatch(error) else ""
    return NotAuthorised(DENIED.why + named, DENIED.fix)


def _fields(query: str) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(query, max_num_fields=_MOST_FIELDS).items()}
    except ValueError:
        return {}


def read_pasted(text: str, state: str | None) -> Authorised | NotAuthorised:
    """What somebody copied: the address that the browser ended at, or the code alone."""
    pasted = text.strip()
    _, asks, query = pasted.rpartition("?")
    if asks or any(f"{name}=" in query for name in _CODE_NAMES):
        return read_answer(query.partition("#")[0], state)
    return Authorised(pasted) if _CODE.fullmatch(pasted) and "://" not in pasted else NO_CODE


def split(url: str) -> SplitResult | None:
    """The parts of an http or https address; None for what is none."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        return None
    return parts if usable else None


@dataclass(frozen=True, slots=True)
class Callback:
    """Where this machine waits for the browser; port 0 is any free one."""

    host: str
    port: int
    path: str


def callback_of(redirect_uri: str) -> Callback | None:
    """Where to wait for a redirect to this machine; None for one that leads elsewhere."""
    parts = split(redirect_uri)
    if parts is None or parts.scheme != "http" or not is_loopback(parts.hostname or ""):
        return None
    host = parts.hostname or ""
    return Callback("127.0.0.1" if host == "localhost" else host, parts.port or 80, parts.path or "/")
