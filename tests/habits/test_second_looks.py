"""What a newcomer asks next: why is my event unhandled, my field unread, my second destination unexpected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from router.cli import main

RULES = """\
language 1
use "standard.rules"

destination outlet {
  type   = "tiktok"
  source = "web"
  pixel  = env("OUTLET_PIXEL")
  token  = secret("OUTLET_TOKEN")
  requires event.order_id starts_with "outlet-" reason "another shop"
}

test "an order of the outlet" {
  given {
    event.event_name          = "purchase"
    event.order_id            = "outlet-1"
    event.consent.advertising = true
  }
  expect send CompletePayment to tiktok_web
}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.rules"
    path.write_text(RULES, "utf-8")
    return path


def _explained(shop: Path, event: dict[str, object]) -> str:
    arguments = ["explain", "--rules", str(shop), "--event", "-", "--now", "2026-01-01T10:00:00Z"]
    result = CliRunner().invoke(main, arguments, input=json.dumps(event))
    assert result.exit_code == 0, result.output
    return result.output


def test_an_event_nearly_known_names_the_known_one(shop: Path) -> None:
    assert "for this source; did you mean `purchase`?" in _explained(shop, {"event_name": "purchse"})


def test_an_event_known_elsewhere_names_the_sources(shop: Path) -> None:
    shop.write_text(RULES + "events with base {\n  event | web\n  quiz | Lead\n}\n", "utf-8")
    event = {"event_name": "quiz", "experience_type": "native app"}
    assert "for this source; there are rules for it for web" in _explained(shop, event)


def test_fields_that_nothing_can_read_are_named_at_any_depth(shop: Path) -> None:
    event = {"event_name": "scroll", "color": 1, "user": {"nick": "a"}, "items": [{"size": 1}, {"size": 2}]}
    shown = _explained(shop, event)
    assert shown.endswith("no rule can use them:\n  event.color\n  event.items[].size\n  event.user.nick\n")
    assert "no rule can use" not in _explained(shop, {"event_name": "scroll", "value": 1})


def test_of_many_undeclared_fields_ten_are_named(shop: Path) -> None:
    event = {"event_name": "scroll", **{f"more_{number:02}": number for number in range(13)}}
    assert _explained(shop, event).endswith("  event.more_09\n  and 3 more\n")


def test_a_second_destination_is_explained_where_a_test_expects_one(shop: Path) -> None:
    result = CliRunner().invoke(main, ["test", str(shop)])
    assert result.exit_code == 1
    assert "unexpected: CompletePayment to outlet" in result.output
    assert "to expect them: to outlet, tiktok_web\n" in result.output
    shop.write_text(RULES.replace("to tiktok_web", "to outlet, tiktok_web"), "utf-8")
    assert CliRunner().invoke(main, ["test", str(shop)]).exit_code == 0


def test_the_prompt_knows_what_was_nearly_a_command() -> None:
    result = CliRunner().invoke(main, ["try"], input="help\nevent.value = 3\n")
    assert result.exit_code == 1
    assert "commands begin with a dot: .help" in result.output
    assert "to change the event: .set event.value = 3" in result.output
