"""Commands that read events from files read them by the settings, as a daemon would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

EVENT = {
    "type": "track",
    "event": "Order Completed",
    "messageId": "m-1",
    "context": {"consent": {"categoryPreferences": {"Ads": True}}},
}
MAPPED = '[consent]\nsegment = { Ads = "advertising" }\n'
AS_SEGMENT = ("--format", "segment")


@pytest.fixture
def event(samples: Path) -> Path:
    path = samples / "segment.json"
    path.write_text(json.dumps(EVENT), "utf-8")
    return path


def outcome(tagwright: Any, *more: str) -> Any:
    result = tagwright(
        "explain", "--rules", "standard.rules", "--event", "segment.json", *AS_SEGMENT, "--json", *more
    )
    assert result.exit_code == 0, result.output
    return [(each["outcome"], each["reason"]) for each in json.loads(result.stdout)]


def test_explain_maps_consent(tagwright: Any, event: Path) -> None:
    assert outcome(tagwright) == [("skip", "no advertising consent")]
    other = event.with_name("other.toml")
    other.write_text(MAPPED, "utf-8")
    assert outcome(tagwright, "--config", str(other)) == [("send", None)]
    event.with_name("tagwright.toml").write_text(MAPPED, "utf-8")
    assert outcome(tagwright) == [("send", None)]


def test_the_others_do_so_too(tagwright: Any, event: Path) -> None:
    event.with_name("tagwright.toml").write_text(MAPPED, "utf-8")
    tried = tagwright("try", "--event", "segment.json", *AS_SEGMENT, given="event.consent.advertising\n")
    assert "true" in tried.stdout
    matched = tagwright("coverage", "--rules", "standard.rules", *AS_SEGMENT, "segment.json", "--json")
    assert json.loads(matched.stdout)["rows"], matched.output
    compared = tagwright(
        "diff", "standard.rules", "upstack.rules", "--events", "segment.json", *AS_SEGMENT, "--json"
    )
    assert "no advertising consent" not in compared.stdout
    learned = tagwright("schema", "learn", "segment.json", *AS_SEGMENT)
    assert "advertising: bool" in learned.stdout


def test_what_the_daemon_alone_needs_may_lack(tagwright: Any, event: Path) -> None:
    keys = '[[write_keys]]\nname = "shop"\nenv = "NOT_SET_HERE"\n'
    event.with_name("tagwright.toml").write_text(f"{MAPPED}{keys}", "utf-8")
    assert outcome(tagwright) == [("send", None)]


def test_a_mistake_in_the_settings_is_told(tagwright: Any, event: Path) -> None:
    event.with_name("tagwright.toml").write_text('[consnt]\nsegment = { Ads = "advertising" }\n', "utf-8")
    result = tagwright("explain", "--rules", "standard.rules", "--event", "segment.json", *AS_SEGMENT)
    assert result.exit_code == 2
    assert "consnt" in result.output


def test_a_format_that_is_none_is_told_with_all_that_are(tagwright: Any) -> None:
    result = tagwright("explain", "--rules", "standard.rules", "--event", "-", "--format", "x", given="{}")
    assert result.exit_code == 2
    assert "stape_data_tag" in result.output
