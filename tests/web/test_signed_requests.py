"""Webhooks that show no key: the signature over the raw body is their key."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from router.settings import Settings, WriteKey

NOW = 1_795_253_223
STANDARD_SECRET = b"standard secret"
KEYS = (
    WriteKey("backend", "backend-key", "server"),
    WriteKey(
        "hooks", "whsec_" + base64.b64encode(STANDARD_SECRET).decode(), events=("purchase",),
        signature="standard",
    ),
    WriteKey("shopify-old", "old secret", signature="shopify"),
    WriteKey("shopify", "new secret", signature="shopify"),
)  # fmt: skip
EVENT = json.dumps({"event_name": "purchase", "id": "1"}).encode()


@pytest.fixture(scope="module")
def served(house: Any) -> Any:
    return house.intake(Settings(write_keys=KEYS))


def standard(body: bytes, secret: bytes = STANDARD_SECRET, at: int = NOW) -> dict[str, str]:
    value = base64.b64encode(hmac.new(secret, f"m1.{at}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"webhook-id": "m1", "webhook-timestamp": str(at), "webhook-signature": f"v1,{value}"}


def shopify(body: bytes, secret: str = KEYS[-1].value) -> dict[str, str]:
    value = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"x-shopify-hmac-sha256": base64.b64encode(value).decode()}


def post(served: Any, body: bytes, headers: dict[str, str]) -> httpx.Response:
    served.recorder.arrivals.clear()
    return httpx.post(
        served.url + "/v1/events", content=body, headers={"content-type": "application/json", **headers}
    )


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        (standard(EVENT), "hooks"),
        (shopify(EVENT), "shopify"),
        (shopify(EVENT, "old secret"), "shopify-old"),
    ],
)
def test_a_signature_is_the_key(served: Any, headers: dict[str, str], name: str) -> None:
    assert post(served, EVENT, headers).status_code == 202
    (arrival,) = served.recorder.arrivals
    assert arrival.event["meta"]["source"] == name


@pytest.mark.parametrize(
    "headers",
    [
        standard(EVENT, b"wrong"),
        standard(EVENT + b" "),
        standard(EVENT, at=NOW - 301),
        shopify(EVENT, "wrong"),
        {"stripe-signature": "t=1,v1=00"},
        {"x-write-key": "wrong", **shopify(EVENT)},
        # The secret of a webhook signs; it is no key to show.
        {"x-write-key": "new secret"},
    ],
)
def test_what_no_key_signed_is_401(served: Any, headers: dict[str, str]) -> None:
    answer = post(served, EVENT, headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert not served.recorder.arrivals


def test_the_signature_is_over_the_bytes_as_they_came(served: Any) -> None:
    packed = gzip.compress(EVENT)
    zipped = {"content-encoding": "gzip"}
    assert post(served, packed, {**shopify(packed), **zipped}).status_code == 202
    assert post(served, packed, {**shopify(EVENT), **zipped}).status_code == 401


def test_nothing_is_unpacked_or_parsed_before(served: Any) -> None:
    """A bomb, or no JSON at all, is refused for its signature."""
    bomb = gzip.compress(b"[" + b" " * 4_000_000 + b"]", 9)
    unsigned = {"x-shopify-hmac-sha256": "AAAA", "content-encoding": "gzip"}
    assert post(served, bomb, unsigned).status_code == 401
    assert post(served, b"{", {"x-shopify-hmac-sha256": "AAAA"}).status_code == 401
    assert post(served, bomb, {**shopify(bomb), "content-encoding": "gzip"}).status_code == 413
    assert post(served, b"{", shopify(b"{")).status_code == 400


def test_a_signed_request_has_the_scope_of_its_key(served: Any) -> None:
    body = json.dumps([{"event_name": "purchase"}, {"event_name": "refund"}]).encode()
    answer = post(served, body, standard(body))
    assert [(each["index"], each["code"]) for each in answer.json()["rejected"]] == [(1, "out_of_scope")]


def test_a_shown_key_goes_before_a_signature(served: Any) -> None:
    headers = {"x-write-key": "backend-key", "x-shopify-hmac-sha256": "AAAA"}
    assert post(served, EVENT, headers).status_code == 202
    (arrival,) = served.recorder.arrivals
    assert arrival.event["meta"]["source"] == "backend"
