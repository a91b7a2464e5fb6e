"""What ids and tokens look like, and what the usual accidents of copying make of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from router.daemon.deployment import has_blanks
from router.tiktok.lint_destinations import PIXEL_CODE

_DIGITS: Final = re.compile(r"[0-9]+")
_QUOTES: Final = "\"'`“”„‘’«»"
_CUT: Final = ("…", "...", "***")
_PREFIXES: Final = ("bearer", "access-token", "access_token", "token=", "token:")
_SHORT_TOKEN: Final = 32


@dataclass(frozen=True, slots=True)
class Fault:
    """What is odd about a value that is not shown; `sure` where it cannot work."""

    what: str
    remedy: str
    sure: bool = True


_COPY: Final = "copy it again, with its button in Events Manager"
_FIND_CODE: Final = (
    "the pixel code stands in Events Manager under Data sources, your web data source, beside its name: "
    "capital letters and digits"
)
_FIND_APP: Final = "the TikTok App ID stands in Events Manager under Data sources, your app: digits only"
_FIND_SET: Final = "the id of the event set stands in Events Manager under Data sources, your event set"


def token_fault(token: str) -> Fault | None:
    """What is odd about a token. How long a token is nobody documents: the length is a guess (L)."""
    if copied := _copying_fault(token):
        return copied
    if token.lower().startswith(_PREFIXES):
        return Fault("begins with the name of a header", "take the name away, and leave the token itself")
    if PIXEL_CODE.fullmatch(token) or _DIGITS.fullmatch(token):
        return Fault("looks like the id of an event source", "put the access token there, not the id")
    if len(token) < _SHORT_TOKEN:
        return Fault(f"has only {len(token)} characters; its end may be lost", _COPY, sure=False)
    return None


def id_fault(source: str, value: str) -> Fault | None:
    """What is odd about an event source id, for its source (pixel: M; a wrong kind gives 40002: STAPE, H)."""
    if copied := _copying_fault(value):
        return copied
    match source:
        case "web":
            return _pixel_fault(value)
        case "app":
            return _app_fault(value)
        case _:
            return _set_fault(value)


def _copying_fault(value: str) -> Fault | None:
    if has_blanks(value):
        return Fault("contains white space or control characters", "copy it without them")
    if value[:1] in _QUOTES or value[-1:] in _QUOTES:
        return Fault("stands in quotes that belong to it", "take the quotes away")
    if any(mark in value for mark in _CUT):
        return Fault("was shortened where it was copied from", _COPY)
    if not value.isascii():
        return Fault("contains letters that no id or token has", _COPY)
    return None


def _pixel_fault(value: str) -> Fault | None:
    if _DIGITS.fullmatch(value):
        return Fault("is a number: the pixel's id or an app's, and not the pixel code", _FIND_CODE)
    if "." in value:
        return Fault("looks like the id of an app in a store, and not like a pixel code", _FIND_CODE)
    if PIXEL_CODE.fullmatch(value):
        return None
    if PIXEL_CODE.fullmatch(value.upper()):
        return Fault("has small letters, and pixel codes have capital ones", _FIND_CODE, sure=False)
    lost = len(value) < 16
    what = (
        f"has only {len(value)} characters; an end may be lost" if lost else "does not look like a pixel code"
    )
    return Fault(what, _FIND_CODE, sure=False)


def _app_fault(value: str) -> Fault | None:
    if _DIGITS.fullmatch(value):
        return None
    if PIXEL_CODE.fullmatch(value):
        return Fault("looks like the code of a web pixel", _FIND_APP)
    if "." in value:
        return Fault("looks like the id of the app in its store, which belongs into app.app_id", _FIND_APP)
    return Fault("does not look like a TikTok App ID", _FIND_APP, sure=False)


def _set_fault(value: str) -> Fault | None:
    if not _DIGITS.fullmatch(value) and PIXEL_CODE.fullmatch(value):
        return Fault("looks like the code of a web pixel", _FIND_SET, sure=False)
    return None
