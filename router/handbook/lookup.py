"""TikTok's catalogue and the functions as text for a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

from router.functions import STANDARD
from router.lang.environment import EventType
from router.lang.library import Function
from router.lang.suggest import closest
from router.tiktok.catalogue import ALIASES, ENTRIES, EVENTS, RESERVED, SOURCES, Entry

_WIDTH = 100
_EVENTS = "events"
_TOP = "event"
_BLANK = "    "


class NoSuchNameError(LookupError):
    """A group or function that does not exist; the text is what to tell its reader."""


def groups() -> list[str]:
    """What the catalogue can be asked for: events, the fields at the top, and each object of the payload."""
    objects = dict.fromkeys(path.partition(".")[0] for path in ENTRIES if "." in path)
    special = dict.fromkeys(each.group for each in ENTRIES.values() if each.group)
    return [_EVENTS, _TOP, *objects, *special]


def catalogue(group: str | None = None) -> str:
    """The events or fields of a group, or everything. Raises NoSuchNameError."""
    known = groups()
    if group is not None and group not in known:
        raise NoSuchNameError(_unknown("group", group, known, "groups"))
    wanted = [each for each in known if each != _TOP or group != _EVENTS] if group is None else [group]
    return "\n\n".join("\n".join(_group(each)) for each in wanted if group or each not in _special())


def functions(name: str | None = None) -> str:
    """One function with its examples, or a line for each. Raises NoSuchNameError."""
    if name is None:
        return "\n".join(_overview())
    found = STANDARD.get(name)
    if found is None:
        raise NoSuchNameError(_unknown("function", name, STANDARD, "functions"))
    return "\n".join(_function(found))


def event(name: str) -> str:
    """One of TikTok's events: its sources, its state, what becomes of it. Raises KeyError."""
    return "\n".join(_event(EVENTS[name]))


def field(path: str) -> str:
    """One field of the payload by its path: type, sources, hashing, bounds. Raises KeyError."""
    return "\n".join(_entry(ENTRIES[path]))


def _unknown(noun: str, name: str, known: Iterable[str], nouns: str) -> str:
    near = closest(name, known)
    return f"there is no {noun} {name}; " + (
        f"did you mean {near}?" if near else f"{nouns}: {', '.join(known)}"
    )


def _special() -> set[str]:
    return {each.group for each in ENTRIES.values() if each.group}


def _group(name: str) -> Iterator[str]:
    if name == _EVENTS:
        yield "events"
        for event in EVENTS.values():
            yield from _event(event)
        yield "  names that TikTok takes for another event: " + ", ".join(
            f"{old} ({new})" for old, new in RESERVED.items()
        )
        return
    yield f"{name}"
    for entry in ENTRIES.values():
        if _belongs(entry, name):
            yield from _entry(entry)


def _belongs(entry: Entry, group: str) -> bool:
    if group in _special():
        return entry.group == group
    top, _, rest = entry.path.partition(".")
    return not rest and not entry.is_container if group == _TOP else top == group and bool(rest)


def _sources(found: frozenset[str]) -> str:
    return "all sources" if found == frozenset(SOURCES) else ", ".join(s for s in SOURCES if s in found)


def _event(event: EventType) -> Iterator[str]:
    parts = [_sources(event.sources)]
    if event.status != "current":
        parts.append(event.status)
    if event.canonical:
        parts.append(f"TikTok shows it as {event.canonical}")
    parts += [f"also written {alias}" for alias, real in ALIASES.items() if real == event.name]
    if event.neutral:
        parts.append(f"for {', '.join(event.neutral)}")
    yield from _wrapped(f"  {event.name}: {'; '.join(parts)}")
    if event.note:
        yield from _wrapped(_BLANK + event.note)


def _entry(entry: Entry) -> Iterator[str]:
    yield f"  {entry.path}"
    facts = [entry.type, _sources(entry.sources), f"needed: {entry.need}"]
    if entry.hashing != "none":
        facts.append(f"hashing: {entry.hashing}" + (f", by {entry.hash_with}()" if entry.hash_with else ""))
    facts.append(f"confidence {entry.confidence} ({', '.join(entry.src)})")
    yield from _wrapped(_BLANK + "; ".join(facts))
    for text in (entry.summary, *_bounds(entry), entry.note):
        if text:
            yield from _wrapped(_BLANK + text)


def _bounds(entry: Entry) -> Iterator[str]:
    if entry.options:
        yield "one of " + ", ".join(entry.options)
    if entry.max_length is not None:
        yield f"at most {entry.max_length} characters"
    if entry.max_items is not None:
        yield f"at most {entry.max_items} elements"


def _overview() -> Iterator[str]:
    width = max(len(each.signature) for each in STANDARD.values())
    for each in STANDARD.values():
        yield f"{each.signature:<{width}}  {each.summary}"


def _function(function: Function) -> Iterator[str]:
    yield function.signature
    yield from _wrapped(_BLANK + function.summary)
    if function.detail:
        yield ""
        yield textwrap.indent(function.detail, _BLANK)
    if function.load_time:
        yield _BLANK + "Read when rules are loaded, so its arguments are constants."
    yield from ("", "examples")
    for example in function.examples:
        result = "missing" if example.result is None else json.dumps(example.result, ensure_ascii=False)
        yield f"{_BLANK}{example.expression}  ->  {result}"


def _wrapped(text: str) -> Iterator[str]:
    indent = text[: len(text) - len(text.lstrip())]
    yield from textwrap.wrap(text, _WIDTH, subsequent_indent=indent + "  ", break_long_words=False)
