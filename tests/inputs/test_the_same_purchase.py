"""The same purchase from each tracker is the same to TikTok."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from trackers import HERE, NOW, payload_of, purchase, the_payload

from router.inputs import RawRequest, decode
from router.settings import Consent, Settings, Shopify

EVENT = json.loads((HERE.parent / "end_to_end" / "purchase.json").read_bytes())
ADVERTISING = (("marketing", "advertising"), ("ad_storage", "advertising"))
SETTINGS = Settings(
    consent=Consent(
        shopify=ADVERTISING, mparticle=ADVERTISING, walkeros=ADVERTISING, stape_data_tag=ADVERTISING
    ),
    shopify=Shopify(item_id="sku", order_id="name"),
)


def posted(event: Any, **headers: str) -> RawRequest:
    return RawRequest(
        json.dumps(event).encode(),
        NOW,
        {
            "content-type": "application/json",
            **{name.replace("_", "-"): each for name, each in headers.items()},
        },
        from_visitor=False,
    )


def without_category(payload: dict[str, Any]) -> dict[str, Any]:
    contents = [
        {name: each for name, each in item.items() if name != "content_category"}
        for item in payload["properties"]["contents"]
    ]
    return {**payload, "properties": {**payload["properties"], "contents": contents}}


def cloud_event(data: Any, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "c-1",
        "source": "/shop",
        "type": "org.example.purchase.v1",
        **more,
    } | ({"data": data} if data is not None else {})


def encoded(event: Any) -> str:
    return base64.b64encode(json.dumps(event).encode()).decode()


BINARY = {
    "ce_specversion": "1.0",
    "ce_id": "c-1",
    "ce_source": quote("/shop/münchen"),
    "ce_type": "org.example.purchase",
}
WITHOUT_NAME = {name: each for name, each in EVENT.items() if name != "event_name"}
REQUESTS = {
    "mparticle": ("mparticle", posted(purchase("mparticle"))),
    "mparticle, bulk": ("mparticle", posted([purchase("mparticle")])),
    "walkeros": ("walkeros", posted(purchase("walkeros"))),
    "walkeros, array": ("walkeros", posted([purchase("walkeros")])),
    "walkeros, batch": ("walkeros", posted({"batch": [purchase("walkeros")]})),
    "stape_data_tag": ("stape_data_tag", posted(purchase("stape_data_tag"))),
    "stape_data_tag, several": ("stape_data_tag", posted([purchase("stape_data_tag")])),
    "stape_data_tag, pixel": (
        "stape_data_tag",
        RawRequest(
            b"",
            NOW,
            query={"v": "2", "dtcd": json.dumps(purchase("stape_data_tag"))},
            from_visitor=False,
            method="GET",
        ),
    ),
    "commanders_act": ("commanders_act", posted(purchase("commanders_act"))),
    "cloudevents, structured": (
        "cloudevents",
        posted(purchase("cloudevents"), content_type="application/cloudevents+json; charset=utf-8"),
    ),
    "cloudevents, base64": ("cloudevents", posted(cloud_event(None, data_base64=encoded(WITHOUT_NAME)))),
    "cloudevents, batch": (
        "cloudevents",
        posted([cloud_event(WITHOUT_NAME)], content_type="application/cloudevents-batch+json"),
    ),
    "cloudevents, binary": ("cloudevents", posted(WITHOUT_NAME, **BINARY)),
    "cloudevents, mparticle inside": (
        "cloudevents",
        posted(cloud_event(purchase("mparticle"), dataschema="https://schemas.example/mparticle/v2")),
    ),
}


@pytest.mark.parametrize(("name", "request_"), REQUESTS.values(), ids=REQUESTS)
def test_the_canonical_purchase_is_the_same_in_each_format(name: str, request_: RawRequest) -> None:
    (arrival,) = decode(name, request_, SETTINGS).arrivals
    assert payload_of(arrival) == the_payload()


def test_the_canonical_purchase_comes_from_shopify_without_categories() -> None:
    facts = {"x_shopify_topic": "orders/paid", "x_shopify_shop_domain": "shop.example.com"}
    (arrival,) = decode("shopify", posted(purchase("shopify"), **facts), SETTINGS).arrivals
    assert payload_of(arrival) == without_category(the_payload())
