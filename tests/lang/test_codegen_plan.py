"""A plan as a whole: what it shares, what it leaves to the walker, and what it says of its own mistakes."""

import ast
import re
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.assets import asset
from router.lang.check import check
from router.lang.compiled import Plan, nodes
from router.lang.compiled import plan as planning
from router.lang.compiled.emitter import Emitter, NotCompiledError
from router.lang.compiled.nodes import NotAllowedError, checked
from router.lang.compiled.plan import FUNCTIONS_AT_ONCE
from router.lang.library import function
from router.lang.outcome import Arrival, Note, Send
from router.lang.parse import parse
from router.lang.program import Program
from router.lang.source import Source
from router.rulebook import ENVIRONMENT, grammar_text, load
from router.tiktok.finishing import plan_of

BASE = (Path(__file__).parent.parent / "conformance" / "cases" / "base.rules").read_text("utf-8")


@function("explode(value: text) -> text", ('explode("a")', "a"))
def explode(value: str) -> str:
    """Fails, as no function of the language may."""
    raise ZeroDivisionError(value)


def program(rules: str, **functions: Any) -> Program:
    environment = replace(ENVIRONMENT, functions={**ENVIRONMENT.functions, **functions})
    file, problems = parse(Source("shop.rules", BASE + rules), grammar_text())
    found, mistakes = check([file], environment)
    assert found, [*problems, *mistakes]
    return found


def codes(plan: Plan) -> list[CodeType]:
    return [each.run.__code__ for each in plan.codes]


def line_of(rules: str, text: str) -> int:
    return next(number for number, line in enumerate((BASE + rules).splitlines(), 1) if text in line)


# ------------------------------------------------------------------ sharing


def test_rows_with_the_same_mappings_share_their_functions() -> None:
    rows = "".join(f"  e{number} | Search\n" for number in range(300))
    rules = f"mapping m {{\n  event_id = event.id\n}}\nevents with m {{\n  event | web\n{rows}}}\n"
    plan = plan_of(program(rules))
    assert len(codes(plan)) == len(codes(plan_of(program(rules.replace("  e299 | Search\n", "")))))
    assert len(codes(plan)) < 5
    (done,) = plan.run(Arrival({"event_name": "e7", "id": "the-id-of-an-event"}, 5)).finished
    assert done.payload == b'{"event":"Search","event_time":5,"event_id":"the-id-of-an-event"}'


def test_a_condition_on_the_name_alone_is_settled_for_every_row() -> None:
    rules = (
        "mapping m {\n  event_id = event.id\n}\n"
        'events with m {\n  event | web\n  a, b | Search  when event.event_name in ["a", "c"]\n}\n'
    )
    plan = plan_of(program(rules))
    kinds = [type(plan.run(Arrival({"event_name": name}, 0)).result.outcomes[0]).__name__ for name in "ab"]
    assert kinds == ["Send", "Skip"]
    assert len(codes(plan)) == 2


def test_a_payload_for_several_destinations_is_made_once() -> None:
    rules = (
        BASE[BASE.index("destination d") :].replace("destination d", "destination d2")
        + "mapping m {\n  event_id = event.id\n}\nevents with m {\n  event | web\n  a | Search\n}\n"
    )
    planned = plan_of(program(rules)).run(Arrival({"event_name": "a"}, 0))
    assert [each.destination for each in planned.result.outcomes if isinstance(each, Send)] == ["d", "d2"]
    first, second = planned.finished
    assert first is second


# ------------------------------------------------------------------ at the first event


def many(count: int) -> str:
    """So many mappings, each with a row of its own and the function that goes with it."""
    return "".join(
        f"mapping m{number} {{\n  event_id = event.id\n  properties.value = {number}\n}}\n"
        f"events with m{number} {{\n  event | web\n  e{number} | Search\n}}\n"
        for number in range(count)
    )


def test_functions_beyond_the_first_are_made_when_an_event_asks() -> None:
    count = FUNCTIONS_AT_ONCE + 8
    plan = plan_of(program(many(count)))
    assert len(codes(plan)) <= FUNCTIONS_AT_ONCE + 1
    for turn in range(2):
        for number in range(count):
            arrival = Arrival({"event_name": f"e{number}", "id": "the-id-of-an-event"}, turn)
            assert plan.run(arrival) == plan.walk(arrival)
    assert len(codes(plan)) == count + 1
    assert plan.walked == ()
    assert not plan.long_ways


def test_threads_may_ask_at_once() -> None:
    plan = plan_of(program(many(FUNCTIONS_AT_ONCE + 8)))
    last = Arrival({"event_name": f"e{FUNCTIONS_AT_ONCE + 7}", "id": "the-id-of-an-event"}, 5)
    with ThreadPoolExecutor(8) as pool:
        payloads = {pool.submit(lambda: plan.run(last).finished[0].payload).result() for _ in range(32)}
    assert len(payloads) == 1


def test_a_row_without_a_name_is_made_at_the_first_event_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "RULES_AT_ONCE", 0)
    rules = 'mapping m {\n  event_id = event.id\n}\nevents with m {\n  event | web\n  "" | Search\n}\n'
    plan = plan_of(program(rules))
    for event in ({"event_name": ""}, {}, {"event_name": None}, {"event_name": ""}):
        arrival = Arrival(event, 0)
        assert plan.run(arrival) == plan.walk(arrival)


