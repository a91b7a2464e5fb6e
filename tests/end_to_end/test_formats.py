"""One purchase in every format, posted as its tracker posts it, is the same at TikTok."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from daemons import HERE, House, Shop, counted, until

from router.inputs import FORMATS
from router.tiktok.mock import MockTikTok

PURCHASES = HERE.parent / "inputs" / "purchases"
ID = "pur-4ce42dac-04b6-6a7e7eb76b8f"
MILLIS = 1795253223740
KEY, SECRET = "write-key-of-the-shop", "secret-of-the-shop"
VISITOR: Mapping[str, str] = json.loads((HERE / "purchase.json").read_bytes())["context"]["device"]
SETTINGS = """
trusted_proxies = ["127.0.0.1/32"]

[[write_keys]]
name = "shop"
env = "SHOP_KEY"

[[write_keys]]
name = "hooks"
env = "HOOK_SECRET"
signature = "shopify"

[shopify]
item_id = "sku"
order_id = "name"

[consent]
segment = { marketing = "advertising" }
rudderstack = { C0004 = "advertising" }
jitsu = { marketing = "advertising" }
ga4 = { ad_user_data = "advertising", ad_storage = "advertising" }
shopify = { marketing = "advertising" }
mparticle = { marketing = "advertising" }
walkeros = { marketing = "advertising" }
stape_data_tag = { ad_storage = "advertising" }
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A daemon with a key, and one that signs."""
    made = House(tmp_path_factory.mktemp("formats"))
    with MockTikTok() as running:
        env = {"SHOP_KEY": KEY, "HOOK_SECRET": SECRET}
        yield Shop(made.start(running.base_url, settings=SETTINGS, env=env), running)
        made.end()


@dataclass(frozen=True)
class Sent:
    """How a tracker sends, and the status that it hears."""

    path: str
    status: int = 200
    headers: Callable[[bytes], Mapping[str, str]] = lambda _: {}
    pack: Callable[[Any], Any] = lambda event: event
    expected: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda payload: payload)


def basic(user: str) -> Callable[[bytes], Mapping[str, str]]:
    shown = base64.b64encode(f"{user}:".encode()).decode()
    return lambda _: {"authorization": f"Basic {shown}"}


def bearer(_body: bytes) -> Mapping[str, str]:
    return {"authorization": f"Bearer {KEY}"}


def signed(body: bytes) -> Mapping[str, str]:
    digest = hmac.digest(SECRET.encode(), body, hashlib.sha256)
    return {
        "x-shopify-topic": "orders/paid",
        "x-shopify-shop-domain": "shop.example.com",
        "x-shopify-hmac-sha256": base64.b64encode(digest).decode(),
    }


def cloud(_body: bytes) -> Mapping[str, str]:
    return {"content-type": "application/cloudevents+json", "x-write-key": KEY}


def without_category(payload: dict[str, Any]) -> dict[str, Any]:
    for item in payload["properties"]["contents"]:
        del item["content_category"]
    return payload


SENT = {
    "standard": Sent("/v1/events", 202, bearer),
    "segment": Sent("/v1/batch", pack=lambda event: {"batch": [event], "writeKey": KEY}),
    "rudderstack": Sent("/v1/track", headers=lambda body: {**basic(KEY)(body), "anonymousid": "YQ=="}),
    "jitsu": Sent("/api/s/s2s/track", headers=lambda _: {"x-write-key": KEY}),
    "jitsu_classic": Sent("/api/v1/s2s/event", pack=lambda event: {**event, "api_key": KEY}),
    "ga4": Sent(f"/mp/collect?api_secret={KEY}&measurement_id=G-1", 204),
    "shopify": Sent("/shopify", headers=signed, expected=without_category),
    "mparticle": Sent("/v2/events", 202, basic(KEY)),
    "commanders_act": Sent(f"/events?tc_s=1&token={KEY}"),
    "walkeros": Sent(f"/collect?write_key={KEY}"),
    "stape_data_tag": Sent(f"/data?write_key={KEY}"),
    "cloudevents": Sent("/cloudevents", 202, cloud),
}


def recorded(name: str, event_id: str) -> str:
    """The purchase in a format's own words, with an id of its own, happening now."""
    path = HERE / "purchase.json" if name == "standard" else PURCHASES / f"{name}.json"
    now = datetime.now(UTC)
    local = now.astimezone(timezone(timedelta(hours=-5))).isoformat(timespec="seconds")
    text = path.read_text("utf-8").replace(ID, event_id).replace("2026-11-21T04:27:03-05:00", local)
    text = text.replace(str(MILLIS), str(int(now.timestamp() * 1000)))
    return text.replace("2026-11-21T09:27:03.7", f"{now:%Y-%m-%dT%H:%M:%S}.7")


