"""Signatures of webhooks: what verifies, what does not, and that nothing raises."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.settings import Scheme, signing_secret
from router.web.signatures import TOLERANCE_SECONDS, is_signed, scheme_of

NOW = 1_795_253_223
SECRET = b"a secret of the shop"
BODY = b'{"event_name": "purchase"}'
SCHEMES: tuple[Scheme, ...] = ("standard", "shopify", "stripe")


def mac(secret: bytes, signed: bytes) -> bytes:
    return hmac.new(secret, signed, hashlib.sha256).digest()


def standard(secret: bytes, body: bytes, at: int = NOW, name: str = "msg_1") -> dict[str, str]:
    value = base64.b64encode(mac(secret, f"{name}.{at}.".encode() + body)).decode()
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": f"v1,{value}"}


def shopify(secret: bytes, body: bytes, at: int = NOW) -> dict[str, str]:
    return {"x-shopify-hmac-sha256": base64.b64encode(mac(secret, body)).decode()}


def stripe(secret: bytes, body: bytes, at: int = NOW) -> dict[str, str]:
    return {"stripe-signature": f"t={at},v1={mac(secret, f'{at}.'.encode() + body).hex()},v0=00"}


SIGN: dict[Scheme, Any] = {"standard": standard, "shopify": shopify, "stripe": stripe}


def test_the_example_of_standard_webhooks() -> None:
    secret = signing_secret("standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert secret is not None
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert is_signed("standard", secret, headers, b'{"test": 2432232314}', 1614265330)


@pytest.mark.parametrize("scheme", SCHEMES)
@given(body=st.binary(max_size=200), secret=st.binary(min_size=1, max_size=64), other=st.binary(max_size=64))
def test_only_the_same_secret_and_body_verify(
    scheme: Scheme, body: bytes, secret: bytes, other: bytes
) -> None:
    headers = SIGN[scheme](secret, body)
    assert scheme_of(headers) == scheme
    assert is_signed(scheme, secret, headers, body, NOW)
    assert not is_signed(scheme, secret, headers, body + b" ", NOW)
    # A key of HMAC is padded with zeros.
    if other.rstrip(b"\0") != secret.rstrip(b"\0"):
        assert not is_signed(scheme, other, headers, body, NOW)


@pytest.mark.parametrize("scheme", ["standard", "stripe"])
@pytest.mark.parametrize(
    ("off", "verifies"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_the_time_may_be_five_minutes_off_either_way(scheme: Scheme, off: int, verifies: bool) -> None:
    assert TOLERANCE_SECONDS == 300
    headers = SIGN[scheme](SECRET, BODY, at=NOW + off)
    assert is_signed(scheme, SECRET, headers, BODY, NOW) is verifies


def test_one_of_several_signatures_is_enough() -> None:
    wrong, right = standard(b"old", BODY), standard(SECRET, BODY)
    for between in (" ", ", ", "  "):
        both = right | {"webhook-signature": between.join(
            [wrong["webhook-signature"], "v1a,xyz", right["webhook-signature"]]
        )}  # fmt: skip
        assert is_signed("standard", SECRET, both, BODY, NOW)
    old = stripe(b"old", BODY)["stripe-signature"].partition(",")[2]
    several = {"stripe-signature": f"{stripe(SECRET, BODY)['stripe-signature']},{old}"}
    assert is_signed("stripe", SECRET, several, BODY, NOW)
    assert is_signed("stripe", b"old", several, BODY, NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_part_of_a_standard_webhook_counts(name: str) -> None:
    headers = standard(SECRET, BODY)
    assert not is_signed("standard", SECRET, headers | {name: "1"}, BODY, NOW)
    assert not is_signed("standard", SECRET, {k: v for k, v in headers.items() if k != name}, BODY, NOW)


def test_a_secret_that_is_no_base64_is_none() -> None:
    assert signing_secret("standard", "whsec_%%%") is None
    assert signing_secret("standard", "whsec_") is None
    assert signing_secret("standard", base64.b64encode(SECRET).decode()) == SECRET
    assert signing_secret("shopify", "whsec_%%%") == b"whsec_%%%"


_NAMES = st.sampled_from(
    ["webhook-id", "webhook-timestamp", "webhook-signature", "x-shopify-hmac-sha256", "stripe-signature"]
)
_PIECES = st.sampled_from(["v1,", "v1=", "t=", str(NOW), ".", " ", ",", "=", "²", "é", "\0", "-1", "9" * 400])
_VALUES = st.one_of(st.text(), st.lists(_PIECES).map("".join))


@given(
    scheme=st.sampled_from(SCHEMES),
    headers=st.dictionaries(_NAMES, _VALUES),
    secret=st.binary(max_size=64),
    body=st.binary(max_size=64),
)
def test_whatever_comes_nothing_raises_and_nothing_verifies(
    scheme: Scheme, headers: dict[str, str], secret: bytes, body: bytes
) -> None:
    scheme_of(headers)
    assert is_signed(scheme, secret, headers, body, NOW) is False
