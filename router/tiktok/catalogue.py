"""What TikTok knows: its events, fields, limits and names, read once from `catalogue.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from router.lang.environment import EventType, Field, Takes, Target
from router.lang.kinds import ANY, BOOL, INTEGER, NUMBER, TEXT, TIME, URL, Kind, list_of

_DATA: Final[dict[str, Any]] = json.loads(files("router.tiktok").joinpath("catalogue.json").read_bytes())


@dataclass(frozen=True, slots=True)
class Entry:
    """One field as TikTok documents it; `path` is below a member of `data[]`, or of the request itself.

    `confidence` is H (official), M (second-hand or agreeing implementations) or L (one source); `src` says
    whose.
    """

    path: str
    type: str
    sources: frozenset[str]
    summary: str
    need: str
    required_for: frozenset[str]
    hashing: str
    takes: Takes
    noun: str
    hash_with: str | None
    form: str | None
    options: tuple[str, ...]
    max_length: int | None
    max_items: int | None
    minimum: float | None
    maximum: float | None
    group: str | None
    confidence: str
    src: tuple[str, ...]
    note: str

    @property
    def is_container(self) -> bool:
        """Objects hold fields; rules assign what is in them."""
        return self.type == "object"


@dataclass(frozen=True, slots=True)
class Limits:
    """TikTok's limits: events, characters, request rates, age in days, waits and windows in seconds."""

    events_per_request: int
    ttclid_characters: int
    custom_event_characters: int
    offline_age_days: int
    requests_per_second: int
    requests_per_minute: int
    requests_per_day: int
    minute_limit_wait: int
    dedup_window: int
    merge_window: int
    fallback_window: int


def _entry(raw: Mapping[str, Any]) -> Entry:
    constraints = raw.get("constraints", {})
    return Entry(
        path=raw["path"],
        type=raw["type"],
        sources=frozenset(raw["sources"]),
        summary=raw["summary"],
        need=raw["need"],
        required_for=frozenset(raw.get("required_for", ())),
        hashing=raw["hash"],
        takes=raw.get("takes", "plain"),
        noun=raw.get("noun", ""),
        hash_with=raw.get("hash_with"),
        form=raw.get("format"),
        options=tuple(constraints.get("enum", ())),
        max_length=constraints.get("max_len"),
        max_items=constraints.get("max_items"),
        minimum=constraints.get("min"),
        maximum=constraints.get("max"),
        group=raw.get("group"),
        confidence=raw["confidence"],
        src=tuple(raw["src"]),
        note=raw.get("note", ""),
    )


def _entries(section: str) -> Mapping[str, Entry]:
    return MappingProxyType({raw["path"]: _entry(raw) for raw in _DATA[section]})


def _event(raw: Mapping[str, Any]) -> EventType:
    return EventType(
        name=raw["name"],
        sources=frozenset(raw["sources"]),
        status=raw["status"],
        canonical=raw.get("canonical"),
        neutral=tuple(raw.get("neutral", ())),
        note=raw.get("note", ""),
    )


def _limits(raw: Mapping[str, Any], dedup: Mapping[str, Any]) -> Limits:
    return Limits(
        events_per_request=raw["events_per_request"],
        ttclid_characters=raw["ttclid_max_len"],
        custom_event_characters=raw["custom_event_name_max_len"],
        offline_age_days=raw["age"]["offline_days"],
        requests_per_second=raw["qps"],
        requests_per_minute=raw["qpm"],
        requests_per_day=raw["qpd"],
        minute_limit_wait=raw["qpm_wait_s"],
        dedup_window=dedup["window_h"] * 3600,
        merge_window=dedup["merge_window_s"],
        fallback_window=dedup["fallback_without_event_id"]["window_s"],
    )


def _renamed_keys(rows: Iterable[Mapping[str, str | None]]) -> Mapping[str, str]:
    """Keys of version 1.x by their last segment, and where their values go now."""
    pairs = ((str(row["from"]).split(" ")[0], row["to"]) for row in rows)
    return MappingProxyType({old.removesuffix("[]").rpartition(".")[2]: new for old, new in pairs if new})


