"""Coverage: which ways through the rules count, and which of them a test takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.testing.coverage import FileCoverage, Ratio, coverage
from tests.testing.rulesets import case, ran

MAPPING = "mapping m { properties.value = event.value }\n"
TABLE = "events with m {\n event | web\n purchase | CompletePayment\n}\n"
BUY = 'event_name: "purchase"'
SENT = "send CompletePayment"


def measured(folder: Path, text: str) -> FileCoverage:
    (found,) = coverage([ran(folder, text)])
    return found


def missing(folder: Path, text: str) -> list[str]:
    """`LINE what is missing`, with lines counted behind the head."""
    return [f"{each.at.line - 5} {each.missing}" for each in measured(folder, text).uncovered]


def test_a_fallback_needs_every_choice_and_none(tmp_path: Path) -> None:
    rules = "mapping m { properties.value = event.value ?? number(event.order_id) }\n" + TABLE
    first = case("a", f"{BUY}, value: 1", SENT)
    second = case("b", f'{BUY}, order_id: "2"', SENT)
    none = case("c", BUY, SENT)
    assert missing(tmp_path, rules + first) == [
        "1 no test in which every choice of `event.value ?? number(event.order_id)` is missing",
        "1 no test takes `number(event.order_id)`, choice 2",
    ]
    assert missing(tmp_path, rules + first + second + none) == []


def test_a_fallback_that_always_has_a_value_needs_no_test_without(tmp_path: Path) -> None:
    rules = "mapping m { event_time = event.context.event_timestamp ?? now() }\n" + TABLE
    given = f"{BUY}, context: {{event_timestamp: 1767225600}}"
    assert missing(tmp_path, rules + case("a", BUY, SENT) + case("b", given, SENT)) == []


def test_a_fallback_inside_a_name_counts_at_the_name(tmp_path: Path) -> None:
    rules = "let v = event.value ?? 7\nmapping m { properties.value = v }\n" + TABLE
    assert missing(tmp_path, rules + case("a", BUY, SENT)) == ["1 no test takes `event.value`, choice 1"]


def test_a_fallback_in_a_list_may_go_all_ways_in_one_test(tmp_path: Path) -> None:
    rules = "mapping m {\n properties.contents = each i in event.items where i.quantity > 0 {\n"
    rules += '  content_id = i.id ?? i.product.id ?? "none"\n }\n}\n' + TABLE
    items = 'items: [{id: "a", quantity: 1}, {product: {id: "b"}, quantity: 1}, {quantity: 1}]'
    assert missing(tmp_path, rules + case("a", f"{BUY}, {items}", SENT)) == [
        "2 no test in which `i.quantity > 0` does not hold"
    ]


def test_branches_of_expressions(tmp_path: Path) -> None:
    rules = 'mapping m {\n properties.status = if event.value > 1 then "a" else "b"\n'
    rules += ' properties.description = match event.status {\n "x" -> "1"\n * -> "2"\n }\n}\n' + TABLE
    assert missing(tmp_path, rules + case("a", f'{BUY}, value: 2, status: "x"', SENT)) == [
        '2 no test takes `else "b"`',
        '5 no test takes `* -> "2"`',
    ]


def test_branches_of_statements_and_the_way_past_them(tmp_path: Path) -> None:
    rules = 'mapping m {\n when event.value > 9 { properties.status = "a" }\n'
    rules += ' otherwise when event.value > 1 { properties.status = "b" }\n}\n' + TABLE
    assert missing(tmp_path, rules + case("a", f"{BUY}, value: 10", SENT)) == [
        "3 no test in which `event.value > 1` holds",
        "3 no test in which `event.value > 1` does not hold",
    ]


def test_gates_and_requirements_both_ways(tmp_path: Path) -> None:
    rules = (
        TABLE
        + 'mapping m {\n require user.email reason "nobody"\n user.email = hash_email(event.user.email)\n}\n'
    )
    rules += 'destination b { type = "tiktok"\n app_id = env("APP")\n token = secret("T")\n'
    rules += " requires event.consent.advertising\n}\n"
    assert missing(tmp_path, rules) == [
        "3 no test of `purchase` for web, cell `CompletePayment`",
        '6 no test meets `require user.email reason "nobody"`',
        '6 no test fails `require user.email reason "nobody"`',
        "12 no test in which `event.consent.advertising` holds",
        "12 no test in which `event.consent.advertising` does not hold",
    ]


def test_what_stands_behind_a_closed_gate_is_not_covered(tmp_path: Path) -> None:
    rules = 'destination b { type = "tiktok"\n app_id = env("APP")\n token = secret("T")\n'
    rules += " requires event.consent.advertising\n}\n"
    rules += "mapping m { properties.value = event.value ?? 1 }\n"
    rules += 'source = "app"\nevents with m {\n event | app\n purchase | Purchase\n}\n'
    found = missing(tmp_path, rules + case("a", BUY, 'skip to b "requires"'))
    assert "6 no test takes `1`, choice 2" in found


def test_drops(tmp_path: Path) -> None:
    rules = 'drop heartbeat\ndrop when event.value > 5 reason "much"\n' + MAPPING + TABLE
    assert missing(tmp_path, rules + case("a", f"{BUY}, value: 6", 'drop "much"')) == [
        "1 no test is dropped by `drop heartbeat`",
        "2 no test in which `event.value > 5` does not hold",
        "6 no test of `purchase` for web, cell `CompletePayment`",
    ]


def test_rules_with_actions(tmp_path: Path) -> None:
    rules = MAPPING + "on purchase, refund for web {\n send Subscribe with m sample 50% by event.id\n"
    rules += " when event.value < 0 { drop }\n}\n"
    found = missing(tmp_path, rules + case("a", f'{BUY}, id: "1", value: 1', "nothing"))
    assert [each for each in found if "sample" not in each and "Subscribe" not in each] == [
        "2 no test of the event `refund`",
        "4 no test in which `event.value < 0` holds",
        "4 no test reaches this drop",
    ]
    assert sum("sample" in each for each in found) == 1 + sum("Subscribe" in each for each in found)


def test_each_name_of_a_row_and_its_condition(tmp_path: Path) -> None:
    rules = (
        MAPPING
        + "events with m {\n event | web\n purchase, refund | CompletePayment when event.value > 0\n}\n"
    )
    assert missing(tmp_path, rules + case("a", f"{BUY}, value: 1", SENT)) == [
        "4 no test of the event `refund`",
        "4 no test in which `event.value > 0` does not hold",
    ]


def test_a_switch_that_is_constant_has_one_way(tmp_path: Path) -> None:
    rules = 'let on_at_all = true\nlet names = ["purchase"]\n' + MAPPING
    rules += "events with m {\n event | web\n purchase | CompletePayment when on_at_all\n"
    rules += " view_item, purchase2 | ViewContent when event.event_name in names\n}\n"
    tests = case("a", BUY, SENT) + case("b", 'event_name: "view_item"') + case("c", 'event_name: "purchase2"')
    assert missing(tmp_path, rules + tests) == []


SWITCHED = """let on = {on}
mapping m {{
  properties.value = if on then event.value ?? 1 else event.value ?? 2
  when on {{ require user.ip }} otherwise when event.value > 3 {{ require user.email }}
}}
on purchase {{ when on {{ send Subscribe with m }} otherwise {{ drop }} }}
"""


@pytest.mark.parametrize(("switch", "open_"), [("true", ("1", "user.ip")), ("false", ("2", "user.email"))])
def test_what_a_switch_closes_needs_no_test(tmp_path: Path, switch: str, open_: tuple[str, str]) -> None:
    found = missing(tmp_path, SWITCHED.format(on=switch) + case("a", "value: 1"))
    told = " ".join(found)
    assert [
        text in told for text in ("`1`", "`2`", "user.ip", "user.email", "reaches `send", "this drop")
    ] == [text in open_ for text in ("1", "2", "user.ip", "user.email")] + [
        switch == "true",
        switch == "false",
    ]


def test_a_replaced_row_needs_no_test(tmp_path: Path) -> None:
    rules = (
        MAPPING
        + "events with m {\n event | web\n purchase | CompletePayment\n override purchase | Subscribe\n}\n"
    )
    assert missing(tmp_path, rules) == ["5 no test of `purchase` for web, cell `Subscribe`"]


def test_a_file_counts_once_however_many_rule_sets_use_it(tmp_path: Path) -> None:
    one = ran(tmp_path, MAPPING + TABLE)
    two = ran(tmp_path, MAPPING + TABLE + case("a", BUY, SENT))
    assert [each.ratio for each in coverage([one, two])] == [Ratio(1, 1)]
    assert coverage([one], frozenset()) == []


def test_a_failing_test_still_goes_through_the_rules(tmp_path: Path) -> None:
    assert missing(tmp_path, MAPPING + TABLE + case("a", BUY, "unhandled")) == []


@pytest.mark.parametrize(
    ("covered", "total", "shown"),
    [(0, 0, "100.0 %"), (999, 1000, "99.9 %"), (1999, 2000, "99.9 %"), (1, 3, "33.3 %")],
)
def test_percents_are_rounded_down(covered: int, total: int, shown: str) -> None:
    assert str(Ratio(covered, total)) == shown
    assert Ratio(covered, total).below(100) == (covered < total)
