"""The same purchase from Segment, RudderStack, Jitsu, GA4 and gtag is the same to TikTok."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from trackers import HERE, NOW, only, payload_of, purchase, the_payload

from router.settings import Settings

DEVICE = json.loads((HERE.parent / "end_to_end" / "purchase.json").read_bytes())["context"]["device"]
BROWSER = {"user-agent": DEVICE["user_agent"], "accept-language": "en-US,en;q=0.9"}
VISITOR: dict[str, Any] = {"from_visitor": True, "client_ip": DEVICE["ip"], "headers": BROWSER}
HIT = (HERE / "purchases" / "gtag.txt").read_text().strip()


@pytest.mark.parametrize("name", ["segment", "rudderstack", "jitsu", "jitsu_classic", "ga4"])
def test_a_recorded_purchase(name: str) -> None:
    assert payload_of(only(name, purchase(name))) == the_payload()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("segment", "/v1/batch"),
        ("segment", "/v1/b"),
        ("rudderstack", "/beacon/v1/batch"),
        ("jitsu", "/api/s/s2s/batch"),
    ],
)
def test_a_batch_says_for_all_what_one_event_says_for_itself(name: str, path: str) -> None:
    event = purchase(name)
    shared = {key: event.pop(key) for key in ("context", "sentAt")}
    batch = {"batch": [event], **shared, "writeKey": "a-write-key"}
    assert payload_of(only(name, batch, path=path)) == the_payload()
    assert payload_of(only(name, batch)) == the_payload(), "as in a recorded file"


def test_a_path_stands_in_for_the_type() -> None:
    event = purchase("segment")
    del event["type"]
    for path in ("/v1/t", "/v1/track"):
        assert payload_of(only("segment", event, path=path)) == the_payload()


def test_a_pixel_carries_the_event_as_base64() -> None:
    data = base64.b64encode(json.dumps(purchase("jitsu")).encode()).decode()
    pixel = {"method": "GET", "path": "/api/px/track", "query": {"data": data}}
    assert payload_of(only("jitsu", b"", **pixel)) == the_payload()


def test_a_hit_is_an_address_or_a_line_of_a_body() -> None:
    query = dict(parse_qsl(urlsplit(HIT).query))
    assert payload_of(only("gtag", HIT.encode(), **VISITOR)) == the_payload()
    assert payload_of(only("gtag", b"", method="GET", query=query, **VISITOR)) == the_payload()
    own = {name: query.pop(name) for name in list(query) if name[:2] in ("en", "ep", "pr")}
    line = "&".join(f"{name}={_quoted(value)}" for name, value in own.items())
    assert payload_of(only("gtag", line.encode(), query=query, **VISITOR)) == the_payload()


def _quoted(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode())


@pytest.mark.parametrize("name", ["segment", "rudderstack", "jitsu"])
@pytest.mark.parametrize("minutes", [-90, 0, 61])
def test_a_clock_that_is_wrong_is_corrected(name: str, minutes: int) -> None:
    event = purchase(name)
    ours = 1_795_253_223_740 + minutes * 60_000
    event["originalTimestamp"], event["sentAt"] = ours, ours + 10
    event.pop("timestamp", None)
    assert payload_of(only(name, event, path="/v1/track")) == the_payload()


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("segment", ("context", "consent")),
        ("rudderstack", ("context", "consentManagement")),
        ("ga4", ("consent",)),
    ],
)
def test_without_consent_nothing_is_sent(name: str, without: tuple[str, ...]) -> None:
    event = purchase(name)
    owner = event
    for step in without[:-1]:
        owner = owner[step]
    del owner[without[-1]]
    assert "consent" not in only(name, event).event


@pytest.mark.parametrize("name", ["segment", "rudderstack", "jitsu", "jitsu_classic", "ga4"])
def test_what_is_not_mapped_grants_nothing(name: str) -> None:
    assert only(name, purchase(name), Settings()).event["consent"] == {"unread": True}


def test_keys_and_clocks_do_not_reach_the_event() -> None:
    for name in ("segment", "jitsu_classic"):
        event = only(name, purchase(name)).event
        assert "segment-write-key" not in repr(event)
        assert "classic-key" not in repr(event)
    assert only("segment", purchase("segment")).event["meta"] == {
        "format": "segment",
        "received_at": int(NOW),
        "id_origin": "sender",
        "original_name": "Order Completed",
        "sent_at": "2026-11-21T09:27:03.750Z",
    }
