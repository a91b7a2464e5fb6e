"""What to do about what is wrong, in the words of `tagwright status`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from router.inputs.consent import SETTING_OF

_TRY_AGAIN: Final = "SIGHUP tries again at once"
_READ_AGAIN: Final = "it is read again by itself"
_HELD: Final[Mapping[str, str]] = {
    "auth": f"TikTok does not take the token; put a valid one into its file ({_READ_AGAIN}), "
    "or into its variable and restart",
    "permission": "the token may not send to this event source; give it the right, or use the token of "
    f"whoever owns the event source; {_TRY_AGAIN}",
    "config": "TikTok refuses the set-up and not the events; compare the event source id and the account "
    f"with Events Manager, and look at tiktok.base_url; {_TRY_AGAIN}",
    "envelope": "TikTok refuses the event source, its id or the test code; compare them with Events Manager; "
    "events that wait keep the id they were accepted with",
    "unknown_code": "nobody has documented this code; see what TikTok says of it, and report it; "
    f"{_TRY_AGAIN}",
    "refused_alike": "TikTok refuses nearly every event alike; see its code, correct the rules and save "
    f"the file ({_READ_AGAIN}), or correct the event source id in its variable and restart",
    "destination_removed": "the rules in force do not have this destination, or it has no id; bring it back "
    f"and save the file ({_READ_AGAIN}), or set its id and restart; until then its events wait",
}
_FAILING: Final[Mapping[str, str]] = {
    "not_sent": "no connection to TikTok; check network, name resolution and firewall of this machine, and "
    "tiktok.base_url",
    "no_answer": "TikTok takes connections and does not answer in time; nothing to do unless it lasts",
    "server": "TikTok answers with failures of its own; nothing to do unless it lasts",
    "garbage": "what answers is not TikTok's API; look for a proxy or firewall in between, and at "
    "tiktok.base_url",
}
RELOAD_FAILED: Final = (
    f"correct what is listed here and save the file; {_READ_AGAIN} (with reload.watch off, on SIGHUP)"
)
DISK_LOW: Final = (
    "make room on the disk of the data directory; nothing accepted is lost, and senders that repeat lose "
    "nothing"
)
DATABASE_AWAY: Final = (
    "see whether it runs and is reached from here; the router goes on by itself, and senders that repeat "
    "lose nothing"
)
DATABASE_RISK: Final = "set it as docs/operations/postgres.md says, and start the routers again"
NEARLY_FULL: Final = "see why its destination does not take events; senders that repeat lose nothing"
LATE: Final = (
    "more comes in than goes out, or attempts of these events fail; compare what is received and sent in the "
    "metrics, and see delivery.in_flight and delivery.batch_max"
)
EVICTED: Final = "`tagwright dead list` shows why there are so many; store.dead_bytes is the room for them"
UNACCOUNTED: Final = "this is a mistake of TagWright's; keep a backup of the data directory and report it"
_OTHERWISE: Final = "see what the log says of this destination"


def for_consent(name: str) -> str:
    """What to do when the consent of events in this format cannot be read."""
    setting = SETTING_OF.get(name)
    if setting is None:
        return "send consent.advertising as true or false"
    return f"set consent.{setting}, word by word, for example to advertising; docs/consent.md says how"


def for_state(state: str, reason: str) -> str | None:
    """What to do about a destination in this state; None when it is open."""
    if state == "throttled":
        return "TikTok asked for a pause; nothing to do unless it lasts"
    if state == "failing":
        return for_failure(reason)
    return None if state == "open" else _HELD.get(reason, f"{_OTHERWISE}; {_TRY_AGAIN}")


def for_failure(reason: str) -> str:
    """What to do when attempts fail with this reason."""
    return _FAILING.get(reason.partition(":")[0], _OTHERWISE)
