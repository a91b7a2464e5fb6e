"""What lints find besides the examples of their pages, and above all what they let pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.assets import asset
from router.linting import inspect_rules

from .inspected import codes, inspected

ROW = "\nevents with order {\n  event    | web\n  purchase | Purchase\n}\n"
APP = (
    '\ndestination shop_app {\n  type   = "tiktok"\n  source = "app"\n'
    '  app_id = env("TIKTOK_APP_ID")\n  token  = secret("TIKTOK_TOKEN")\n}\n'
)


def order(*lines: str) -> str:
    body = "".join(f"  {line}\n" for line in ("page.url = event.url", *lines))
    return f"mapping order {{\n{body}}}\n{ROW}"


@pytest.mark.parametrize("path", sorted(asset("rules").glob("**/*.rules")), ids=lambda path: path.name)
def test_the_shipped_rules_lint_clean(path: Path) -> None:
    assert [each.message for each in inspect_rules([path], "lint").problems] == []


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("event_id = event.id", []),
        ("event_id = event.id ?? now()", ["E301"]),
        ("event_id = event.id ?? text(now())", ["W535"]),
        ("event_id = concat(event.id, event.url)", []),
        ("event_id = concat(event.url, event.at)", ["W535"]),
        ('event_id = if event.is_test then "test" else event.id', []),
        ('properties.content_ids = event.items[].id\n  properties.content_type = "product"', []),
        (
            "properties.content_ids = event.items[].id\n  properties.contents = each item in event.items {\n"
            '    content_id = item.id\n    content_type = "product"\n  }',
            [],
        ),
        (
            "properties.contents = each item in event.items {\n    content_id = item.id\n"
            "    price = event.value\n  }",
            ["W538"],
        ),
        ("user.ttclid = query(event.url, \"ttclid\") ?? cookie(\"ttclid\")", []),
        ("user.ttclid = cookie(\"ttclid\")", []),
        ("properties.status = event.user.tier\n  properties.status = event.channel", []),
        ('when event.is_test { properties.status = "test" }\n  properties.status = event.channel', []),
        ('properties.status = event.channel\n  when event.is_test { properties.status = "test" }', []),
    ],
)  # fmt: skip
def test_lines_of_a_mapping(line: str, wanted: list[str], tmp_path: Path) -> None:
    assert codes(order(line), tmp_path) == wanted


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("send Lead\n  send Contact", []),
        ("when event.is_test { send Lead } otherwise { send Lead }", []),
        ("when event.is_test { send Lead }\n  send Lead", ["W540"]),
        ('send Lead when event.channel == "web"\n  send Lead when event.channel == "store"', []),
        ("send CompletePayment { event_id = event.id }\n  send Purchase { event_id = event.id }", ["W530"]),
        ("send CompletePayment with ids\n  send Purchase with ids", ["W530", "W536"]),
        ('send custom(if event.is_test then "1st" else event.event_name)', ["W534"]),
        ('send custom(if event.is_test then "Checkout" else "Other")', ["W533", "W547"]),
        ('send "our_lead"', ["W547"]),
        ('send "browse"', ["W533"]),
        ('send "checkout"', ["W533"]),
        ('send "completepayment"', ["W531"]),
        ("send ClickButton", ["W532"]),
    ],
)
def test_sends_of_a_rule(body: str, wanted: list[str], tmp_path: Path) -> None:
    rest = "mapping ids { event_id = event.id }\non other { send Contact with ids }\n"
    text = f"on signup {{\n  {body}\n}}\n{rest}"
    assert [each for each in codes(text, tmp_path) if each != "W544"] == wanted


@pytest.mark.parametrize(
    ("gate", "wanted"),
    [
        ('event.channel == "web"', []),
        ("event.consent.advertising", []),
        ("not event.is_test", ["W510"]),
        ("event.is_test is missing or not (event.is_test is present)", []),
        ('event.is_test is present and event.channel != "web"', ["W510"]),
        ('(event.channel ?? "web") != "store"', []),
    ],
)
def test_gates(gate: str, wanted: list[str], tmp_path: Path) -> None:
    text = (
        'destination other {\n  type = "tiktok"\n  pixel = env("OTHER_PIXEL")\n'
        f'  token = secret("TIKTOK_TOKEN")\n'
        f"  requires {gate}\n}}\non signup {{ send Lead }}\n"
    )
    assert [each for each in codes(text, tmp_path) if each != "W544"] == wanted


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ('pixel = "C4ABCDEFGHIJ23456789"', []),
        ('pixel = "short"', ["W542"]),
        ('dataset = "7321 55"', ["W542"]),
        ('pixel = env("C4ABCDEFGHIJ23456789")', ["W542"]),
        ('pixel = env("SHOP PIXEL")', ["W542"]),
        ('pixel = env("SHOP_PIXEL")', []),
    ],
)
def test_ids_of_destinations(setting: str, wanted: list[str], tmp_path: Path) -> None:
    text = f'destination other {{\n  type = "tiktok"\n  {setting}\n  token = secret("TIKTOK_TOKEN")\n}}\n'
    assert codes(text, tmp_path) == wanted


def test_what_is_not_used_by_rules(tmp_path: Path) -> None:
    text = "let a = event.id\nlet b = a\nmapping lonely { event_id = event.id }\n"
    assert codes(text, tmp_path) == []
    found = inspected(text + APP + "on signup for web { send Lead }\n", tmp_path)
    assert [each.mark.span.text for each in found if each.code == "W502"] == ["b", "lonely", "shop_app"]


def test_only_the_named_files_are_looked_at(tmp_path: Path) -> None:
    assert codes("let a = 1\n" + order(), tmp_path) == ["W502"]
    (tmp_path / "user.rules").write_text('language 1\nuse "example.rules"\n')
    assert inspect_rules([tmp_path / "user.rules"], "all").problems == ()


def test_a_check_shows_the_surest_warnings_only(tmp_path: Path) -> None:
    text = order('properties.currency = "EUR" ?? event.currency', "event_id = event.url")
    assert codes(text, tmp_path, "check") == ["W501"]
    assert codes(text, tmp_path, "lint") == ["W501", "W535"]


def test_old_names_are_quiet_by_default_or_when_all_are_renamed(tmp_path: Path) -> None:
    text = "on signup { send SubmitForm { page.url = event.url } }\n"
    assert codes(text, tmp_path, "lint") == []
    assert codes(text, tmp_path) == ["W530"]
    assert codes(text + 'settings { event_names = "current" }\n', tmp_path) == []


def test_events_that_a_fixture_gives_are_tested_when_their_send_is_expected(tmp_path: Path) -> None:
    text = order() + 'test "it" {\n  given "purchase.json" { }\n  expect send Purchase\n}\n'
    assert codes(text, tmp_path) == []


def test_lints_wait_for_a_file_without_errors(tmp_path: Path) -> None:
    assert codes(order("event_id = event.url", "properties.value = event.valeu"), tmp_path) == ["E201"]
