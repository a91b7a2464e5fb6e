"""What a test gives: the event, its cookies, headers and time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from router.lang import tree as t
from router.lang.instants import to_epoch_seconds
from router.lang.outcome import Arrival
from router.lang.program import Program
from router.lang.walk import Evaluation
from router.testing.verdict import Failure

DEFAULT_NOW = 1_767_261_600
"""What `now()` is in a test that sets none: 2026-01-01T10:00:00Z."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """A test with the arrival it describes; with problems the arrival is not what was meant."""

    test: t.Test
    arrival: Arrival
    problems: tuple[Failure, ...]


@dataclass(slots=True)
class _Inputs:
    event: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    now: int = DEFAULT_NOW
    problems: list[Failure] = field(default_factory=list)


def arrange(program: Program, test: t.Test, file: Path) -> Arranged:
    """Everything the test gives, later lines over earlier ones. Fixtures stand beside the test's `file`."""
    inputs = _Inputs()
    constants = expectations(program)
    for line in test.lines:
        if isinstance(line, t.Given):
            _give(program, constants, line, file.parent, inputs)
    arrival = Arrival(inputs.event, inputs.now, inputs.cookies, inputs.headers)
    return Arranged(test, arrival, tuple(inputs.problems))


def expectations(program: Program) -> Evaluation:
    """Computes what tests write out: functions and names work, there is no event."""
    return Evaluation(program, Arrival({}, DEFAULT_NOW))


def _give(program: Program, constants: Evaluation, given: t.Given, folder: Path, inputs: _Inputs) -> None:
    if given.file is not None:
        _fixture(given.file, folder, inputs)
    if given.unknown_event is not None:
        _put(inputs.event, program.event_name, given.unknown_event.text)
    for line in given.lines:
        if isinstance(line, t.Assign):
            _assign(constants, line, inputs)


def _fixture(word: t.Word, folder: Path, inputs: _Inputs) -> None:
    try:
        event = json.loads((folder / word.text).read_bytes())
    except (OSError, ValueError) as error:
        why = "is not there" if isinstance(error, FileNotFoundError) else "is not JSON"
        inputs.problems.append(Failure(word.span.place, f"the fixture `{word.text}` {why}"))
        return
    if isinstance(event, dict):
        inputs.event = event
    else:
        inputs.problems.append(Failure(word.span.place, f"the fixture `{word.text}` is not a JSON object"))


def _assign(constants: Evaluation, line: t.Assign, inputs: _Inputs) -> None:
    value = _raw(constants, line.value)
    root, *rest = (part.text for part in line.path.parts)
    match root:
        case "event" if not rest:
            inputs.event = value if isinstance(value, dict) else {}
        case "event":
            _put(inputs.event, rest, value)
        case "cookie":
            inputs.cookies[rest[0]] = str(value)
        case "header":
            inputs.headers[rest[0].lower()] = str(value)
        case _:
            _now(line, value, inputs)


def _now(line: t.Assign, value: Any, inputs: _Inputs) -> None:
    seconds = to_epoch_seconds(value)
    if seconds is None:
        inputs.problems.append(Failure(line.span.place, '`now` takes a time such as "2026-01-01T10:00:00Z"'))
    else:
        inputs.now = seconds


def _raw(constants: Evaluation, node: t.Expr) -> Any:
    """What a test writes is what arrives: empty text, empty lists and `missing` (null) included."""
    match node:
        case t.Literal():
            return json.loads(node.span.text[3:-3]) if node.span.text.startswith('"""') else node.value
        case t.ListOf():
            return [_raw(constants, each) for each in node.items]
        case t.ObjectOf():
            return {key.text: _raw(constants, value) for key, value in node.pairs}
        case _:
            return constants.value(node)


def _put(into: dict[str, Any], path: Iterable[str], value: Any) -> None:
    *groups, leaf = path
    for group in groups:
        inner = into.get(group)
        if not isinstance(inner, dict):
            inner = into[group] = {}
        into = inner
    into[leaf] = value