SOURCES: Final[tuple[str, ...]] = tuple(_DATA["event_sources"])
REQUEST_ENTRIES: Final = _entries("request_fields")
ENTRIES: Final = _entries("fields")
FIELD_ORDER: Final[tuple[str, ...]] = tuple(ENTRIES)
EVENTS: Final[Mapping[str, EventType]] = MappingProxyType(
    {raw["name"]: _event(raw) for raw in _DATA["events"]}
)
ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {alias: raw["name"] for raw in _DATA["events"] for alias in raw.get("aliases", ())}
)
RESERVED: Final[Mapping[str, str]] = MappingProxyType(_DATA["reserved_event_names"])
RENAMED_KEYS: Final = _renamed_keys(_DATA["legacy_map"])
CURRENCIES: Final[frozenset[str]] = frozenset(_DATA["currencies"])
LIMITS: Final = _limits(_DATA["limits"], _DATA["dedup"])


def wire_name(event: str) -> str:
    """The event name as TikTok spells it: aliases such as `InAppAdImpr` resolved, all else unchanged."""
    return ALIASES.get(event, event)


def current_name(event: str) -> str:
    """TikTok's name of today for an event it renamed, else the wire name: `CompletePayment` is `Purchase`.

    Renamed in May 2025 (HC-ADOPT, H).
    """
    wire = wire_name(event)
    known = EVENTS.get(wire)
    return known.canonical if known and known.canonical else wire


def custom_event_problem(name: str) -> str | None:
    """What is wrong with a custom event name, as the rest of a sentence that starts with it, or None.

    The rules are TikTok's of Feb 2026 (HC-CUSTOM, H) and the names that it takes for others (HC-RES, H).
    """
    if not name:
        return "is empty"
    if len(name) > LIMITS.custom_event_characters:
        return f"has {len(name)} characters, TikTok takes {LIMITS.custom_event_characters}"
    if not (name.isascii() and name[0].isalpha()):
        return "does not start with a letter of A to Z"
    if not name.replace("_", "").replace("-", "").isalnum():
        return "has characters other than letters, digits, _ and -"
    return _taken(name)


def _taken(name: str) -> str | None:
    if name in EVENTS or name in ALIASES:
        return "is one of TikTok's standard events"
    if name in RESERVED:
        return f"is a reserved name, TikTok counts it as {RESERVED[name]}"
    return None


_KINDS: Final[Mapping[str, Kind]] = {
    "string": TEXT,
    "string|array<string>": TEXT,
    "number": NUMBER,
    "integer": INTEGER,
    "boolean": BOOL,
    "array<string>": list_of(TEXT),
    "array<number>": list_of(NUMBER),
    "unknown": ANY,
}


def _kind(entry: Entry) -> Kind:
    if entry.type == "array<object>":
        return list_of(Kind("object", fields=_item_kinds(entry.path + "[].")))
    if entry.options:
        return Kind("text", options=entry.options)
    match entry.form:
        case "url":
            return URL
        case "time":
            return TIME
        case _:
            return _KINDS[entry.type]


def _item_kinds(prefix: str) -> Mapping[str, Kind]:
    return {
        path.removeprefix(prefix): _kind(each) for path, each in ENTRIES.items() if path.startswith(prefix)
    }


def _field(entry: Entry) -> Field:
    return Field(
        path=entry.path,
        kind=_kind(entry),
        sources=entry.sources,
        takes=entry.takes,
        noun=entry.noun,
        hash_with=entry.hash_with,
        required_for=entry.required_for,
        many=entry.type == "string|array<string>",
        summary=entry.summary,
    )


def _assignable(entries: Iterable[Entry]) -> Mapping[str, Field]:
    return MappingProxyType({e.path: _field(e) for e in entries if not e.is_container and e.path != "event"})


_EVERY: Final = frozenset(SOURCES)

TARGET: Final = Target(
    type="tiktok",
    title="TikTok",
    sources=SOURCES,
    source_nouns={source: facts["noun"] for source, facts in _DATA["event_sources"].items()},
    events=EVENTS,
    aliases=ALIASES,
    fields=_assignable(ENTRIES.values()),
    custom_prefix="properties.",
    custom_event_problem=custom_event_problem,
    settings=dict.fromkeys(("type", "source", "token", "test_event_code", "partner_name"), _EVERY),
    id_settings={
        "pixel": frozenset({"web"}),
        "pixel_code": frozenset({"web"}),
        "app_id": frozenset({"app"}),
        "event_set": frozenset({"offline", "crm"}),
        "dataset": _EVERY,
    },
    set_by_router=frozenset({*REQUEST_ENTRIES, "event"}),
    standard_only=frozenset({"offline"}),
    source_phrases={"web": "on the web", "app": "in an app", "offline": "offline", "crm": "in a CRM"},
)
