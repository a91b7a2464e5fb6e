"""What nobody should send: a clear answer, a counter, and nothing else is lost."""

from __future__ import annotations

import gzip
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from daemons import Shop, page_view, purchase, until


def event_with(text: str) -> bytes:
    """An event that is sent, with a further member written as text."""
    return json.dumps(page_view("never")).encode()[:-1] + f", {text}}}".encode()


def connected(shop: Shop) -> socket.socket:
    """A bare connection to the daemon."""
    place = urlsplit(shop.daemon.url)
    return socket.create_connection((str(place.hostname), place.port or 0), timeout=30)


BAD_EVENTS = [
    pytest.param(event_with('"value": NaN'), "unusable_number", id="NaN"),
    pytest.param(event_with('"value": -Infinity'), "unusable_number", id="infinite"),
    pytest.param(event_with('"value": 1e999'), "unusable_number", id="beyond a float"),
    pytest.param(event_with('"value": ' + "9" * 5000), "unusable_number", id="5,000 digits"),
    pytest.param(event_with('"title": "\\ud83d"'), "lone_surrogate", id="lone surrogate"),
    pytest.param(event_with('"deep": ' + "[" * 10_000 + "]" * 10_000), "too_deep", id="10,000 deep"),
    pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep", id="10,000 objects deep"),
    pytest.param(event_with('"title": "' + "x" * 600_000 + '"'), "event_too_large", id="large event"),
    pytest.param(b'{"event_name": ["purchase"]}', "missing_event_name", id="name is a list"),
    pytest.param(b'{"event_name": ""}', "missing_event_name", id="empty name"),
    pytest.param(b'{"event": "purchase"}', "missing_event_name", id="no name"),
    pytest.param(b"true", "not_an_object", id="not an object"),
    pytest.param(b'{"event_name": "a", "t": "\xff\xfe"}', "not_utf8", id="not UTF-8"),
]


@pytest.mark.parametrize(("body", "code"), BAD_EVENTS)
def test_a_bad_event_is_rejected_and_the_next_is_delivered(
    shop: Shop, request: pytest.FixtureRequest, body: bytes, code: str
) -> None:
    before = shop.daemon.metric("tagwright_events_rejected_total", code=code)
    answer = shop.daemon.post(body)
    assert (answer.status_code, answer.json()["accepted"]) == (400, 0)
    assert [each["code"] for each in answer.json()["rejected"]] == [code]
    assert shop.daemon.metric("tagwright_events_rejected_total", code=code) == before + 1
    good = f"after {request.node.name}"
    assert shop.daemon.send(page_view(good)).json()["outcomes"]["send"] == 1
    shop.delivered(good)


def test_ten_thousand_items_are_counted_and_read_to_a_thousand(shop: Shop) -> None:
    items = ",".join('{"id":"sku","quantity":1}' for _ in range(10_000))
    event = json.dumps(page_view("many items")).encode()[:-1] + f', "items": [{items}]}}'.encode()
    assert shop.daemon.post(event).json()["outcomes"]["send"] == 1
    properties = shop.delivered("many items")["payload"]["properties"]
    assert properties["num_items"] == 10_000
    assert len(properties["contents"]) == len(properties["content_ids"]) == 1_000


BAD_BODIES = [
    pytest.param(b'{"event_name": "purchase"', {}, 400, "not_json", id="cut off"),
    pytest.param(b"event_name=purchase", {}, 400, "not_json", id="a form"),
    pytest.param(b"[" * 10_000, {}, 400, "not_json", id="10,000 brackets"),
    pytest.param(b"\x00\x01\x02", {}, 400, "not_json", id="bytes"),
    pytest.param(b'{"event_name": "' + b"x" * 5_000_000 + b'"}', {}, 413, "body_too_large", id="5 MB event"),
    pytest.param(b"[" + b"0," * 3_000_000 + b"0]", {}, 413, "body_too_large", id="6 MB array"),
    pytest.param(b"[" + b"{}," * 1000 + b"{}]", {}, 413, "too_many_events", id="1,001 events"),
    pytest.param(b"[" + b"[]," * 300_000 + b"[]]", {}, 413, "too_many_values", id="300,000 lists"),
    pytest.param(
        gzip.compress(b" " * 50_000_000), {"content_encoding": "gzip"}, 413, "body_too_large", id="gzip bomb"
    ),
    pytest.param(
        gzip.compress(b"") * 50_000, {"content_encoding": "gzip"}, 400, "bad_gzip", id="countless members"
    ),
    pytest.param(b"{}", {"content_encoding": "gzip"}, 400, "bad_gzip", id="no gzip"),
]


@pytest.mark.parametrize(("body", "headers", "status", "code"), BAD_BODIES)
def test_a_bad_body_is_refused_and_the_next_is_taken(
    shop: Shop, request: pytest.FixtureRequest, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    before = shop.daemon.metric("tagwright_requests_total", status=str(status))
    answer = shop.daemon.post(body, **headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert shop.daemon.metric("tagwright_requests_total", status=str(status)) == before + 1
    good = f"after {request.node.name}"
    assert shop.daemon.send(page_view(good)).status_code == 202
    shop.delivered(good)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"garbage\r\n\r\n", b" 400 "),
        (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b" 400 "),
        (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 70_000 + b"\r\n\r\n", b" 431 "),
    ],
    ids=["no HTTP", "negative length", "a huge header"],
)
def test_what_is_hardly_http_is_refused(shop: Shop, raw: bytes, status: bytes) -> None:
    with connected(shop) as connection:
        connection.sendall(raw)
        assert status in connection.recv(4096).partition(b"\r\n")[0]
    assert shop.daemon.send({"event_name": "probe"}).status_code == 202