def expected(event_id: str, event_time: int) -> dict[str, Any]:
    (payload,) = json.loads((HERE / "purchase_request.json").read_bytes())["data"]
    return {**payload, "event_id": event_id, "event_time": event_time}


def arrived(shop: Shop, event_id: str, began: float) -> dict[str, Any]:
    """What TikTok got; the time of the event is checked, and given back as it came."""
    payload: dict[str, Any] = shop.delivered(event_id)["payload"]
    assert began - 2 <= payload["event_time"] <= time.time() + 2
    return payload


def test_every_format_that_is_posted_is_here() -> None:
    posted = {form.name for form in FORMATS.values() if form.endpoints}
    assert posted == {*SENT, "gtag"}


@pytest.mark.parametrize("name", SENT)
def test_a_purchase_in_every_format(shop: Shop, name: str) -> None:
    way, event_id, began = SENT[name], f"pur-{name}", time.time()
    body = json.dumps(way.pack(json.loads(recorded(name, event_id)))).encode()
    answer = shop.daemon.post(body, way.path, **way.headers(body))
    assert answer.status_code == way.status, answer.text
    payload = arrived(shop, event_id, began)
    assert payload == way.expected(expected(event_id, payload["event_time"]))


def test_a_purchase_as_a_hit_of_a_page(shop: Shop) -> None:
    began, event_id = time.time(), "pur-gtag"
    hit = (PURCHASES / "gtag.txt").read_text("utf-8").strip().replace(ID, event_id)
    headers = {
        "sec-fetch-mode": "no-cors",
        "user-agent": VISITOR["user_agent"],
        "accept-language": "en-US,en;q=0.9",
        "x-forwarded-for": VISITOR["ip"],
        "x-write-key": KEY,
    }
    query = dict(parse_qsl(urlsplit(hit).query))
    answer = httpx.get(shop.daemon.url + "/g/collect", params=query, headers=headers, trust_env=False)
    assert answer.status_code == 204
    payload = arrived(shop, event_id, began)
    assert payload == expected(event_id, payload["event_time"])


def test_no_format_lets_in_who_shows_no_key(shop: Shop) -> None:
    answers = {}
    for name, way in SENT.items():
        body = recorded(name, f"none-{name}").encode()
        headers = {"content-type": way.headers(body).get("content-type", "application/json")}
        answers[name] = shop.daemon.post(body, way.path.partition("?")[0], **headers).status_code
    assert answers == dict.fromkeys(SENT, 401) | {"ga4": 204}
    until(shop.daemon.idle)
    assert [each for name in SENT for each in counted(shop.tiktok, f"none-{name}")] == []


HEARS = {
    "standard": 400,
    "rudderstack": 400,
    "ga4": 204,
    "shopify": 200,
    "mparticle": 400,
    "commanders_act": 400,
    "walkeros": 400,
    "cloudevents": 400,
}
"""Of a body that is no JSON."""


def test_the_books_say_what_could_not_be_taken_whatever_was_heard(shop: Shop) -> None:
    before = unreadable(shop)
    for name, status in HEARS.items():
        way = SENT[name]
        assert shop.daemon.post(b"{", way.path, **way.headers(b"{")).status_code == status, name
    assert unreadable(shop) == (before[0] + len(HEARS), before[1] + len(HEARS), 0)


def unreadable(shop: Shop) -> tuple[float, int, int]:
    """Bodies that were no JSON, by the metric and by the books, and what the books lack."""
    counter = shop.daemon.metric("tagwright_events_rejected_total", code="not_json")
    books = shop.daemon.status()["conservation"].get("(router)", {"reasons": {}, "unaccounted": 0})
    return counter, books["reasons"].get("rejected", {}).get("not_json", 0), books["unaccounted"]
