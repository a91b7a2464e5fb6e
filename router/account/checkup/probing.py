"""One event with a test code, sent to TikTok: the only proof that token and id belong together."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

import httpx

from router.account.checkup.facts import Facts
from router.account.checkup.result import Check, ok, problem, unchecked
from router.account.interface import Unheard, post
from router.account.remedies import NO_CONNECTION, meaning_of, told
from router.daemon import advice
from router.daemon.deployment import TEST_CODE
from router.lang.bind import Bound
from router.tiktok.answers import Reply
from router.tiktok.client import PATH
from router.tiktok.codes import Meaning
from router.tiktok.redaction import redact

_NAME: Final = "probe"
_EMAIL: Final = sha256(b"probe@tagwright.invalid").hexdigest()
_EVENTS: Final = {"app": "LaunchAPP"}
_OF_SOURCE: Final[Mapping[str, Mapping[str, Any]]] = {
    "web": {"page": {"url": "https://tagwright.invalid/probe"}},
    "app": {"app": {"app_id": "invalid.tagwright.probe"}},
    "crm": {"lead": {"lead_id": "tagwright-probe"}},
}


def probe(facts: Facts, http: httpx.Client, test_code: str | None, now: int) -> Iterator[Check]:
    """Send to every active destination of these rules; each must answer code 0."""
    bound = facts.rules.bound.values() if facts.rules else ()
    active = [(each, source, value) for each in bound for source, value in sorted(each.ids.items())]
    if not active:
        yield unchecked(
            _NAME, "no destination is active here", "name the rules with --rules, and set their ids"
        )
    for each, source, value in active:
        code = test_code or each.settings.get(TEST_CODE)
        yield _unfit(each, code) or _sent(facts, http, each, body_of(source, value, str(code), now))


def _unfit(bound: Bound, code: str | None) -> Check | None:
    token = bound.token or ""
    if not token or not token.isascii() or not token.isprintable() or token != token.strip():
        return problem(_NAME, f"{bound.name} has no token that can be sent", "see the finding of its token")
    if not code:
        remedy = "--test-code CODE, from Events Manager, the data source, Test events"
        return problem(_NAME, f"{bound.name}: without a test code the event would count", remedy)
    return None


def body_of(source: str, source_id: str, test_code: str, now: int) -> dict[str, Any]:
    """The request: one event of nobody, now, with an id that no other has."""
    event = {
        "event": _EVENTS.get(source, "ViewContent"),
        "event_time": now,
        "event_id": f"tagwright-probe-{secrets.token_hex(8)}",
        "user": {"email": _EMAIL},
        **_OF_SOURCE.get(source, {}),
    }
    return {
        "event_source": source,
        "event_source_id": source_id,
        "test_event_code": test_code,
        "data": [event],
    }


def _sent(facts: Facts, http: httpx.Client, bound: Bound, body: Mapping[str, Any]) -> Check:
    where = f"{bound.name}, {body['event_source']}"
    heard = post(http, facts.settings.tiktok.base_url + PATH, body, bound.token or "")
    if isinstance(heard, Unheard):
        return problem(_NAME, f"{where}: {heard}", NO_CONNECTION)
    if meaning_of(heard.reply) is Meaning.OK:
        return ok(_NAME, f"{where}: TikTok took a test event; it stands under Test events within minutes")
    secret = (bound.token or "", str(body["event_source_id"]), str(body["test_event_code"]))
    message = redact(heard.reply.message, secret)
    what = f"{where}: TikTok answered {told(heard.reply)}" + (f": {message}" if message else "")
    return problem(_NAME, what, _remedy(heard.reply))


def _remedy(reply: Reply) -> str:
    meaning = meaning_of(reply)
    if meaning is Meaning.PAYLOAD:
        return (
            "compare source, id and test code with Events Manager: a pixel code for web, a TikTok App ID for "
            "app, an event set for offline and crm"
        )
    if meaning is Meaning.THROTTLE:
        return "TikTok was asked too often; wait five minutes"
    if meaning in (Meaning.SERVER, Meaning.GARBAGE):
        return advice.for_failure(meaning.value)
    if meaning in (Meaning.AUTH, Meaning.PERMISSION, Meaning.CONFIG):
        return advice.for_state("held", meaning.value) or ""
    return "nobody has documented this code; see what TikTok says of it, and report it"
