"""Walker and compiled rules side by side: programs, events of any shape, and what must be equal."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from router.assets import asset
from router.lang.check import check
from router.lang.compiled import Plan, Planned, Walked
from router.lang.compiled.runtime import EMPTY
from router.lang.kinds import Kind
from router.lang.outcome import Arrival, Outcome, Skip
from router.lang.parse import parse
from router.lang.program import Program
from router.lang.source import Source
from router.rulebook import ENVIRONMENT, grammar_text, load
from router.testing.mutants import mutants
from router.tiktok.finishing import plan_of

from .random_rules import rules

Samples = tuple[dict[str, Any], ...]
TESTS = Path(__file__).parent.parent
NOW = 1_795_253_230
SHIPPED = sorted(asset("rules").glob("*.rules"))
FIXTURES = sorted((TESTS / "rules" / "fixtures").glob("*.rules"))


# ------------------------------------------------------------------ values

TEXTS = [
    "Ada", "ada@example.com", " Ada@Example.COM ", "no address", "@", "a b@c", "EUR", "eur ", "Euro", "USD",
    "web", "app", "crm", "offline", "ios", "iOS", "Android", "authorized", "native app", "product", "group",
    "+4917012345678", "(+1)2133734253", "00491701234567", "0170 1234567", "+49 (0) 170 1234567", "12",
    "203.0.113.4", "10.0.0.1", "2001:db8::1", "::ffff:203.0.113.4", "not an ip", "fe80::1%eth0",
    "https://shop.example/a?ttclid=E.C.P.x&b=1#c", "http://x.example/?a=1&ttclid=%20x%2B", "HTTPS://X.example",
    "https://shop.example/#/t?ttclid=E", "javascript:x", "//x.example", "http://[::1", "?ttclid=%ff",
    "ea7583cd-a667-48bc-b806-42ecb2b48606", "00000000-0000-0000-0000-000000000000",
    "848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f",
    "848A771458438FC2EC420560D769FB9B9B86851EE338EC56517BAABD79D3BB4F", "95110-1234", "M5V 3L9", "GB",
    "London", "São Paulo", "Ünï", "-", "--", "0", "000", "null", "NULL", "undefined", "NaN", "(not set)",
    "[object Object]", "__CLICKID__", "true", "false", "12.50", "-3", "1e3", "1e999", "12,5", " 7 ", "0x10",
    "2026-11-21T10:07:03Z", "2026-11-21", "9999-12-31T23:59:59Z", "1795253223", "1795253223740", "yesterday",
    "page_view", "purchase", "x" * 8192, "x" * 8193, "e" * 9000 + "@x.example", "\ud800", "a\udfffb", "\x00",
    " ", "\t\n", "İstanbul", "ǅ", "E.C.P." + "c" * 1200, "event-id-of-fair-length", "gold", "platinum",
]  # fmt: skip
NUMBERS = [
    0, 1, -1, 3, 12.5, 0.1, -0.0, 1e308, 5e-324, 1e22, 2**53, 2**53 + 2, float(2**53), 2**63, 2**64, 10**400,
    -(10**400), float("nan"), float("inf"), -float("inf"), 99999999999, 10**11, 10**14, 1_767_261_600,
    1_767_261_600_123, 1_767_261_600_123_456, 253_402_300_800, 253_402_300_799, 1502.48, 7.0,
]  # fmt: skip
COOKIES = ["_ttp", "ttclid", "_ga", "x"]


def leaf(chance: random.Random) -> Any:
    """Something that JSON can hold where nothing is nested, and a little more."""
    match chance.randrange(8):
        case 0:
            return chance.choice([None, True, False])
        case 1 | 2:
            return chance.choice(NUMBERS)
        case 3:
            return chance.choice([[], {}, "", [None], [""], {"a": None}, {"a": ""}])
        case _:
            return chance.choice(TEXTS)


def junk(chance: random.Random, depth: int = 0) -> Any:
    """Any value."""
    match chance.randrange(9 if depth < 4 else 7):
        case 7:
            return [junk(chance, depth + 1) for _ in range(chance.randrange(4))]
        case 8:
            names = ["id", "price", "name", "\ud800", "", "x", "product", "_ttp", "ttclid"]
            return {chance.choice(names): junk(chance, depth + 1) for _ in range(chance.randrange(4))}
        case _:
            return leaf(chance)


def shaped(chance: random.Random, kind: Kind, damage: float) -> Any:
    """A value of a declared kind, and sometimes of another."""
    if chance.random() < damage:
        return junk(chance)
    match kind.base:
        case "object" if kind.fields:
            kept = 0.75 if damage else 0.9
            return {
                name: shaped(chance, child, damage)
                for name, child in kind.fields.items()
                if chance.random() < kept
            }
        case "list" if kind.of is not None:
            if chance.random() < 0.01:
                return [shaped(chance, kind.of, damage)] * 1003
            return [shaped(chance, kind.of, damage) for _ in range(chance.randrange(4))]
        case "text" | "url":
            return chance.choice(kind.options or TEXTS)
        case "number":
            return chance.choice([1, 2, 3, 19.99, 600, 0.1, 7.0, "12.50", "3"])
        case "bool":
            return chance.choice([True, True, True, False, "true"])
        case "time":
            return chance.choice([1_767_261_600, 1_767_261_600_123, "2026-01-01T10:00:00Z"])
        case _:
            return junk(chance)


def hurt(chance: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    """An event with a few places changed: gone, of another kind, or nested where they should not be."""
    event = copy.deepcopy(event)
    for _ in range(chance.randrange(4)):
        place: Any = event
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = chance.choice(keys)
            inside = place[key]
            if isinstance(inside, dict | list) and inside and chance.random() < 0.8:
                place = inside
                continue
            match chance.randrange(4):
                case 0 if isinstance(place, dict):
                    del place[key]
                case 1:
                    place[key] = [inside]
                case _:
                    place[key] = junk(chance)
            break
    return event


# ------------------------------------------------------------------ arrivals


@dataclass(frozen=True)
class Events:
    """Arrivals for one program: shaped as its schema says, hurt samples, and names that its rules know."""

    program: Program
    samples: Samples = ()

    def any(self, chance: random.Random) -> Arrival:
        if self.samples and chance.random() < 0.3:
            event = hurt(chance, chance.choice(self.samples))
        else:
            damage = chance.choice([0.0, 0.0, 0.02, 0.1, 0.3])
            event = shaped_fields(chance, self.program.schema, damage)
        if chance.random() < 0.9:
            self._name(chance, event)
        now = chance.choice([NOW, NOW, 0, 10**11])
        return Arrival(event, now, _cookies(chance), {"user-agent": "Agent/1.0", "x-shop": "eu"})

    def _name(self, chance: random.Random, event: dict[str, Any]) -> None:
        names = sorted(self.program.dispatch.names()) or ["purchase"]
        *groups, last = self.program.event_name
        for group in groups:
            event = event.setdefault(group, {})
            if not isinstance(event, dict):
                return
        event[last] = chance.choice(names) if chance.random() < 0.95 else junk(chance)


def shaped_fields(chance: random.Random, schema: Kind, damage: float) -> dict[str, Any]:
    fields = schema.fields or {}
    event = {name: shaped(chance, kind, damage) for name, kind in fields.items() if chance.random() < 0.9}
    if isinstance(event.get("consent"), dict) and chance.random() < 0.9:
        event["consent"]["advertising"] = True
    return event


def _cookies(chance: random.Random) -> dict[str, str]:
    return {name: chance.choice(TEXTS) for name in COOKIES if chance.random() < 0.3}


def inactive_of(chance: random.Random, program: Program) -> frozenset[tuple[str, str]]:
    """Now and then a destination without its id."""
    pairs = [(name, source) for name, each in program.destinations.items() for source in each.sources]
    return frozenset(pair for pair in sorted(pairs) if chance.random() < 0.1)


# ------------------------------------------------------------------ programs


def shipped() -> dict[str, Program]:
    """Every shipped rule file, and those of the tests that load by themselves."""
    books = {f"{path.parent.name}/{path.stem}": load([path]) for path in [*SHIPPED, *FIXTURES]}
    return {name: book.program for name, book in books.items() if book.program is not None}


def sample_events() -> Samples:
    """Events as shops send them, to be hurt."""
    paths = [asset("rules/fixtures/purchase.json"), TESTS / "end_to_end" / "purchase.json"]
    return tuple(json.loads(path.read_text("utf-8")) for path in paths)


def damaged(program: Program, chance: random.Random, count: int) -> list[Program]:
    """Programs that differ from this one in one place each."""
    found = list(mutants(program))
    return [each.program() for each in chance.sample(found, min(count, len(found)))]


def program_of(text: str) -> Program | None:
    """The checked program of a text, None where it has mistakes."""
    file, problems = parse(Source("made.rules", text), grammar_text())
    program, _ = check([file], ENVIRONMENT)
    return None if problems else program


# ------------------------------------------------------------------ comparison


class Different(AssertionError):  # noqa: N818 - a finding
    """The plan and the walker disagree."""


def compare(plan: Plan, arrival: Arrival, inactive: frozenset[tuple[str, str]] = frozenset()) -> Planned:
    """What both give; the event is not touched by either."""
    before = repr(arrival)
    compiled, walked = plan.run(arrival, inactive), plan.walk(arrival, inactive)
    if tuple(compiled) != tuple(walked) or repr(compiled) != repr(walked):
        raise Different(f"{arrival}\n\ncompiled {told(compiled)}\n\nwalked   {told(walked)}")
    assert repr(arrival) == before
    assert not EMPTY
    return compiled


def told(planned: Planned) -> str:
    return "\n".join([str(planned.result), *(str(tuple(each)) for each in planned.finished)])


@dataclass
class Seen:
    """What comparisons came across, so that it shows whether they looked at anything."""

    events: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    long_ways: int = 0
    walked: list[Walked] = field(default_factory=list)

    def add(self, planned: Planned) -> None:
        self.events += 1
        self.outcomes.update(_kind(each) for each in planned.result.outcomes)
        self.outcomes["note"] += len(planned.result.notes)
        self.outcomes["left out"] += sum(len(each.left_out) for each in planned.finished)


def _kind(outcome: Outcome) -> str:
    return f"skip {outcome.reason}" if isinstance(outcome, Skip) else type(outcome).__name__.lower()


def compare_many(program: Program, seed: int, count: int, seen: Seen, samples: Samples = ()) -> None:
    """Compares so many events of a program; a seed gives the same ones again."""
    chance, plan = random.Random(seed), plan_of(program)  # noqa: S311 - to be repeated
    events = Events(program, samples)
    for _ in range(count):
        seen.add(compare(plan, events.any(chance), inactive_of(chance, program)))
    seen.long_ways += plan.long_ways["events"]
    seen.walked += plan.walked


def random_programs(seed: int) -> Iterator[Program]:
    """Programs made at random, without end; a seed gives the same ones again."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    while True:
        program = program_of(rules(chance))
        if program is not None:
            yield program
