"""Checks of the events that a daemon has taken since its start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from router.account.checkup.facts import Facts
from router.account.checkup.result import Check, ok, problem, unchecked, warning
from router.account.matching import KEYS, Row
from router.account.matching.drawing import shown_share
from router.account.matching.measured import report_of
from router.daemon.advice import for_consent
from router.inputs.consent import SETTING_OF

_GRACE_SECONDS: Final = 600
"""After ten minutes of confirmed traffic, look further (UP38)."""
_FEW: Final = 20
_MOST: Final = 0.5
_LOW: Final = 0.05
"""Shares below which a key is told; a choice of ours, TikTok publishes none."""
_KEY_REMEDIES: Final = {
    "ttclid": "ads must link straight to the shop and redirects keep the query; keep `ttclid` in a cookie on "
    "landing",
    "ttp": "let the pixel set first-party cookies, and post from pages of the same domain or pass `_ttp` on",
    "email": "pass the e-mail address where the visitor has given it, at the latest in the checkout",
    "phone": "pass the phone number with its country code, or set phone_country in the rules",
    "external_id": "pass the same user id with every event of a visitor who is logged in",
    "ip_user_agent": "post from the browser, or put the visitor's address and user agent into context.device",
}


def events_arrive_and_leave(facts: Facts) -> Iterator[Check]:
    """UP38, Z55, Z59: what TikTok took it shows after some minutes; an empty view is no error at first."""
    if facts.status is None:
        yield unchecked("traffic", facts.no_daemon)
        return
    came, sent = facts.total("events_received"), facts.total("events_sent")
    told = f"{came} events came in, TikTok took {sent}"
    if sent:
        yield ok("traffic", f"{told}; Events Manager shows them after 5 to 10 minutes, now and then hours")
    elif facts.status["uptime_seconds"] < _GRACE_SECONDS:
        yield unchecked("traffic", f"{told}; the daemon has only just started")
    elif came:
        yield problem(
            "traffic", f"{told} in {_GRACE_SECONDS // 60} minutes or more", "see the other findings"
        )
    else:
        yield warning(
            "traffic", "no event came in", "look at the sender: its address, its write key, its log"
        )


def rules_know_the_events(facts: Facts) -> Iterator[Check]:
    """Events that no rule knows, or not for their source, are lost to TikTok."""
    if facts.status is None:
        yield unchecked("outcomes", facts.no_daemon)
        return
    told = Counter[tuple[str, str]]()
    for each in facts.counted("outcomes"):
        told[each.labels["outcome"], each.labels["reason"]] += int(each.value)
    found = list(_outcomes(told))
    yield from found or [ok("outcomes", f"of {told.total()} outcomes nothing stands out")]


def _outcomes(told: Counter[tuple[str, str]]) -> Iterator[Check]:
    for outcome, reason, what, remedy in (
        (
            "unhandled",
            "-",
            "no rule knows the event for its source",
            "`tagwright explain` names what is near",
        ),
        (
            "skip",
            "not_for_source",
            "TikTok has no such event for the source",
            "see which source the rules choose",
        ),
        (
            "skip",
            "destination_inactive",
            "the destination of their source has no id",
            "set the id for that source, or mend `source` in the rules: it must fit the origin of the event",
        ),
        ("skip", "missing_required", "a required field is missing", "`tagwright explain` names it"),
    ):
        count = told[outcome, reason]
        if told.total() >= _FEW and count > _MOST * told.total():
            yield problem("outcomes", f"{count} of {told.total()} outcomes: {what}", remedy)
        elif count and reason == "destination_inactive":
            yield warning("outcomes", f"{count} events: {what}", remedy)


def consent_can_be_read(facts: Facts) -> Iterator[Check]:
    """Z44: absent is not granted. Consent that nobody maps, or of the wrong type, grants nothing."""
    if facts.status is None:
        yield unchecked("consent", facts.no_daemon)
        return
    found = [*_unread(facts), *_unmapped(facts), *_misread(facts), *_refused(facts)]
    yield from found or [ok("consent", "nothing stands out")]


def _unread(facts: Facts) -> Iterator[Check]:
    for each in facts.counted("consent_unread"):
        name = each.labels["format"]
        yield warning(
            "consent",
            f"{each.value:.0f} events came as {name} with words of consent that no setting maps",
            for_consent(name),
        )


def _unmapped(facts: Facts) -> Iterator[Check]:
    for each in facts.counted("events_received"):
        name = SETTING_OF.get(each.labels["format"])
        if facts.total("consent_unread", format=each.labels["format"]):
            continue
        if name and not getattr(facts.settings.consent, name):
            yield warning(
                "consent",
                f"{each.value:.0f} events came as {each.labels['format']}, and its consent is not mapped",
                f"set consent.{name}, for example to advertising; without it every event of it is skipped",
            )


def _misread(facts: Facts) -> Iterator[Check]:
    for each in facts.counted("fields_left_out"):
        if each.labels["path"].startswith("event.consent"):
            yield warning(
                "consent",
                f"{each.value:.0f} events: {each.labels['path']} could not be read ({each.labels['reason']})",
                "send true or false",
            )


def _refused(facts: Facts) -> Iterator[Check]:
    outcomes = facts.total("outcomes")
    refused = sum(
        int(each.value) for each in facts.counted("outcomes") if "consent" in each.labels["reason"].lower()
    )
    if outcomes >= _FEW and refused > 0.9 * outcomes:
        yield warning(
            "consent",
            f"{refused} of {outcomes} outcomes are skipped for want of consent",
            "see that the sender passes what the visitor chose (consent.advertising); absent is not granted",
        )


def orders_come_once(facts: Facts) -> Iterator[Check]:
    """UP15, UP25, UP29, UP39 to UP41: two senders of the same sale count twice."""
    if facts.status is None:
        yield unchecked("orders", facts.no_daemon)
        return
    for each in facts.status.get("order_repeats", ()):
        yield problem(
            "orders",
            f"{each['orders']} orders came to {each['destination']} as {each['event']} from {each['first']} "
            f"and again from {each['again']}, with another event id",
            "switch one of the two off, or give both the same event id; then watch for 24 hours",
        )
    if not facts.status.get("order_repeats"):
        yield ok("orders", "no order came again under another event id")


def events_match_people(facts: Facts) -> Iterator[Check]:
    """UP26 to UP28, UP43: shares of match keys. They are not TikTok's Event Match Quality."""
    if facts.status is None:
        yield unchecked(
            "match keys", facts.no_daemon, "tagwright coverage --rules FILE EVENTS reads recorded ones"
        )
        return
    rows = [row for row in report_of(list(facts.samples)).rows if row.events >= _FEW]
    if not rows:
        yield unchecked("match keys", f"fewer than {_FEW} events of a source were sent")
    for row in rows:
        found = list(_scarce(row))
        yield from found or [ok("match keys", f"{row.source}: no key is rarer than {_LOW:.0%}")]


