"""What to do about an answer code of TikTok's, outside the delivery of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from router.tiktok.answers import Reply
from router.tiktok.codes import Meaning, classify

_PERMISSION: Final = '"Measurement > Report Conversion Event"'
_OF_CODE: Final[Mapping[int, str]] = {
    40100: "TikTok was asked too often; wait five minutes and try again",
    40101: "the app id and the app secret do not belong together; compare both with the app's page in "
    "TikTok's developer portal",
    40102: "the token has expired; log in again",
    40104: "no token was sent; log in again",
    40105: "TikTok does not know the token, or it was revoked; log in again, or generate another in Events "
    "Manager",
    40110: "the authorisation code was used before, or it has expired: it is good once, and for an hour at "
    "most; begin again with `tagwright login`",
    40113: "the developer app is blocked; see its page in TikTok's developer portal",
    40117: f"the developer app may not call this; give it the permission {_PERMISSION}",
    40124: "the developer app was not approved; see its page in TikTok's developer portal",
    40125: "the developer has no permission; see the app's page in TikTok's developer portal",
    40130: f"the developer app lacks a permission; give it {_PERMISSION}, then log in again",
    40301: "the person who logs in must be Operator or Admin of the ad account, not Analyst",
}
_OF_MEANING: Final[Mapping[Meaning, str]] = {
    Meaning.AUTH: "TikTok does not accept the credentials; log in again",
    Meaning.PERMISSION: "the token or the app lacks the right; see the app's permissions in TikTok's "
    "developer portal",
    Meaning.CONFIG: "TikTok refuses the set-up; look at the app in TikTok's developer portal, and at "
    "tiktok.base_url",
    Meaning.THROTTLE: "TikTok was asked too often; wait five minutes and try again",
    Meaning.PAYLOAD: "TikTok refuses what was asked; check the app id, the app secret and the code for lost "
    "ends and spaces",
    Meaning.SERVER: "TikTok answers with a failure of its own; try again later",
    Meaning.GARBAGE: "what answers is not TikTok's API; look for a proxy or firewall in between, and at "
    "tiktok.base_url",
}
NO_CONNECTION: Final = "check network, name resolution and firewall of this machine, and tiktok.base_url"


def meaning_of(reply: Reply) -> Meaning:
    """The class of an answer."""
    return classify(reply.status, reply.code, is_json=reply.is_json)


def remedy_of(reply: Reply) -> str:
    """What to do about an answer that is no success."""
    known = _OF_CODE.get(reply.code) if reply.code is not None else None
    return known or _OF_MEANING.get(meaning_of(reply), "look the code up at TikTok, and report it")


def told(reply: Reply) -> str:
    """An answer in a few words, without its message, which may repeat what was sent."""
    if reply.code is None:
        return f"HTTP {reply.status} without a code of TikTok's"
    return f"code {reply.code}"
