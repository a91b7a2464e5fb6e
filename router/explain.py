"""Why an event is or is not sent: every destination, every field, the line and the fallback that gave it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

import orjson

from router.lang.kinds import Kind
from router.lang.outcome import Arrival, Drop, Note, Outcome, Place, Result, Send, Skip, Unhandled
from router.lang.program import Program
from router.lang.route import route
from router.lang.suggest import closest
from router.lang.trace import Line, Trace
from router.tiktok.payload import finish


@dataclass(frozen=True, slots=True)
class Explained:
    """One outcome with the lines that ran for it. `payload` is what would be sent, None unless it is."""

    destination: str | None
    outcome: str
    event: str | None
    reason: str | None
    detail: str
    at: Place | None
    payload: dict[str, Any] | None
    lines: tuple[Line, ...]
    left_out: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """The form of `explain --json`."""
        return {
            "destination": self.destination,
            "outcome": self.outcome,
            "event": self.event,
            "reason": self.reason,
            "detail": self.detail or None,
            "at": str(self.at) if self.at else None,
            "payload": self.payload,
            "fields": [_line_json(line) for line in self.lines],
            "left_out": [{"path": path, "why": why} for path, why in self.left_out],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one event."""

    event_name: str | None
    source: str | None
    outcomes: tuple[Explained, ...]
    notes: tuple[Note, ...]
    undeclared: tuple[str, ...] = ()
    """Fields of the event that its schema does not have: no rule can read them."""
    remembered: tuple[str, ...] = ()
    """What is known of the visitor from earlier events, in words: what, of which event, how long before."""


def explain(program: Program, arrival: Arrival) -> Explanation:
    """The event through the rules, with a trace."""
    trace = Trace()
    result = route(program, arrival, trace=trace)
    explained = tuple(_explained(program, arrival, result, trace))
    undeclared = tuple(sorted(set(_undeclared(arrival.event, program.schema))))
    remembered = tuple(_remembered(arrival))
    return Explanation(result.event_name, result.source, explained, result.notes, undeclared, remembered)


def _remembered(arrival: Arrival) -> Iterator[str]:
    meta = arrival.event.get("meta")
    known = meta.get("remembered") if isinstance(meta, dict) else None
    if not isinstance(known, dict):
        return
    for name in ("ttclid", "ttp"):
        at = known.get(f"{name}_at")
        if name in known and isinstance(at, int):
            event = known.get(f"{name}_event") or "an event"
            yield f"{name}: remembered from {event}, {_span(max(0, arrival.now - at))} before"


def _span(seconds: int) -> str:
    """In the largest unit of which there are at least two."""
    units = ((86_400, "days"), (3600, "h"), (60, "min"))
    size, name = next(((size, name) for size, name in units if seconds >= 2 * size), (1, "s"))
    return f"{seconds // size} {name}"


def _undeclared(value: Any, kind: Kind, path: str = "event") -> Iterator[str]:
    match value:
        case dict() if kind.fields is not None:
            for name, each in value.items():
                known = kind.fields.get(name)
                if known is None:
                    yield f"{path}.{name}"
                else:
                    yield from _undeclared(each, known, f"{path}.{name}")
        case list() if kind.of is not None:
            for each in value:
                yield from _undeclared(each, kind.of, f"{path}[]")


def _explained(program: Program, arrival: Arrival, result: Result, trace: Trace) -> Iterator[Explained]:
    for index, outcome in enumerate(result.outcomes):
        send = trace.sends[index] if index < len(trace.sends) else None
        lines = tuple(trace.lines.get(send, ())) if send else ()
        yield _one(program, arrival, result, outcome, lines)


def _known_otherwise(program: Program, result: Result) -> str:
    """The sources that do have a rule for an unhandled event, else the name that was perhaps meant."""
    name, rules = result.event_name, program.dispatch.by_name
    if name is None:
        return ""
    sources = sorted(source for source, known in rules.items() if name in known)
    if sources:
        return f"there are rules for it for {', '.join(sources)}"
    near = closest(name, sorted(program.dispatch.names()))
    return f"did you mean `{near}`?" if near else ""