def test_a_sender_that_goes_away_takes_nothing_with_it(shop: Shop) -> None:
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with connected(shop) as connection:
        connection.sendall(head + b'Content-Length: 5000\r\n\r\n{"event_name": "purchase"')
    assert shop.daemon.send(page_view("after a cut")).status_code == 202
    shop.delivered("after a cut")


def test_cookies_in_whatever_encoding(shop: Shop) -> None:
    cookie = b"ttclid=E.C.P.latin; name=\xe4\xff; _ttp=\xfe"
    body = json.dumps(page_view("latin-cookie")).encode()
    headers = {b"cookie": cookie, b"content-type": b"application/json"}
    answer = shop.daemon.http.post(shop.daemon.url + "/v1/events", content=body, headers=headers)
    assert answer.json()["outcomes"]["send"] == 1
    assert shop.delivered("latin-cookie")["payload"]["user"]["ttclid"] == "E.C.P.latin"


WRONG_TYPES: dict[str, Any] = {
    "value": {"amount": 3},
    "currency": ["EUR"],
    "order_id": True,
    "items": "three",
    "user": {"email": 5, "phone": ["x", None, {}], "id": {}},
    "context": {"event_timestamp": "soon", "page": {"url": 7}, "device": []},
    "partners": "tiktok",
}


def test_values_of_the_wrong_type_are_left_out(shop: Shop) -> None:
    before = shop.daemon.metric("tagwright_fields_left_out_total")
    answer = shop.daemon.send(purchase("types-1", **WRONG_TYPES))
    assert answer.json()["outcomes"]["send"] == 1
    payload = shop.delivered("types-1")["payload"]
    assert payload.keys() <= {"event", "event_id", "event_time", "user", "properties"}
    assert set(payload.get("properties", {})) <= {"description", "content_type"}
    assert shop.daemon.metric("tagwright_fields_left_out_total") > before


@pytest.mark.parametrize(
    "number", ["9007199254740993", "18446744073709551615", "18446744073709551616123456789"]
)
def test_a_number_as_id_keeps_every_digit(shop: Shop, number: str) -> None:
    body = (
        f'{{"event_name": "purchase", "id": {number}, "order_id": {number}1, "items": [{{"id": {number}2}}], '
        '"consent": {"advertising": true}}'
    )
    assert shop.daemon.post(body.encode()).json()["outcomes"]["send"] == 1
    properties = shop.delivered(number)["payload"]["properties"]
    assert (properties["order_id"], properties["content_ids"]) == (f"{number}1", [f"{number}2"])


def test_a_ttclid_beyond_1000_characters_is_left_out_and_never_cut(shop: Shop) -> None:
    tiktok = {"tiktok": {"ttclid": "x" * 2000}}
    shop.daemon.send(page_view("ttclid-2000", partners=tiktok))
    user = shop.delivered("ttclid-2000")["payload"].get("user", {})
    assert "ttclid" not in user
    assert shop.daemon.metric("tagwright_fields_left_out_total", path="user.ttclid") >= 1
    shop.daemon.send(page_view("ttclid-1000", partners={"tiktok": {"ttclid": "x" * 1000}}))
    assert shop.delivered("ttclid-1000")["payload"]["user"]["ttclid"] == "x" * 1000


def test_of_countless_items_a_thousand_are_read(shop: Shop) -> None:
    items = [{"id": str(number)} for number in range(3000)]
    shop.daemon.send(purchase("items-3000", items=items))
    properties = shop.delivered("items-3000")["payload"]["properties"]
    assert (len(properties["content_ids"]), properties["num_items"]) == (1000, 3000)


def test_names_that_nobody_knows_do_not_fill_the_metrics(shop: Shop) -> None:
    for start in range(0, 1200, 400):
        shop.daemon.send(*({"event_name": f"unheard-of-{number}"} for number in range(start, start + 400)))
    assert shop.daemon.metric("tagwright_outcomes_total", outcome="unhandled") >= 1200
    assert "unheard-of" not in shop.daemon.metrics() + json.dumps(shop.daemon.status())


def test_what_was_refused_leaves_no_trace_of_people(shop: Shop) -> None:
    secret = "Grace.Hopper@example.org"
    people = {"user": {"email": secret, "phone": "+14155550199", "id": secret}}
    for body in (
        json.dumps({"value": 3, **people}).encode(),
        json.dumps({"event_name": secret, **people}).encode()[:-1],
        json.dumps({"event_name": secret, "consent": {"advertising": True}, **people}).encode(),
    ):
        answer = shop.daemon.post(body)
        assert "Hopper" not in answer.text
    until(shop.daemon.idle)
    told = shop.daemon.log() + shop.daemon.metrics() + json.dumps(shop.daemon.status())
    assert "Hopper" not in told
    assert "5550199" not in told
