"""Runs the `test` blocks of rule files and says what differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

from router.lang import outcome as o
from router.lang import tree as t
from router.lang.instants import to_epoch_seconds
from router.lang.outcome import Arrival, Drop, Outcome, Place, Result, Send, Skip, Unhandled
from router.lang.program import Program
from router.lang.route import route
from router.lang.values import same
from router.lang.walk import Evaluation, convert

DEFAULT_NOW = 1_767_261_600
"""What `now()` is in a test that sets none: 2026-01-01T10:00:00Z."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as expected, and where the expectation stands."""

    at: Place
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A test with what was wrong; nothing means it passed."""

    name: str
    at: Place
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(slots=True)
class _Inputs:
    event: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    now: int = DEFAULT_NOW
    problems: list[Failure] = field(default_factory=list)


def run_tests(program: Program) -> list[Verdict]:
    """Every test block of the program, in the order of files and lines."""
    return [_run(program, test) for test in sorted(program.tests, key=lambda each: each.span.sort_key)]


def _run(program: Program, test: t.Test) -> Verdict:
    inputs = _Inputs()
    constants = Evaluation(program, Arrival({}, DEFAULT_NOW))
    for line in test.lines:
        if isinstance(line, t.Given):
            _give(program, constants, line, inputs)
    failures = inputs.problems
    if not failures:
        arrival = Arrival(inputs.event, inputs.now, inputs.cookies, inputs.headers)
        failures = list(_judge(constants, test, route(program, arrival)))
    return Verdict(test.name.text, test.span.place, tuple(failures))


# ------------------------------------------------------------------ given


def _give(program: Program, constants: Evaluation, given: t.Given, inputs: _Inputs) -> None:
    if given.file is not None:
        _fixture(given.file, inputs)
    if given.unknown_event is not None:
        _put(inputs.event, program.event_name, given.unknown_event.text)
    for line in given.lines:
        if isinstance(line, t.Assign):
            _assign(constants, line, inputs)


def _fixture(word: t.Word, inputs: _Inputs) -> None:
    path = Path(word.span.source.name).parent / word.text
    try:
        event = json.loads(path.read_bytes())
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


# ------------------------------------------------------------------ expect


def _judge(constants: Evaluation, test: t.Test, result: Result) -> Iterator[Failure]:
    sends = [each for each in result.outcomes if isinstance(each, Send)]
    expected: set[int] = set()
    for line in test.lines:
        match line:
            case t.Given() | t.Broken():
                pass
            case t.ExpectSend():
                yield from _expect_send(constants, line, sends, result.outcomes, expected)
            case t.ExpectDrop():
                yield from _expect_drop(line, result.outcomes)
            case t.ExpectSkip():
                yield from _expect_skip(line, result.outcomes)
            case t.ExpectNothing():
                yield from _expect_nothing(line, sends)
            case t.ExpectUnhandled():
                if not any(isinstance(each, Unhandled) for each in result.outcomes):
                    yield Failure(
                        line.span.place, f"expected no rule for it, got {_summary(result.outcomes)}"
                    )
            case _:
                assert_never(line)
    nothing = any(isinstance(line, t.ExpectNothing) and not line.to for line in test.lines)
    for index, send in enumerate(sends):
        if index not in expected and not nothing:
            yield Failure(test.name.span.place, f"unexpected: {send.event} to {send.destination}")


def _wanted(to: tuple[t.Word, ...], destination: str | None) -> bool:
    return not to or any(word.text == destination for word in to)


def _expect_send(
    constants: Evaluation,
    line: t.ExpectSend,
    sends: list[Send],
    outcomes: tuple[Outcome, ...],
    expected: set[int],
) -> Iterator[Failure]:
    found = [
        i
        for i, each in enumerate(sends)
        if each.event == line.event.text and _wanted(line.to, each.destination)
    ]
    for word in line.to:
        if not any(sends[i].destination == word.text for i in found):
            yield Failure(
                line.span.place, f"{line.event.text} was not sent to {word.text}: {_summary(outcomes)}"
            )
    if not found and not line.to:
        yield Failure(line.span.place, f"{line.event.text} was not sent: {_summary(outcomes)}")
    expected.update(found)
    for index in found:
        yield from _fields(constants, line, sends[index])


def _fields(constants: Evaluation, line: t.ExpectSend, send: Send) -> Iterator[Failure]:
    named: set[str] = set()
    for each in line.lines:
        if isinstance(each, t.ExpectMissing):
            got = _at(send.payload, each.path)
            if got is not None:
                yield Failure(each.span.place, f"{each.path.text}: expected nothing, got {_shown(got)}")
        elif isinstance(each, t.Assign):
            named.add(each.path.text)
            yield from _field(constants, each, send)
    if line.exactly:
        for path, value in _leaves(send.payload):
            if path not in named:
                yield Failure(line.span.place, f"{path}: not expected, got {_shown(value)}")


def _field(constants: Evaluation, line: t.Assign, send: Send) -> Iterator[Failure]:
    spec = constants.program.environment.target.fields.get(line.path.text)
    wanted = constants.value(line.value)
    if spec is not None and wanted is not None:
        many = spec.many and isinstance(wanted, list)
        wanted = wanted if spec.kind.base == "list" else convert(wanted, spec.kind, many=many)[0]
    got = _at(send.payload, line.path)
    if not _equal(wanted, got):
        yield Failure(line.span.place, f"{line.path.text}: expected {_shown(wanted)}, got {_shown(got)}")


def _equal(wanted: Any, got: Any) -> bool:
    if isinstance(got, list) and len(got) == 1 and not isinstance(wanted, list):
        got = got[0]
    return (wanted is None and got is None) or (wanted is not None and got is not None and same(wanted, got))


def _expect_drop(line: t.ExpectDrop, outcomes: tuple[Outcome, ...]) -> Iterator[Failure]:
    drop = next((each for each in outcomes if isinstance(each, Drop)), None)
    if drop is None:
        yield Failure(line.span.place, f"expected a drop, got {_summary(outcomes)}")
    elif line.reason is not None and drop.reason != line.reason.text:
        yield Failure(line.span.place, f'expected the drop "{line.reason.text}", got "{drop.reason}"')


def _expect_skip(line: t.ExpectSkip, outcomes: tuple[Outcome, ...]) -> Iterator[Failure]:
    skips = [each for each in outcomes if isinstance(each, Skip) and _wanted(line.to, each.destination)]
    if not skips:
        yield Failure(line.span.place, f"expected a skip, got {_summary(outcomes)}")
    elif line.reason is not None and all(each.reason != line.reason.text for each in skips):
        yield Failure(line.span.place, f'expected the skip "{line.reason.text}", got {_summary(skips)}')


def _expect_nothing(line: t.ExpectNothing, sends: list[Send]) -> Iterator[Failure]:
    for send in sends:
        if _wanted(line.to, send.destination):
            yield Failure(line.span.place, f"expected nothing, got {send.event} to {send.destination}")


def _summary(outcomes: Iterable[Outcome]) -> str:
    shown = []
    for each in outcomes:
        match each:
            case Send():
                shown.append(f"{each.event} to {each.destination}")
            case Skip():
                where = f" to {each.destination}" if each.destination else ""
                detail = f" ({each.detail})" if each.detail else ""
                shown.append(f'skip{where} "{each.reason}"{detail}')
            case Drop():
                shown.append(f'drop "{each.reason}"')
            case Unhandled():
                shown.append("no rule for it")
    return "; ".join(shown) or o.NO_SEND


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


def _at(payload: dict[str, Any], path: t.Path) -> Any:
    found: Any = payload
    for part in path.parts:
        found = found.get(part.text) if isinstance(found, dict) else None
    return found


def _leaves(payload: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in payload.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
