"""The judge's rules about one event as a whole: its name, what its source needs, what belongs together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from router.lang.suggest import closest
from router.tiktok.catalogue import (
    ALIASES,
    ENTRIES,
    EVENTS,
    LIMITS,
    RESERVED,
    current_name,
    custom_event_problem,
)
from router.tiktok.finding import Findings, below, error, quoted, warning
from router.tiktok.judge_fields import judge_values

_MATCH_KEYS: Final = ("email", "phone", "external_id")
_PERSON: Final = (*_MATCH_KEYS, "ttclid", "ttp")
_REQUIRED: Final = tuple(entry for entry in ENTRIES.values() if entry.required_for)
_FUTURE_TOLERANCE: Final = 600
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Event:
    """A member of `data[]` at its place; `source` is None when the request names no valid one."""

    value: Mapping[str, Any]
    at: str
    source: str | None
    now: int | None

    @property
    def name(self) -> str | None:
        name = self.value.get("event")
        return name if isinstance(name, str) and name.strip() else None

    def get(self, path: str) -> Any:
        """What stands at a dotted path, None where anything on the way is missing."""
        found: Any = self.value
        for key in path.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def place(self, path: str) -> str:
        return below(self.at, path) if "." not in path else f"{self.at}.{path}" if self.at else path


Rule = Callable[[Event], Findings]


def judge_event(value: Any, at: str, source: str | None, now: int | None = None) -> Findings:
    """What is wrong with one event; with `now` (epoch seconds) its age too."""
    if not isinstance(value, dict):
        yield error(at, "event_not_object", "must be an object")
        return
    event = Event(value, at, source, now)
    for rule in _RULES:
        yield from rule(event)
    yield from judge_values(value, at, source)


# Names ------------------------------------------------------------------------------------------------------


def name_is_known_or_custom(event: Event) -> Findings:
    """Names are standard or custom, offline only standard (DOC-REF, H); some are remapped (HC-RES, H)."""
    name, at = event.name, event.place("event")
    if name is None or _is_standard(name, event.source):
        return
    if event.source == "offline":
        yield error(
            at, "event_not_standard", f"{quoted(name)} is no standard event; {_offline_rule()}", _meant(name)
        )
    elif name in RESERVED:
        message = f"{quoted(name)} is a reserved name, TikTok counts it as {RESERVED[name]}"
        yield warning(at, "event_reserved", message, "use the name that is meant")
    elif name in EVENTS:
        yield warning(at, "event_other_source", f"{quoted(name)} is {_whose(name)}, a custom event here")
    elif (problem := None if name in ALIASES else custom_event_problem(name)) is not None:
        yield error(at, "event_name", f"{quoted(name)} {problem}", _meant(name))


def _offline_rule() -> str:
    return "offline events have no custom names"


def _whose(name: str) -> str:
    return " and ".join(
        f"{'an' if s in {'app', 'offline'} else 'a'} {s} event" for s in sorted(EVENTS[name].sources)
    )


def name_is_spelt_like_a_standard_one(event: Event) -> Findings:
    """Names are case-sensitive (DOC-REF, H)."""
    if event.name is None or event.name in EVENTS or event.source == "offline":
        return
    meant = ALIASES.get(event.name) or next((e for e in EVENTS if e.lower() == event.name.lower()), None)
    if meant:
        message = f"differs from TikTok's {meant} in upper and lower case only: counted as a custom event"
        yield warning(event.place("event"), "event_case", message, f"write {meant}")


def name_is_current(event: Event) -> Findings:
    """Names of before May 2025 still work (HC-ADOPT, H)."""
    known = EVENTS.get(event.name or "")
    if known is None or not _is_standard(known.name, event.source):
        return
    if known.status == "legacy":
        yield warning(
            event.place("event"), "event_renamed", f"TikTok reports it as {known.canonical} since May 2025"
        )
    elif known.status == "deprecated":
        yield warning(event.place("event"), "event_deprecated", "is deprecated, supported until 2027")


def _is_standard(name: str, source: str | None) -> bool:
    known = EVENTS.get(name)
    return known is not None and (source is None or source in known.sources)


def _meant(name: str) -> str:
    near = closest(name, EVENTS)
    return f"did you mean {near}?" if near else ""


# What must be there -----------------------------------------------------------------------------------------


def required_fields_are_there(event: Event) -> Findings:
    """Each event source has fields that it must have (DOC-REF, H)."""
    for entry in _REQUIRED:
        wanted = event.source in entry.required_for if event.source else len(entry.required_for) > 1
        if wanted and not _is_present(event, entry.path):
            who = f"{event.source} events" if len(entry.required_for) == 1 else "every event"
            yield error(
                event.place(entry.path), "missing_field", f"is missing, {who} must have it", entry.summary
            )


def _is_present(event: Event, path: str) -> bool:
    parent, _, key = path.rpartition(".")
    holder = event.get(parent) if parent else event.value
    # Something of a wrong type is there: its own rule speaks of it.
    return key in holder if isinstance(holder, dict) else holder is not None


def web_events_have_a_page(event: Event) -> Findings:
    """The parameter page requires the address, TikTok's own sample lacks it (M)."""
    if event.source == "web" and not _is_present(event, "page.url"):
        message = "is missing; TikTok documents it as required, though its own sample lacks it"
        yield warning(event.place("page.url"), "no_page_url", message, "send the whole address of the page")


