"""What rules do with events: the `.case` files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from router.lang.outcome import Arrival, Drop, Outcome, Send, Skip
from router.lang.route import route
from router.rulebook import load

CASES = Path(__file__).parent / "cases"


@dataclass
class Case:
    title: str
    rules: list[str] = field(default_factory=list)
    events: list[tuple[dict[str, Any], list[str]]] = field(default_factory=list)


def read(path: Path) -> Iterator[Case]:
    case = Case("")
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            if case.title:
                yield case
            case = Case(line[3:])
        elif line.startswith("-- "):
            case.events.append((json.loads(line[3:]), []))
        elif case.events and line.strip():
            case.events[-1][1].append(line.strip())
        elif not case.events:
            case.rules.append(line)
    yield case


ALL = [
    pytest.param(case, id=f"{p.stem}: {case.title}") for p in sorted(CASES.glob("*.case")) for case in read(p)
]


def shown(outcome: Outcome) -> str:
    match outcome:
        case Send():
            payload = json.dumps(outcome.payload, sort_keys=True)
            return f"send {outcome.event} to {outcome.destination} {payload}"
        case Skip():
            return f"skip {outcome.reason} to {outcome.destination or '-'}"
        case Drop():
            return f"drop {outcome.reason}"
        case _:
            return "unhandled"


def normal(line: str) -> str:
    head, brace, payload = line.partition("{")
    return head + json.dumps(json.loads(brace + payload), sort_keys=True) if brace else line


@pytest.mark.parametrize("case", ALL)
def test_outcomes(case: Case, tmp_path: Path) -> None:
    text = "\n".join(case.rules).strip()
    base = "" if text.startswith("language") else (CASES / "base.rules").read_text(encoding="utf-8")
    (tmp_path / "case.rules").write_text(f"{base}\n{text}\n", encoding="utf-8")
    book = load([tmp_path / "case.rules"])
    assert book.program, [(each.message, each.mark.span.text) for each in book.problems]
    for event, expected in case.events:
        result = route(book.program, Arrival(event, 1_767_261_600))
        assert [shown(each) for each in result.outcomes] == [normal(line) for line in expected]
