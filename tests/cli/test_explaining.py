"""`explain`: every outcome, every field, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NOW = ("--now", "2026-01-01T10:00:00Z")
KEYS = {"destination", "outcome", "event", "reason", "payload", "fields"}
FIELD_KEYS = {"path", "value", "at", "choice", "tried"}


def explained(tagwright: Any, *arguments: str, rules: str = "shop.rules", **given: Any) -> Any:
    result = tagwright("explain", "--rules", rules, *NOW, *arguments, "--json", **given)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_purchase_as_text(tagwright: Any, golden: Any) -> None:
    result = tagwright("explain", "--rules", "shop.rules", "--event", "purchase.json")
    assert (result.exit_code, result.stderr) == (0, "")
    golden(result.stdout, "explain-purchase.txt")


def test_what_two_destinations_lack_is_listed_once(tagwright: Any, samples: Path) -> None:
    second = (
        'language 1\nuse "shop.rules"\ndestination second {\n  type = "tiktok"\n  source = "web"\n'
        '  pixel = "C2EXAMPLE00000000000"\n  token = secret("SHOP_TOKEN")\n}\n'
    )
    (samples / "two.rules").write_text(second)
    event = {"event_name": "purchase", "consent": {"advertising": True}}
    result = tagwright("explain", "--rules", "two.rules", "--event", "-", *NOW, given=json.dumps(event))
    first, _, rest = result.stdout.partition("\n\nsecond: send")
    assert first.count("user.email  event.user.email: absent") == 1
    assert "without a value as for shop: 5 fields" in rest
    assert "user.email" not in rest


def test_a_purchase_as_json(tagwright: Any, golden: Any) -> None:
    result = tagwright("explain", "--rules", "shop.rules", "--event", "purchase.json", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    golden(result.stdout, "explain-purchase.json")


def test_several_events_and_every_kind_of_outcome(tagwright: Any, golden: Any) -> None:
    result = tagwright("explain", "--rules", "shop.rules", "--event", "several.jsonl", *NOW)
    assert result.exit_code == 1
    assert result.stderr == "event 1 is rejected: event_name is missing or not a text (missing_event_name)\n"
    golden(result.stdout, "explain-several.txt")


def test_the_json_names_outcome_destination_and_reason(tagwright: Any) -> None:
    result = tagwright("explain", "--rules", "shop.rules", "--event", "several.jsonl", *NOW, "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [(each["destination"], each["outcome"], each["event"], each["reason"]) for each in found] == [
        ("shop", "send", "CompletePayment", None),
        ("shop", "skip", "CompletePayment", "no advertising consent"),
        (None, "drop", None, "bot"),
        (None, "unhandled", None, None),
    ]
    assert all(each.keys() >= KEYS for each in found)
    assert all(field.keys() >= FIELD_KEYS for each in found for field in each["fields"])
    assert [each["payload"] is not None for each in found] == [True, False, False, False]


def test_each_alternative_of_a_fallback_is_accounted_for(tagwright: Any) -> None:
    event = {"event_name": "purchase", "consent": {"advertising": True}}
    shown = explained(tagwright, "--event", "-", "--cookie", "ttclid=E.C.P.cookie", given=json.dumps(event))[
        0
    ]
    ttclid = next(each for each in shown["fields"] if each["path"] == "user.ttclid")
    assert (ttclid["value"], ttclid["choice"], ttclid["at"]) == ("E.C.P.cookie", 2, "shop.rules:26")
    assert ttclid["tried"] == [{"expression": "event.partners.tiktok.ttclid", "why": "absent"}]
    email = next(each for each in shown["fields"] if each["path"] == "user.email")
    assert (email["value"], email["choice"]) == (None, None)
    assert shown["payload"]["user"] == {"ttclid": "E.C.P.cookie"}


def test_a_send_that_another_source_would_have_made(tagwright: Any) -> None:
    event = {"event_name": "add_to_cart", "partners": {"tiktok": {"event_source": "offline"}}}
    found = explained(tagwright, "--event", "-", given=json.dumps(event))
    assert found
    assert {each["outcome"] for each in found} == {"skip"}
    assert all(each["reason"] for each in found)


def test_the_commanders_act_format(tagwright: Any) -> None:
    shown = explained(tagwright, "--event", "commanders_act.json", "--format", "commanders_act")[0]
    assert (shown["outcome"], shown["event"]) == ("send", "AddToCart")
    assert shown["payload"]["properties"] == {"value": 12.5, "currency": "EUR"}
    assert shown["payload"]["user"]["ttclid"] == "E.C.P.cart"


def test_the_raw_format(tagwright: Any) -> None:
    shown = explained(tagwright, "--event", "raw.json", "--format", "raw", rules="raw.rules")[0]
    assert (shown["outcome"], shown["payload"]["event_time"]) == ("send", 1767261600)


def test_the_shipped_rules_are_named_as_they_are_shipped(tagwright: Any, samples: Path) -> None:
    (samples / "mine.rules").write_text('use "standard.rules"\n')
    shown = explained(tagwright, "--event", "purchase.json", rules="mine.rules")
    sent = next(each for each in shown if each["outcome"] == "send")
    assert sent["at"].startswith("rules/standard.rules:")
    assert all(each["at"].startswith("rules/standard.rules:") for each in sent["fields"])


def test_what_cannot_be_explained(tagwright: Any, samples: Path) -> None:
    result = tagwright("explain", "--rules", "bad.rules", "--event", "purchase.json")
    assert (result.exit_code, "bad.rules:3:32" in result.stdout) == (1, True)
    empty = tagwright("explain", "--rules", "shop.rules", "--event", "-", given="[]")
    assert (empty.exit_code, empty.stderr) == (1, "Error: there is no event in it\n")
    for given in ("", "{", "purchase"):
        result = tagwright("explain", "--rules", "shop.rules", "--event", "-", given=given)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "the event cannot be read" in result.stderr


def test_odd_events_are_explained_like_any_other(tagwright: Any) -> None:
    odd = {"event_name": "purchase", "value": {}, "user": 7, "context": [1], "consent": {"advertising": 1}}
    result = tagwright("explain", "--rules", "shop.rules", "--event", "-", given=json.dumps(odd))
    assert result.exit_code == 0
    huge = json.dumps({"event_name": "purchase", "id": "x" * 9000, "consent": {"advertising": True}})
    result = tagwright("explain", "--rules", "shop.rules", "--event", "-", given=huge)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) < 400
