"""Mutants: every kind of mistake is made, each changes one thing, and the tests that cover it decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.lang.outcome import Arrival
from router.lang.route import route
from router.testing.mutants import mutants
from router.testing.survivors import mutation
from tests.testing.rulesets import case, program, ran

MAPPING = "mapping m { properties.value = event.value }\n"
TABLE = "events with m {\n event | web\n purchase | CompletePayment\n}\n"
BUY = 'event_name: "purchase"'
EACH = "each i in event.items where i.quantity > 0 {\n content_id = i.id\n }"
FILTER = f"mapping m {{\n properties.contents = {EACH}\n}}"
IP = "user.ip = event.context.device.ip"
LARGE = "CompletePayment when event.value > 3\n"
SOME = "on purchase { send Subscribe sample 10% by event.id }"


def changes(folder: Path, text: str) -> list[str]:
    return [each.what for each in mutants(program(folder, text))]


@pytest.mark.parametrize(
    ("rules", "change"),
    [
        (MAPPING, "without `properties.value = event.value`"),
        ("let x = event.id ?? event.order_id", "without the choice `event.order_id`"),
        ("let x = event.id ?? event.order_id", "`event.order_id` before `event.id`"),
        ('let x = event.id == "a"', '`event.id == "a"` with `!=` for `==`'),
        ("let x = event.value <= 3", "`event.value <= 3` with `<` for `<=`"),
        ("let x = event.value <= 3", "`4` for `3`"),
        ('let x = "a"', '`"a~"` for `"a"`'),
        ("let x = true", "`false` for `true`"),
        ("let x = event.id is present", "`event.id is present` with `is missing`"),
        ("let x = if event.consent.analytics then 1 else 2", "the opposite of `event.consent.analytics`"),
        ('let x = match event.id {\n "a" -> 1\n}', '`"a~"` for `"a"`'),
        ('drop purchase reason "x"', 'without `drop purchase reason "x"`'),
        ("drop when event.value > 3", "the opposite of `event.value > 3`"),
        ('source = event.partners.tiktok.event_source ?? "web"', 'without the choice `"web"`'),
        ("mapping m { omit user.ip }", "without `omit user.ip`"),
        ("mapping m { require user.ip }", "without `require user.ip`"),
        (f"mapping m {{ when event.value > 3 {{ {IP} }} }}", "the opposite of `event.value > 3`"),
        (f"mapping m {{ for web {{ {IP} }} }}", f"without `{IP}`"),
        (FILTER, "without `where i.quantity > 0`"),
        (MAPPING + TABLE, "`-` for `CompletePayment` in the column web"),
        (MAPPING + TABLE.replace("CompletePayment\n", LARGE), "without `when event.value > 3`"),
        (MAPPING + TABLE.replace("CompletePayment", "-"), "`AddPaymentInfo` for `-` in the column web"),
        (MAPPING + SOME, "`100%` for `sample 10% by event.id`"),
        (MAPPING + "on purchase { send Subscribe when event.value > 3 }", "without `when event.value > 3`"),
        (MAPPING + "on purchase { drop }", "without `drop`"),
    ],
)
def test_a_kind_of_mistake(tmp_path: Path, rules: str, change: str) -> None:
    assert change in changes(tmp_path, rules + "\n")


@pytest.mark.parametrize(("switch", "value"), [("true", "event.value"), ("false", "1")])
def test_mistakes_behind_a_switch_that_is_off_make_no_difference(
    tmp_path: Path, switch: str, value: str
) -> None:
    rules = f"let on = {switch}\n" + (
        "mapping m { when on { properties.value = event.value } otherwise { properties.value = 1 } }\n"
    )
    lines = [each for each in changes(tmp_path, rules) if each.startswith("without `properties")]
    assert lines == [f"without `properties.value = {value}`"]


def test_every_gate_may_be_forgotten(tmp_path: Path) -> None:
    rules = 'destination b { type = "tiktok"\n app_id = env("APP")\n token = secret("T")\n'
    rules += " requires event.consent.advertising\n}\n"
    found = changes(tmp_path, rules)
    assert found == [
        "without `requires event.consent.advertising`",
        "the opposite of `event.consent.advertising`",
    ]


def test_the_rules_themselves_stay_as_they_are(tmp_path: Path) -> None:
    rules = program(tmp_path, MAPPING + TABLE)
    arrival = Arrival({"event_name": "purchase", "value": 3}, 0)
    before = route(rules, arrival)
    changed = [route(each.program(), arrival) for each in mutants(rules)]
    assert route(rules, arrival) == before
    assert all(each != before for each in changed)
    assert len(changed) == 3


def test_a_condition_that_cannot_be_false_is_no_mistake_to_forget(tmp_path: Path) -> None:
    rules = (
        'let names = ["purchase"]\n'
        + MAPPING
        + TABLE.replace("Payment\n", "Payment when event.event_name in names\n")
    )
    assert "without `when event.event_name in names`" not in changes(tmp_path, rules)


def test_tests_that_look_notice_every_mutant(tmp_path: Path) -> None:
    blind = case("a", f"{BUY}, value: 3", "send CompletePayment")
    seeing = case("a", f"{BUY}, value: 3", "send CompletePayment { properties.value = 3 }")
    found = mutation([ran(tmp_path, MAPPING + TABLE + blind)], None)
    assert [(str(each.at).rpartition(":")[2], each.what, each.covered) for each in found.survivors] == [
        ("6", "without `properties.value = event.value`", True)
    ]
    found = mutation([ran(tmp_path, MAPPING + TABLE + seeing)], None)
    assert (found.tried, found.killed, found.survivors) == (3, 3, ())


def test_what_no_test_reaches_is_said_to_be_untested(tmp_path: Path) -> None:
    found = mutation([ran(tmp_path, MAPPING + TABLE)], None)
    assert [each.covered for each in found.survivors] == [False] * 3
    assert found.below(1)


def test_a_failing_test_notices_nothing(tmp_path: Path) -> None:
    found = mutation([ran(tmp_path, MAPPING + TABLE + case("a", BUY, "unhandled"))], None)
    assert found.killed == 0


def test_a_limit_takes_mutants_from_everywhere(tmp_path: Path) -> None:
    suite = ran(tmp_path, "".join(f"let x{n} = {n}\n" for n in range(100)))
    found = mutation([suite], None, limit=4)
    assert (found.possible, found.tried) == (100, 4)
    assert [each.at.line for each in found.survivors] == [6, 31, 56, 81]


def test_another_rule_set_with_the_file_may_notice(tmp_path: Path) -> None:
    seeing = case("a", f"{BUY}, value: 3", "send CompletePayment { properties.value = 3 }")
    suites = [ran(tmp_path, MAPPING + TABLE), ran(tmp_path, MAPPING + TABLE + seeing)]
    assert mutation(suites, None).survivors == ()