def test_a_mistake_that_shows_late_costs_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(program(many(FUNCTIONS_AT_ONCE + 8)))

    def fail(self: Emitter, parameters: tuple[str, ...]) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Emitter, "function", fail)
    arrival = Arrival({"event_name": f"e{FUNCTIONS_AT_ONCE + 7}", "id": "the-id-of-an-event"}, 0)
    assert plan.run(arrival) == plan.walk(arrival)
    assert [each.why for each in plan.walked] == ["ZeroDivisionError()"]


# ------------------------------------------------------------------ what is read, and when


TEXTS = (
    "event.a.b.s", "event.a.b.t", "event.t", "lower(event.a.b.s)", "event.t ?? event.a.b.t",
    'match event.t { "x" -> event.a.b.s }', 'if event.t == "x" then event.a.b.s else event.a.b.t',
)  # fmt: skip
HASHES = ("hash_id(event.a.b.s)", "hash_email(event.t) ?? hash_id(event.a.b.t)")
LINES = (
    *(f"{place} = {way}" for place in ("properties.order_id", "page.url", "user.ttclid") for way in TEXTS),
    *(f"user.external_id = {way}" for way in HASHES),
    "properties.value = event.a.n", "properties.value = event.a.n * 2", "properties.num_items = event.a.n",
)  # fmt: skip
SCHEMA = (
    "schema event {\n  event_name: text required\n  id: text\n  t: text\n"
    "  a: { b: { s: text\n    t: text }\n    n: number }\n}\n"
)
DESTINATION = BASE[BASE.index("destination d") :]
HOLDING = st.recursive(
    st.sampled_from(
        ["x", "X", "a@b.example", "null", "", "https://shop.example/a-long-address", 7, 2.5, None]
    ),
    lambda inside: (
        st.lists(inside, max_size=2) | st.dictionaries(st.sampled_from(["b", "s", "t", "n"]), inside)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=8),
    needs=st.booleans(),
    events=st.lists(
        st.fixed_dictionaries({}, optional={"a": HOLDING, "t": HOLDING, "id": HOLDING}), max_size=8
    ),
)
def test_everything_is_read_in_one_way_wherever_it_is_read(
    lines: list[str], needs: bool, events: list[dict[str, Any]]
) -> None:
    needed = [f'require {lines[0].partition(" ")[0]} reason "needed"'] if needs else []
    body = "".join(f"  {line}\n" for line in ["event_id = event.id", *lines, *needed])
    text = f"language 1\n{SCHEMA}{DESTINATION}mapping m {{\n{body}}}\n{ROWS}"
    file, _ = parse(Source("shop.rules", text), grammar_text())
    found, problems = check([file], ENVIRONMENT)
    assert found, problems
    plan = plan_of(found)
    assert plan.walked == ()
    for event in events:
        arrival = Arrival({**event, "event_name": "a"}, 0)
        assert plan.run(arrival) == plan.walk(arrival)


# ------------------------------------------------------------------ generated code


def written_by(text: str) -> list[str]:
    """All names in the code of a program."""
    file, _ = parse(Source("x.rules", text), grammar_text())
    found, _ = check([file], ENVIRONMENT)
    assert found
    return [
        name
        for code in codes(plan_of(found))
        for name in (*code.co_names, *code.co_varnames, *code.co_freevars, code.co_name)
    ]


@pytest.mark.parametrize("path", sorted(asset("rules").glob("*.rules")), ids=lambda path: path.stem)
def test_names_are_made_by_the_generator(path: Path) -> None:
    book = load([path]).program
    assert book
    for code in codes(plan_of(book)):
        names = {*code.co_names, *code.co_varnames, *code.co_freevars, code.co_name} - nodes.ATTRIBUTES
        assert all(
            re.fullmatch("[a-z][0-9]*|event|arrival|notes|memo|head|left|rule", name) for name in names
        )
        assert not code.co_freevars


def test_no_text_of_a_rule_file_becomes_a_name() -> None:
    hostile = "__import__('os').system('x')"
    rules = f'mapping m {{\n  properties."{hostile}" = "{hostile}"\n}}\n' + ROWS
    assert not any("import" in name for name in written_by(BASE + rules))


def test_there_are_no_builtins() -> None:
    plan = plan_of(
        program("mapping m {\n  event_id = event.id\n}\nevents with m {\n  event | web\n  a | Search\n}\n")
    )
    assert all(each.run.__globals__["__builtins__"] == {} for each in plan.codes)


@pytest.mark.parametrize(
    "text",
    ["import os", "k0.__dict__", "lambda: 1", "[x for x in y]", "global x", "x.format", "f'{x}'", "__x",
     "k0 ** 2", "class A: pass", "b'x'", "with a: pass", "del a", "yield 1", "a := 1"],
)  # fmt: skip
def test_what_rules_never_become_is_refused(text: str) -> None:
    module = ast.parse(f"({text})" if ":=" in text else text)
    with pytest.raises(NotAllowedError):
        checked(module)


