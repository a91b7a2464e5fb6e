"""A comparison as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from router.compare.destinations import Setting
from router.compare.events import Change, Compared, Kind
from router.compare.summary import KINDS, Example, Group, Summary
from router.compare.values import as_text

_HEADS: dict[Kind, str] = {
    "identity": "event ids and sources that changed",
    "renamed": "TikTok events under another name",
    "lost": "TikTok events lost",
    "gained": "TikTok events gained",
    "reason": "not sent before and after, for another reason",
    "value": "values of payloads",
}
DEDUP = "deduplication breaks: the pixel and earlier retries know the old id"


def event_lines(number: int, compared: Compared) -> Iterator[str]:
    """Everything that changed for one event."""
    yield f"event {number}, {compared.event_name or '(no event name)'}"
    for change in compared.changes:
        yield f"  {_where(change)}{_sentence(change)}"
        if change.breaks_dedup:
            yield f"  !! {DEDUP}"


def summary_lines(summary: Summary, settings: Iterable[Setting]) -> Iterator[str]:
    """The whole comparison: settings, then each kind of change with its examples, then the counts."""
    yield from _settings(list(settings))
    if summary.breaks:
        yield f"!! {DEDUP} ({_counted(summary.breaks, 'event')})"
        yield ""
    for kind in KINDS:
        yield from _kind(kind, summary.groups(kind))
    if summary.beyond:
        yield f"and {_counted(summary.beyond, 'change')} of other sorts"
        yield ""
    yield _totals(summary)


def _settings(settings: list[Setting]) -> Iterator[str]:
    if settings:
        yield "destinations set up otherwise"
    for each in settings:
        before, after = each.before or "nothing", each.after or "nothing"
        yield f"  {each.destination}, {each.name}: {before} -> {after}"
    if settings:
        yield ""


def _kind(kind: Kind, groups: list[Group]) -> Iterator[str]:
    if not groups:
        return
    yield _HEADS[kind]
    width = max(len(f"{each.title} {each.how}".strip()) for each in groups)
    for group in groups:
        title = f"{group.title} {group.how}".strip()
        yield f"  {title:<{min(width, 60)}}  {group.count}{'  !!' if group.breaks_dedup else ''}"
        yield from (f"      {_example(each)}" for each in group.examples)
    yield ""


def _example(example: Example) -> str:
    return (
        f"event {example.number}, {example.event_name or '(no event name)'}: "
        f"{_where(example.change)}{_sentence(example.change)}"
    )


def _where(change: Change) -> str:
    return f"{change.destination}: " if change.destination else ""


def _sentence(change: Change) -> str:
    before, after = change.at
    match change.kind:
        case "lost":
            return f"{change.event} is lost; now {change.after}{_at(after)}"
        case "gained":
            return f"{change.event} is gained{_at(after)}; before {change.before}{_at(before)}"
        case "renamed":
            same = "" if change.breaks_dedup else "; TikTok counts both as one event"
            return f"{change.before} is now {change.after}{_at(after)}{same}"
        case "reason":
            return f"{change.before}{_at(before)}, now {change.after}{_at(after)}"
        case "identity" | "value":
            return f"{change.event} {change.path}: {as_text(change.before)} -> {as_text(change.after)}"


def _at(place: object) -> str:
    return f" ({place})" if place else ""


def _totals(summary: Summary) -> str:
    parts = [f"{_counted(summary.events, 'event')} compared", f"{summary.events - summary.changed} unchanged"]
    parts.append(f"{summary.changed} changed")
    if summary.unreadable:
        parts.append(f"{summary.unreadable} could not be read")
    return ", ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
