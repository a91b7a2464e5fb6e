"""`tagwright try`: expressions and commands, line by line, as they arrive on standard input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main

RULES = """language 1
use "standard.rules"

let it = "a name that the prompt may not need"
let dear = event.value > 100
"""


def tried(*lines: str, rules: Path | None = None, event: Path | None = None) -> Result:
    options = ["--rules", str(rules)] if rules else []
    options += ["--event", str(event)] if event else []
    return CliRunner().invoke(main, ["try", *options], input="\n".join(lines) + "\n")


def shown(*lines: str) -> str:
    result = tried(*lines)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.rules"
    path.write_text(RULES, "utf-8")
    return path


# ------------------------------------------------------------------ expressions


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("event.value", "120.5  (number)"),
        ("event.value * 2 > 200", "true  (bool)"),
        ("event.items[].id", '["sku-1"]  (list of text)'),
        ("lower(event.user.id)", '"u-1"  (text, personal data)'),
        ("event.search_term", "missing  (text): absent"),
        ('number("x")', "missing  (number): gives nothing for this value"),
        ("{a: 1, b: [event.currency]}", '{"a": 1, "b": ["EUR"]}  (object)'),
        ('"ü“🎁"', '"ü“🎁"  (text)'),
    ],
)
def test_an_expression_shows_value_and_type(line: str, answer: str) -> None:
    assert shown(line) == answer + "\n"


def test_a_fallback_says_which_alternative_and_why_not_the_others() -> None:
    assert shown('event.partners.tiktok.ttclid ?? cookie("ttclid") ?? event.id') == (
        '"evt-42"  (text)\n'
        "  from event.id\n"
        "  1 event.partners.tiktok.ttclid  absent\n"
        '  2 cookie("ttclid")  not found\n'
    )


def test_a_fallback_without_a_value_says_so_of_each() -> None:
    assert shown('event.search_term ?? cookie("q")') == (
        "missing  (text): every alternative is missing\n"
        "  1 event.search_term  absent\n"
        '  2 cookie("q")  not found\n'
    )


def test_a_mistake_is_drawn_on_the_line_that_was_typed() -> None:
    result = tried("event.user.emial", "event.value")
    assert result.exit_code == 1
    assert "error[E201]" in result.output
    assert " --> <try>:1:12\n  |\n1 | event.user.emial\n  |            ^^^^^" in result.output
    assert "1 | event.user.email\n" in result.output
    assert result.output.endswith("120.5  (number)\n")


@pytest.mark.parametrize(
    "line", ["event.value >", "= 3", "lower(", "“x”", "}", "x {", '"', "a b c", "let x = 1"]
)
def test_what_does_not_read_is_explained_and_nothing_else_is_lost(line: str) -> None:
    result = tried(line, "event.currency")
    assert result.exit_code == 1
    assert "error[" in result.output
    assert "<try>:1:" in result.output
    assert result.output.endswith('"EUR"  (text)\n')


def test_a_warning_comes_before_the_value() -> None:
    text = shown('"a" ?? "b"')
    assert text.startswith("warning[W501]")
    assert text.endswith('"a"  (text)\n  from "a"\n')


def test_empty_lines_and_comments_say_nothing() -> None:
    assert shown("", "   ", "# event.value") == ""


def test_the_names_of_the_rules_are_there(shop: Path) -> None:
    result = tried("dear", "it", rules=shop)
    assert result.output == 'true  (bool)\n"a name that the prompt may not need"  (text)\n'


# ------------------------------------------------------------------ commands


def test_the_event_can_be_changed() -> None:
    lines = [
        ".set event.value = 12",
        "event.value",
        '.set event.currency = upper("usd")',
        "event.currency",
        '.set event.items[1].id = "sku-2"',
        "event.items[].id",
        ".set event.items[0] = missing",
        "event.items[].id",
        ".set event.user = null",
        "event.user.id",
    ]
    assert shown(*lines).splitlines() == [
        "12  (number)",
        '"USD"  (text)',
        '["sku-1", "sku-2"]  (list of text)',
        '["sku-2"]  (list of text)',
        "missing  (text, personal data): absent",
    ]


def test_a_value_that_does_not_fit_its_type_is_set_and_then_missing() -> None:
    text = shown('.set event.value = "a lot"', "event.value")
    assert text == (
        "missing  (number): not a number\n  left out, it does not fit: event.value: not a number\n"
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (".set", ".set event.path = value, as in"),
        (".set event.value =", ".set event.path = value, as in"),
        (".set event.valeu = 1", "did you mean `value`?"),
        (".set now() = 1", "is no field of the event"),
        (".set event.items[].id = 1", "is no field of the event"),
        (".set event.value = nothing_like_it", "`nothing_like_it` is not a name"),
        (".set event.value = # twelve", "error["),
        ('.set event.id = "\\ud800"', "a backslash in this text stands for nothing"),
        (".set event.value = NaN", "`NaN` is not a name"),
        (".set event.value = 1, 2", "error["),
        (".set event = 3", "the event is an object"),
        (".cookie", ".cookie name=value"),
        (".hepl", "did you mean `.help`?"),
        (".fields no_such_thing", "no field with `no_such_thing`"),
    ],
)
def test_a_wrong_command_says_what_is_wrong_and_changes_nothing(line: str, why: str) -> None:
    result = tried(line, "event.value")
    assert result.exit_code == 1
    assert why in result.output
    assert result.output.endswith("120.5  (number)\n")


def test_a_long_number_keeps_every_digit() -> None:
    lines = [".set event.value = 12345678901234567890123", ".event"]
    assert json.loads(shown(*lines))["value"] == 12345678901234567890123


def test_cookies_come_and_go() -> None:
    lines = [".cookie ttclid=E.C.P=x", 'cookie("ttclid")', ".cookie ttclid=", 'cookie("ttclid")']
    assert shown(*lines) == '"E.C.P=x"  (text)\nmissing  (text): not found\n'


def test_explain_follows_what_was_set() -> None:
    text = shown(".set event.consent.advertising = false", ".explain")
    assert text.startswith("purchase, source web\n")
    assert "tiktok_web: skip" in text


def test_the_event_is_shown_as_json() -> None:
    assert json.loads(shown(".event"))["id"] == "evt-42"
    assert shown(".cookie a=b", ".event").endswith("cookie a=b\n")


def test_fields_have_types_and_what_the_sample_has() -> None:
    assert shown(".fields event.items[].quantity").split() == ["event.items[].quantity", "number", "2"]
    assert "event.user.email" in shown(".fields")


def test_help_names_every_command() -> None:
    text = shown(".help")
    assert all(name in text for name in (".event", ".set", ".cookie", ".explain", ".fields", ".quit"))


def test_nothing_is_read_after_quit() -> None:
    assert shown("event.value", ".quit", "no such thing") == "120.5  (number)\n"


# ------------------------------------------------------------------ files


def test_an_event_of_ones_own(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"event_name": "search", "search_term": "boots"}', "utf-8")
    result = tried("event.event_name", "event.search_term", ".event", event=event)
    assert result.exit_code == 0
    assert result.output.startswith('"search"  (text)\n')


@pytest.mark.parametrize("body", ["", "{", "[]", "[3]"])
def test_an_event_that_cannot_be_read_is_refused(tmp_path: Path, body: str) -> None:
    event = tmp_path / "event.json"
    event.write_text(body, "utf-8")
    result = tried("event.value", event=event)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")


def test_rules_with_mistakes_are_shown_instead(shop: Path) -> None:
    shop.write_text(RULES + "let x = no_such_name\n", "utf-8")
    result = tried("event.value", rules=shop)
    assert result.exit_code == 1
    assert "error[E202]" in result.output
    assert "120.5" not in result.output