def test_constants_are_kept_by_type_and_value() -> None:
    rules = (
        'mapping m {\n  event_id = event.id\n  properties."a" = 1\n  properties."b" = 0.5\n'
        '  properties."c" = true\n  properties."d" = [1, true, "1"]\n'
        "}\nevents with m {\n  event | web\n  a | Search\n}\n"
    )
    (done,) = plan_of(program(rules)).run(Arrival({"event_name": "a", "id": "event-with-an-id"}, 0)).finished
    assert done.payload.endswith(b'"properties":{"a":1,"b":0.5,"c":true,"d":[1,true,"1"]}}')


# ------------------------------------------------------------------ mistakes of our own


FAILING = "mapping m {\n  event_id = event.id\n  properties.order_id = explode(event.s)\n}\n"
ROWS = "events with m {\n  event | web\n  a | Search\n}\n"


@pytest.mark.parametrize(
    ("rules", "where"),
    [
        (FAILING + ROWS, "explode"),
        ("drop when explode(event.s) == \"x\"\nmapping m {\n  event_id = event.id\n}\n" + ROWS, "explode"),
        ("let l = explode(event.s)\nmapping m {\n  event_id = l\n}\n" + ROWS, "explode"),
    ],
)  # fmt: skip
def test_an_error_names_the_place_in_the_rules(rules: str, where: str) -> None:
    plan = plan_of(program(rules, explode=explode))
    with pytest.raises(ZeroDivisionError) as caught:
        plan.run(Arrival({"event_name": "a", "s": "x"}, 0))
    assert caught.value.__notes__ == [f"in the rules at shop.rules:{line_of(rules, where)}"]
    assert "in the rules at" in "".join(traceback.format_exception(caught.value))


def test_what_cannot_be_compiled_is_left_to_the_walker(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Callable[..., Any] = Emitter.function

    def refuse(self: Emitter, parameters: tuple[str, ...]) -> Any:
        if "head" in parameters:
            raise NotCompiledError("today")
        return made(self, parameters)

    monkeypatch.setattr(Emitter, "function", refuse)
    plan = plan_of(program("mapping m {\n  event_id = event.id\n}\n" + ROWS))
    assert [each.why for each in plan.walked] == ["today"]
    arrival = Arrival({"event_name": "a", "id": "the-id-of-an-event"}, 0)
    assert plan.run(arrival) == plan.walk(arrival)
    assert plan.long_ways["events"] == 1


def test_without_a_beginning_all_events_are_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Emitter, parameters: tuple[str, ...]) -> Any:
        raise NotCompiledError("today")

    monkeypatch.setattr(Emitter, "function", refuse)
    plan = plan_of(program("drop a\n"))
    assert [str(each.at) for each in plan.walked] == ["None"]
    arrival = Arrival({"event_name": "a"}, 0)
    assert plan.run(arrival) == plan.walk(arrival)


# ------------------------------------------------------------------ values that need the long way


def test_numbers_beyond_json_are_decided_by_the_walker() -> None:
    plan = plan_of(program('mapping m {\n  properties."n" = event.extra\n}\n' + ROWS))
    arrival = Arrival({"event_name": "a", "extra": 2**70}, 0)
    assert plan.run(arrival) == plan.walk(arrival)
    assert plan.run(arrival).finished[0].left_out == (("properties.n", "too_large"),)
    assert plan.long_ways["events"] == 2


def test_notes_are_told_once_and_in_alphabetical_order() -> None:
    plan = plan_of(
        program(
            'mapping m {\n  properties."x" = event.n ?? event.m ?? event.n\n  properties.value = event.n\n}\n'
            + ROWS
        )
    )
    planned = plan.run(Arrival({"event_name": "a", "n": "no", "m": []}, 0))
    assert planned.result.notes == (Note("event.m", "not a number"), Note("event.n", "not a number"))


def test_a_name_keeps_its_value_when_a_field_refuses_it() -> None:
    lines = (
        '  properties.content_type = l\n  properties."x" = l\n  properties.contents = [{content_type: l}]\n'
    )
    plan = plan_of(program('let l = event.s ?? "-"\nmapping m {\n' + lines + "}\n" + ROWS))
    arrival = Arrival({"event_name": "a", "s": "neither"}, 0)
    assert plan.run(arrival) == plan.walk(arrival)
    assert b'"x":"neither"' in plan.run(arrival).finished[0].payload


def test_a_name_with_much_code_is_computed_once() -> None:
    chain = "let l0 = lower(event.s)\n" + "".join(
        f'let l{number} = concat(l{number - 1} ?? "-", l{number - 1} ?? "-") ?? l{number - 1}\n'
        for number in range(1, 8)
    )
    plan = plan_of(program(chain + "mapping m {\n  properties.order_id = l7\n  event_id = l7\n}\n" + ROWS))
    assert plan.walked == ()
    arrival = Arrival({"event_name": "a", "s": "X"}, 0)
    assert plan.run(arrival) == plan.walk(arrival)
    assert max(len(code.co_code) for code in codes(plan)) < 20_000
