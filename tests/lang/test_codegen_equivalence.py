"""The same outcomes, notes and payload bytes from compiled rules and from the walker, whatever arrives."""

import json
import random
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from conformance.test_cases import CASES, read
from conformance.test_values import EVENT
from conformance.test_values import _lines as value_lines
from hypothesis import given, settings
from hypothesis import strategies as st

from router.assets import asset
from router.lang.compiled import Plan
from router.lang.outcome import Arrival
from router.rulebook import load
from router.tiktok.finishing import plan_of

from .equivalence import (
    NOW,
    Events,
    Seen,
    compare,
    compare_many,
    damaged,
    inactive_of,
    program_of,
    random_programs,
    sample_events,
    shipped,
)
from .random_rules import rules

PROGRAMS = shipped()
SAMPLES = sample_events()
STARTER = sorted(asset("rules/starter").glob("*.rules"))


@pytest.mark.parametrize(
    "path", [*sorted(asset("rules").glob("*.rules")), *STARTER], ids=lambda path: path.stem
)
def test_nothing_of_the_shipped_rules_is_left_to_the_walker(path: Path) -> None:
    program = load([path]).program
    assert program
    assert plan_of(program).walked == ()


@cache
def plan_named(name: str) -> Plan:
    return plan_of(PROGRAMS[name])


@pytest.mark.parametrize("name", PROGRAMS)
@given(seed=st.integers(0, 2**64))
def test_rule_files_as_they_are(name: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    arrival = Events(PROGRAMS[name], SAMPLES).any(chance)
    compare(plan_named(name), arrival, inactive_of(chance, PROGRAMS[name]))


def test_rule_files_with_one_change() -> None:
    chance, seen = random.Random(3), Seen()  # noqa: S311 - to be repeated
    for seed, program in enumerate(damaged(PROGRAMS["rules/standard"], chance, 8)):
        compare_many(program, seed, 15, seen, SAMPLES)
    assert not seen.walked


def test_rule_files_made_at_random() -> None:
    seen = Seen()
    for seed, program in enumerate(islice(random_programs(11), 20)):
        compare_many(program, seed, 25, seen)
    assert not seen.walked
    assert {"send", "drop", "unhandled", "skip row_condition", "note", "left out"} <= {*seen.outcomes}
    assert seen.long_ways < seen.events / 20


@settings(max_examples=settings().max_examples // 5)
@given(seed=st.integers(0, 2**64))
def test_one_more_rule_file_made_at_random(seed: int) -> None:
    program = program_of(rules(random.Random(seed)))  # noqa: S311 - to be repeated
    if program is not None:
        compare_many(program, seed, 5, Seen())


def test_every_case_of_the_language() -> None:
    base = (CASES / "base.rules").read_text("utf-8")
    for path in sorted(CASES.glob("*.case")):
        for case in read(path):
            text = "\n".join(case.rules).strip()
            program = program_of(text if text.startswith("language") else f"{base}\n{text}\n")
            assert program, case.title
            plan = plan_of(program)
            assert plan.walked == ()
            for event, _ in case.events:
                compare(plan, Arrival(event, NOW))


def test_every_value_of_the_language() -> None:
    texts = [(CASES / f"{name}.rules").read_text("utf-8") for name in ("base", "lets")]
    lines = [each.values[0].replace("⏎", "\n") for each in value_lines()]
    lets = [f"let it_{number} = {line}\n" for number, line in enumerate(lines)]
    puts = [f'  properties."p{number}" = it_{number}\n' for number in range(len(lines))]
    rows = "}\nevents with m {\n  event | web\n  purchase | Search\n}\n"
    program = program_of("".join([*texts, *lets, "mapping m {\n", *puts, rows]))
    assert program
    plan = plan_of(program)
    assert plan.walked == ()
    (done,) = compare(plan, Arrival(EVENT, NOW)).finished
    assert len(json.loads(done.payload)["properties"]) > len(lines) / 2


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event_name": None},
        {"event_name": ""},
        {"event_name": 5},
        {"event_name": ["purchase"]},
        {"event_name": "purchase", "consent": "yes"},
        {"event_name": "purchase", "consent": {"advertising": True}, "items": {"id": "a"}},
        {"event_name": "purchase", "consent": {"advertising": True}, "items": [{"id": 10**400}]},
        {"event_name": "purchase", "consent": {"advertising": True}, "value": 2**70, "id": "\ud800"},
        {"event_name": "purchase", "consent": {"advertising": True}, "id": "0000000000000000000"},
        {"event_name": "purchase", "consent": {"advertising": True}, "id": " null                 "},
        {"event_name": "purchase", "consent": {"advertising": True}, "context": {"event_timestamp": 2.5e11}},
    ],
)
def test_events_at_the_edge(event: dict[str, object]) -> None:
    for name in PROGRAMS:
        compare(plan_named(name), Arrival(dict(event), NOW))