def _scarce(row: Row) -> Iterator[Check]:
    for key in KEYS:
        share = row.share(key)
        if share is not None and share < _LOW:
            what = f"{row.source}: {shown_share(share)} of {row.events} events have {key.label}"
            yield warning("match keys", what, _KEY_REMEDIES[key.name])


def fields_can_be_sent(facts: Facts) -> Iterator[Check]:
    """Values that come and cannot be sent: each costs a chance to match or to count."""
    if facts.status is None:
        yield unchecked("fields", facts.no_daemon)
        return
    found = [
        warning(
            "fields",
            f"{each.value:.0f} times left out: {path}: {reason.replace('_', ' ')}",
            _field_remedy(path),
        )
        for each in facts.counted("fields_left_out")
        if not (path := each.labels["path"]).startswith("event.consent") and (reason := each.labels["reason"])
    ]
    yield from found or [ok("fields", "every field that came could be sent")]


def _field_remedy(path: str) -> str:
    for part, remedy in (
        ("phone", "pass it with its country code, or set phone_country in the rules' settings"),
        ("ttclid", "keep it whole: it has up to 1,000 characters"),
        (".ip", "pass the visitor's public address; behind a proxy set trusted_proxies"),
        ("url", "pass the whole address of the page, with http or https"),
        ("email", "pass an address, or its SHA-256 in user.hashed.email"),
    ):
        if part in path:
            return remedy
    return "see the event with `tagwright explain`"


def look_at_tiktok(_: Facts) -> Iterator[Check]:
    """ZW54, UP26, UP39 to UP41, UP44: what only people can see."""
    yield unchecked("Events Manager", "whether the event source is active and belongs to these ads", _SEE)
    yield unchecked(
        "other senders",
        "whether a shop's TikTok channel, a pixel app or a snippet in the theme sends the same events",
        "switch them off; their event ids never match. docs/dual-tracking.md says where",
    )


_SEE: Final = "Data sources, pick the source: Overview shows its state, Diagnostics what TikTok misses"
CHECKS: Final[tuple[Callable[[Facts], Iterator[Check]], ...]] = (
    events_arrive_and_leave,
    rules_know_the_events,
    consent_can_be_read,
    orders_come_once,
    events_match_people,
    fields_can_be_sent,
    look_at_tiktok,
)