def web_events_have_a_user(event: Event) -> Findings:
    """The set-up page requires a user, the parameter page does not (M)."""
    if event.source == "web" and not event.get("user"):
        yield warning(
            event.place("user"),
            "no_user",
            "is missing, nobody can be matched",
            "send at least ip and user_agent",
        )


def web_events_have_more_than_an_address(event: Event) -> Findings:
    """An address and a browser are those of many people, though they are match keys (MP, M)."""
    user = event.get("user")
    if event.source != "web" or not isinstance(user, dict) or not user:
        return
    if not any(user.get(key) for key in _PERSON):
        message = "has nothing but address and browser, which many people share"
        yield warning(
            event.place("user"), "weak_match", message, "send ttclid, _ttp, e-mail, phone or external id"
        )


def web_events_have_an_id(event: Event) -> Findings:
    """Only the id tells a server event from its twin of the pixel (DOC-DEDUP, H)."""
    if event.source == "web" and "event_id" not in event.value:
        message = "is missing, the pixel's copy of this event and a repeat count twice"
        yield warning(event.place("event_id"), "no_event_id", message)


def offline_events_have_a_match_key(event: Event) -> Findings:
    """Offline and CRM events have no browser to match on (SEG-OFF, M)."""
    if event.source in {"offline", "crm"} and not any(event.get(f"user.{key}") for key in _MATCH_KEYS):
        message = "has no e-mail, phone or external id, nobody can be matched"
        yield warning(event.place("user"), "no_match_key", message)


# What belongs together --------------------------------------------------------------------------------------


def value_has_a_currency(event: Event) -> Findings:
    """Return on ad spend needs both (DOC-REF, H)."""
    if event.get("properties.value") is not None and not event.get("properties.currency"):
        yield warning(
            event.place("properties.currency"), "no_currency", "is missing, the value counts for nothing"
        )


def limited_use_has_an_address(event: Event) -> Findings:
    """Limited data use needs a public address (SH, M)."""
    if event.value.get("limited_data_use") is True and not event.get("user.ip"):
        message = "needs user.ip, by which TikTok finds out where the law applies"
        yield warning(event.place("limited_data_use"), "ldu_without_ip", message, "send user.ip")


def time_is_recent(event: Event) -> Findings:
    """Offline events count for 28 days (NUMU, M), and no attribution window is longer."""
    time = event.value.get("event_time")
    if event.now is None or not isinstance(time, int) or time >= event.now * 10:
        return
    if time > event.now + _FUTURE_TOLERANCE:
        yield warning(event.place("event_time"), "event_time_future", "is in the future")
    elif time < event.now - LIMITS.offline_age_days * _DAY:
        message = f"is older than {LIMITS.offline_age_days} days, nothing is attributed to it"
        yield warning(event.place("event_time"), "event_time_old", message)


_RULES: Final[tuple[Rule, ...]] = (
    name_is_known_or_custom,
    name_is_spelt_like_a_standard_one,
    name_is_current,
    required_fields_are_there,
    web_events_have_a_page,
    web_events_have_a_user,
    web_events_have_more_than_an_address,
    web_events_have_an_id,
    offline_events_have_a_match_key,
    value_has_a_currency,
    limited_use_has_an_address,
    time_is_recent,
)


def dedup_key(value: Any) -> tuple[str, str] | None:
    """What TikTok tells repeats by within an event source: the event's current name and its id."""
    if not isinstance(value, dict):
        return None
    name, event_id = value.get("event"), value.get("event_id")
    if not (isinstance(name, str) and isinstance(event_id, str) and event_id):
        return None
    return current_name(name), event_id
