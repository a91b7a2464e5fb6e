"""What can be run from the text: a test, and a rule on a sample event."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from router.assets import asset
from router.editor.ruleset import RuleSet
from router.explain import as_text, explain
from router.lang import tree as t
from router.lang.diagnostics import has_errors
from router.lang.outcome import Arrival
from router.lang.program import Program
from router.lang.source import Span
from router.testing import Verdict, run_tests

SAMPLE = "fixtures/purchase.json"


@dataclass(frozen=True, slots=True)
class Lens:
    """A line above a declaration. `name` is the test's, or the event's that the sample gets."""

    title: str
    command: Literal["runTest", "explain"]
    name: str
    at: Span


def lenses(file: t.File) -> list[Lens]:
    """The lenses of one file, in order."""
    return [lens for node in file.declarations for lens in _lenses(node)]


def _lenses(node: t.Declaration) -> Iterator[Lens]:
    match node:
        case t.Test():
            yield Lens("Run test", "runTest", node.name.text, node.name.span)
        case t.On():
            yield from _sample(node.events, node.span)
        case t.Table():
            rows = (row.events for row in node.rows if isinstance(row, t.Row))
            yield from _sample([name for names in rows for name in names], node.span)
        case _:
            return


def _sample(names: Iterable[t.EventName], at: Span) -> Iterator[Lens]:
    """The sample's own name where the rule speaks of it, else the first that it speaks of."""
    known = [each.text for each in names if not each.star]
    wanted = "purchase" if "purchase" in known else next(iter(known), "")
    title = f"Explain with sample `{wanted}`" if wanted else "Explain with sample"
    yield Lens(title, "explain", wanted, at)


# ------------------------------------------------------------------ what they do


def run_test(rules: RuleSet, name: str) -> str:
    """Run one test and say how it went."""
    program = rules.program
    if program is None:
        return _mistakes(rules)
    chosen = tuple(each for each in program.tests if each.name.text == name)
    if not chosen:
        return f'there is no test "{name}"'
    return "\n".join(map(_verdict, run_tests(replace(program, tests=chosen))))


def _verdict(verdict: Verdict) -> str:
    if verdict.passed:
        return f"pass: {verdict.name}"
    failures = (f"  {failure.at}  {failure.message}" for failure in verdict.failures)
    return "\n".join([f"FAIL: {verdict.name}", *failures])


def explain_sample(rules: RuleSet, folder: Path, name: str, now: int) -> str:
    """What becomes of a sample event with this name: from `fixtures/` beside the rules, or shipped."""
    if rules.program is None:
        return _mistakes(rules)
    event = _sample_event(folder)
    if event is None:
        return f"{folder / SAMPLE} is not a JSON object"
    _name(event, rules.program, name)
    return as_text(explain(rules.program, Arrival(event, now)))


def _mistakes(rules: RuleSet) -> str:
    count = sum(has_errors([each]) for each in rules.problems)
    return f"the rules have {count} {'error' if count == 1 else 'errors'}; mend them first"


def _sample_event(folder: Path) -> dict[str, Any] | None:
    own = folder / SAMPLE
    try:
        event = json.loads((own if own.is_file() else asset("rules") / SAMPLE).read_bytes())
    except (OSError, ValueError):
        return None
    return event if isinstance(event, dict) else None


def _name(event: dict[str, Any], program: Program, name: str) -> None:
    *groups, leaf = program.event_name
    for group in groups:
        inner = event.get(group)
        if not isinstance(inner, dict):
            inner = event[group] = {}
        event = inner
    if name:
        event[leaf] = name
