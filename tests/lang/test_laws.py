"""What holds whatever is written and whatever arrives: nothing raises, and conditions obey logic."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from router.assets import asset
from router.lang.check import check
from router.lang.draw import draw
from router.lang.kinds import Kind
from router.lang.outcome import Arrival, Send
from router.lang.parse import parse
from router.lang.program import Program
from router.lang.route import route
from router.lang.source import Source
from router.lang.trace import Trace
from router.rulebook import ENVIRONMENT, load
from router.tiktok.payload import finish

GRAMMAR = asset("grammar/rules.lark").read_text(encoding="utf-8")
FIXTURES = Path(__file__).parent.parent / "rules" / "fixtures"
FILES = [
    *sorted(asset("rules").glob("*.rules")),
    *(
        FIXTURES / f"{name}.rules"
        for name in ("commanders_act", "features", "zeotap_cdp", "zeotap_warehouse")
    ),
]
TEXTS = [path.read_text(encoding="utf-8") for path in [*FILES, asset("rules/schemas/standard.rules")]]
SIGNS = ["\n", "\r\n", "\t", *"{}()[]|-=,:*§", '"', '"""', "->", "??", "=="]
TOKENS = [*sorted({word for text in TEXTS for word in text.split()}), *SIGNS]
FEW = settings(suppress_health_check=list(HealthCheck))


def survives(text: str) -> None:
    """Whatever is written gets a tree, problems with places inside the text, and drawn messages."""
    file, problems = parse(Source("any.rules", text), GRAMMAR)
    _, found = check([file], ENVIRONMENT)
    for problem in [*problems, *found]:
        span = problem.mark.span
        assert 0 <= span.start <= span.end <= len(text)
        assert draw(problem).startswith(f"{problem.severity}[{problem.code}]: ")


@FEW
@given(st.text(max_size=200))
@example("\x01")
@example("let x = \x01")
@example('let x = "\ud800"')
def test_any_text_is_read(text: str) -> None:
    survives(text)


@FEW
@given(st.lists(st.sampled_from(TOKENS), max_size=60).map(" ".join))
def test_any_row_of_words_is_read(text: str) -> None:
    survives(text)


@FEW
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False))
def test_any_damaged_file_is_read(text: str, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        gone = chance.choice([0, 1, 1, 3, 20])
        text = text[:at] + chance.choice(["", *TOKENS]) + text[at + gone :]
    survives(text)


# ------------------------------------------------------------------ events

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "\ud800",
            "x" * 9000,
            10**400,
            -(10**400),
            "1e999",
            "https://x.example/?ttclid=a",
            "page_view",
            float("nan"),
            float("inf"),
            1767261600,
            "2026-01-01T10:00:00Z",
            "ada@example.com",
            "+4917012345",
        ]
    ),
)
JUNK = st.recursive(
    LEAVES,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=6), inside, max_size=4),
    max_leaves=12,
)


def _leaf(chance: random.Random) -> Any:
    return chance.choice(
        [
            None,
            True,
            False,
            0,
            -1,
            10**400,
            -(10**400),
            12.5,
            float("nan"),
            float("inf"),
            -0.0,
            1e308,
            1_767_261_600,
            "",
            " ",
            "true",
            "12.50",
            "1e999",
            "\ud800",
            "x" * 9000,
            "2026-01-01T10:00:00Z",
            "ada@example.com",
            "\x00",
            "+4917012345678",
            "https://x.example/?ttclid=a",
            "http://[::1",
            "javascript:x",
            "ios",
            "web",
            "app",
            "crm",
            [],
            {},
        ]
    )


def _junk(chance: random.Random, depth: int = 0) -> Any:
    match chance.randrange(8 if depth < 4 else 6):
        case 6:
            return [_junk(chance, depth + 1) for _ in range(chance.randrange(4))]
        case 7:
            return {
                chance.choice(["id", "price", "\ud800", "", "x"]): _junk(chance, depth + 1) for _ in range(3)
            }
        case _:
            return _leaf(chance)


def _mutant(chance: random.Random, kind: Kind) -> Any:
    """A value of the declared shape, with junk in every other place."""
    if chance.random() < 0.15:
        return _junk(chance)
    if kind.base == "object" and kind.fields:
        return {name: _mutant(chance, child) for name, child in kind.fields.items() if chance.random() < 0.7}
    if kind.base == "list" and kind.of is not None:
        return [_mutant(chance, kind.of) for _ in range(chance.randrange(4))]
    return chance.choice(kind.options) if kind.options else _leaf(chance)


@cache
def program_of(path: Path) -> Program | None:
    return load([path]).program


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
@given(seed=st.integers(0, 2**64))
def test_any_event_gets_an_outcome_that_can_be_finished(path: Path, seed: int) -> None:
    program = program_of(path)
    assert program
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    names = sorted(program.dispatch.names()) or ["purchase"]
    event = {name: _mutant(chance, kind) for name, kind in (program.schema.fields or {}).items()}
    event[program.event_name[0]] = chance.choice([*names, _junk(chance)])
    arrival = Arrival(event, 1_767_261_600, {"ttclid": "E.C.P", "_ttp": str(_leaf(chance))})
    result = route(program, arrival)
    assert result.outcomes
    for outcome in result.outcomes:
        if isinstance(outcome, Send):
            json.loads(finish(outcome, event, 1_767_261_600, program.settings).payload)
    assert repr(route(program, arrival, trace=Trace()).outcomes) == repr(result.outcomes)