def _one(
    program: Program, arrival: Arrival, result: Result, outcome: Outcome, lines: tuple[Line, ...]
) -> Explained:
    match outcome:
        case Send():
            done = finish(outcome, arrival.event, arrival.now, program.settings)
            payload = orjson.loads(done.payload)
            return Explained(
                outcome.destination, "send", done.event, None, "", outcome.at, payload, lines, done.left_out
            )
        case Skip():
            return Explained(
                outcome.destination,
                "skip",
                outcome.event,
                outcome.reason,
                outcome.detail,
                outcome.at,
                None,
                lines,
                (),
            )
        case Drop():
            return Explained(None, "drop", None, outcome.reason, "", outcome.at, None, (), ())
        case Unhandled():
            detail = _known_otherwise(program, result)
            return Explained(None, "unhandled", None, None, detail, None, None, (), ())
        case _:
            assert_never(outcome)


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "path": line.path,
        "value": line.value,
        "at": str(line.at),
        "choice": line.choice,
        "tried": [{"expression": each.text, "why": each.why} for each in line.tried],
        "from": line.text,
        "why": line.why or None,
    }


# ------------------------------------------------------------------ for people

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def as_text(explanation: Explanation) -> str:
    """The explanation as lines for a terminal."""
    name = explanation.event_name or "(no event name)"
    head = f"{name}, source {explanation.source or 'unknown'}"
    blocks = [head, *_outcomes(explanation.outcomes)]
    if explanation.remembered:
        remembered = "\n".join(f"  {each}" for each in explanation.remembered)
        blocks.append(f"known of this visitor:\n{remembered}")
    if explanation.notes:
        notes = "\n".join(f"  {note.path}: {note.why}" for note in explanation.notes)
        blocks.append(f"values that did not fit and were left out:\n{notes}")
    if explanation.undeclared:
        blocks.append(
            f"fields that no schema declares, so no rule can use them:\n{_few(explanation.undeclared)}"
        )
    return "\n\n".join(blocks)


def _few(paths: tuple[str, ...], most: int = 10) -> str:
    lines = [f"  {path}" for path in paths[:most]]
    return "\n".join([*lines, *([f"  and {len(paths) - most} more"] if len(paths) > most else [])])


def _outcomes(outcomes: tuple[Explained, ...]) -> Iterator[str]:
    """A block for each; what several have no value for is listed at the first."""
    told: dict[Line, str] = {}
    for each in outcomes:
        yield "\n".join(_block(each, told))
        told |= {line: each.destination or "-" for line in _absent_lines(each) if line not in told}


def _absent_lines(each: Explained) -> list[Line]:
    return [line for line in each.lines if line.value is None]


def _block(each: Explained, told: Mapping[Line, str]) -> Iterator[str]:
    yield _title(each)
    width = max((len(str(line.at)) for line in each.lines), default=0)
    for line in each.lines:
        if line.value is not None:
            yield from _present(line, width)
    absent = _absent_lines(each)
    for earlier, count in Counter(told[line] for line in absent if line in told).items():
        yield f"  without a value as for {earlier}: {count} field{'s' if count > 1 else ''}"
    fresh = [line for line in absent if line not in told]
    if fresh:
        yield "  without a value:"
    for line in fresh:
        yield from _absent(line, width)
    for path, why in each.left_out:
        yield f"  left out of the payload: {path}: {why.replace('_', ' ')}"


def _title(each: Explained) -> str:
    where = each.destination or "-"
    match each.outcome:
        case "send":
            text = f"{where}: send {each.event}"
        case "skip":
            detail = f" ({each.detail})" if each.detail else ""
            text = f'{where}: skip, "{each.reason}"{detail}'
        case "drop":
            text = f'dropped, "{each.reason}"'
        case _:
            detail = f"; {each.detail}" if each.detail else ""
            text = f"unhandled: no rule knows this event for this source{detail}"
    return f"{text}    {each.at}" if each.at else text


def _present(line: Line, width: int) -> Iterator[str]:
    how = ""
    if line.choice is not None:
        ordinal = _ORDINALS[line.choice - 1] if line.choice <= len(_ORDINALS) else f"{line.choice}th"
        how = f"  {ordinal} choice: {line.text}"
    yield f"  {line.at!s:<{width}}  {line.path} = {_shown(line.value)}{how}"
    yield from _tried(line, width)


def _absent(line: Line, width: int) -> Iterator[str]:
    why = "" if line.tried else f"  {line.why}"
    yield f"  {line.at!s:<{width}}  {line.path}{why}"
    yield from _tried(line, width)


def _tried(line: Line, width: int) -> Iterator[str]:
    for number, each in enumerate(line.tried, 1):
        yield f"  {'':<{width}}    {number} {each.text}  {each.why}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= 120 else text[:119] + "…"