def test_a_deeply_nested_event_is_an_event_like_any_other() -> None:
    deep: Any = "end"
    for _ in range(10_000):
        deep = {"x": [deep]}
    program = load([asset("rules/standard.rules")]).program
    assert program
    event = {"event_name": "purchase", "properties": deep, "user": deep, "items": [deep], "consent": deep}
    assert route(program, Arrival(event, 0)).outcomes


# ------------------------------------------------------------------ logic

ATOMS = [
    "event.flag",
    "event.none == event.s",
    "event.n > 3",
    "event.n != event.m",
    'event.s contains "o"',
    "event.tags is present",
    "event.box.a is missing",
    "event.s in event.tags",
    "missing",
    'event.s matches "a*"',
]
SIDES = [
    "event.s",
    "event.none",
    "event.n",
    "event.m",
    "event.box.a",
    "event.tags",
    "event.extra",
    "1",
    '"a"',
]
BASE = (FIXTURES.parent.parent / "conformance" / "cases" / "base.rules").read_text(encoding="utf-8")


def _program(*expressions: str) -> Program:
    lines = "".join(f'  properties."p{i}" = {each}\n' for i, each in enumerate(expressions))
    text = f"{BASE}\nmapping m {{\n{lines}}}\nevents with m {{\n  event | web\n  a | Search\n}}\n"
    file, problems = parse(Source("logic.rules", text), GRAMMAR)
    program, found = check([file], ENVIRONMENT)
    assert program, [draw(each) for each in [*problems, *found]]
    return program


def _values(program: Program, event: dict[str, Any]) -> dict[str, Any]:
    (sent,) = route(program, Arrival({**event, "event_name": "a", "kind": "web"}, 0)).outcomes
    assert isinstance(sent, Send)
    found: dict[str, Any] = sent.payload.get("properties", {})
    return found


PAIRS = [(left, right) for left in ATOMS for right in ATOMS]
DE_MORGAN = _program(
    *(
        expression
        for a, b in PAIRS
        for expression in (
            f"not ({a} and {b})",
            f"not {a} or not {b}",
            f"not ({a} or {b})",
            f"not {a} and not {b}",
        )
    )
)
OPPOSITES = _program(
    *(
        expression
        for a in SIDES
        for b in SIDES
        if {a, b} <= {"event.s", "event.none", "event.box.a", '"a"', "event.extra"}
        or {a, b} <= {"event.n", "event.m", "1", "event.extra"}
        or {a, b} <= {"event.tags", "event.extra"}
        for expression in (f"{a} == {b}", f"{a} != {b}")
    )
)
SMALL = st.fixed_dictionaries(
    {},
    optional={
        "flag": JUNK,
        "s": LEAVES,
        "none": LEAVES,
        "n": LEAVES,
        "m": LEAVES,
        "tags": JUNK,
        "box": JUNK,
        "extra": JUNK,
    },
)


@FEW
@given(SMALL)
def test_conditions_are_true_or_false_and_de_morgan_holds(event: dict[str, Any]) -> None:
    values = _values(DE_MORGAN, event)
    for first in range(0, 4 * len(PAIRS), 2):
        one, other = values[f"p{first}"], values[f"p{first + 1}"]
        assert one in (True, False)
        assert one is other


@FEW
@given(SMALL)
def test_unequal_is_exactly_not_equal(event: dict[str, Any]) -> None:
    values = list(_values(OPPOSITES, event).values())
    assert values
    for equal, unequal in zip(values[::2], values[1::2], strict=True):
        assert equal is not unequal


# ------------------------------------------------------------------ order


def _declarations(text: str) -> list[str]:
    """A file cut before every declaration at the margin."""
    parts: list[str] = []
    for line in text.splitlines():
        if not parts or (line[:1].isalpha() and not line.startswith(("language",))):
            parts.append("")
        parts[-1] += line + "\n"
    return parts


@settings(max_examples=settings().max_examples // 3)
@given(st.randoms(use_true_random=False))
def test_the_order_of_declarations_means_nothing(chance: random.Random) -> None:
    head, *rest = _declarations((FIXTURES / "features.rules").read_text(encoding="utf-8"))
    schema = (FIXTURES / "schemas" / "commanders_act.rules").read_text(encoding="utf-8")
    shuffled = rest[:]
    chance.shuffle(shuffled)
    events = [
        {"event_name": "purchase", "value": 600, "id": "1"},
        {"event_name": "search", "id": "2"},
        {"event_name": "page_view", "is_internal": True},
        {"event_name": "scroll"},
        {"event_name": "purchase"},
    ]
    assert _all(head, shuffled, schema, events) == _all(head, rest, schema, events)


def _all(head: str, parts: list[str], schema: str, events: list[dict[str, Any]]) -> list[list[str]]:
    files = [
        parse(Source(name, text), GRAMMAR)[0]
        for name, text in (("a.rules", head + "".join(parts)), ("b.rules", schema))
    ]
    program, problems = check(files, ENVIRONMENT)
    assert program, [draw(each) for each in problems]
    return [
        [
            f"{type(each).__name__} {getattr(each, 'payload', '')} {getattr(each, 'reason', '')}"
            for each in route(program, Arrival(event, 0)).outcomes
        ]
        for event in events
    ]
