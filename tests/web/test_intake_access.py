"""Who may post, from where, and how much at once."""

from __future__ import annotations

import base64
import ipaddress
import socket
from typing import Any

import httpx
import pytest

from router.settings import Limits, Settings, WriteKey

EVENT = {"event_name": "page_view"}
KEYS = (
    WriteKey("shop", "first-key"),
    WriteKey("shop-new", "second-key"),
    WriteKey("backend", "third-key", sender="server"),
    WriteKey("slow", "slow-key", rate=1),
)


def basic(user: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(user.encode()).decode()}


@pytest.fixture(scope="module")
def keyed(house: Any) -> Any:
    return house.intake(Settings(write_keys=KEYS))


def test_every_way_to_show_a_key(keyed: Any) -> None:
    ways = [
        {"authorization": "Bearer first-key"},
        {"authorization": "bearer second-key"},
        basic("first-key:"),
        basic("second-key"),
        {"x-write-key": "third-key"},
    ]
    keyed.recorder.arrivals.clear()
    for headers in ways:
        assert httpx.post(keyed.url + "/v1/events", json=EVENT, headers=headers).status_code == 202
    assert httpx.post(keyed.url + "/events?token=first-key", json=EVENT).status_code == 200
    sources = [arrival.event["meta"]["source"] for arrival in keyed.recorder.arrivals]
    assert sources == ["shop", "shop-new", "shop", "shop-new", "backend", "shop"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer first-ke"},
        {"authorization": "Basic %%%"},
        {"x-write-key": "nope"},
        {"x-write-key": "k\xff".encode("latin-1")},
        {"x-write-key": "nope", "authorization": "Bearer first-key"},
    ],
)
def test_no_key_or_a_wrong_one_is_401(keyed: Any, headers: Any) -> None:
    answer = httpx.post(keyed.url + "/v1/events", json=EVENT, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "first-key" not in answer.text
    # only Commanders Act's trackers put the key into the address
    assert httpx.post(keyed.url + "/v1/events?token=first-key", json=EVENT).status_code == 401


def test_a_servers_request_tells_nothing_of_the_visitor(keyed: Any) -> None:
    keyed.recorder.arrivals.clear()
    for key in ("first-key", "third-key"):
        headers = {"x-write-key": key, "user-agent": "Mozilla/5.0", "origin": "https://shop.example"}
        httpx.post(keyed.url + "/v1/events", json=EVENT, headers=headers)
    visitor, server = keyed.recorder.arrivals
    assert visitor.event["context"]["device"]["user_agent"] == "Mozilla/5.0"
    assert "context" not in server.event


def test_without_a_word_of_the_key_only_a_browsers_request_is_a_visitors(house: Any) -> None:
    served = house.intake()
    for headers in ({"user-agent": "curl/8"}, {"user-agent": "Mozilla/5.0", "sec-fetch-mode": "cors"}):
        httpx.post(served.url + "/v1/events", json=EVENT, headers=headers)
    backend, browser = served.recorder.arrivals
    assert "context" not in backend.event
    assert browser.event["context"]["device"]["user_agent"] == "Mozilla/5.0"


def test_a_key_over_its_rate_is_429(keyed: Any) -> None:
    headers = {"x-write-key": "slow-key"}
    statuses = [httpx.post(keyed.url + "/v1/events", json=EVENT, headers=headers) for _ in range(2)]
    assert [each.status_code for each in statuses] == [202, 429]
    assert statuses[1].headers["retry-after"] == "1"


def test_the_visitors_address_comes_from_a_trusted_proxy_only(house: Any) -> None:
    proxied = house.intake(Settings(trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),)))
    plain = house.intake()
    headers = {"x-forwarded-for": "198.51.100.1, 203.0.113.9, 127.0.0.5", "origin": "https://shop.example"}
    for served in (proxied, plain):
        httpx.post(served.url + "/v1/events", json=EVENT, headers=headers)
    assert proxied.recorder.arrivals[0].event["context"]["device"]["ip"] == "203.0.113.9"
    assert "ip" not in plain.recorder.arrivals[0].event["context"]["device"]


def test_cors_names_configured_origins_only(house: Any) -> None:
    served = house.intake(Settings(cors_origins=("https://shop.example",)))
    for method in ("OPTIONS", "POST"):
        known = httpx.request(method, served.url + "/v1/events", headers={"origin": "https://shop.example"})
        other = httpx.request(method, served.url + "/v1/events", headers={"origin": "https://evil.example"})
        assert known.headers["access-control-allow-origin"] == "https://shop.example"
        assert known.headers["access-control-allow-credentials"] == "true"
        assert "access-control-allow-origin" not in other.headers
        assert known.headers["vary"] == other.headers["vary"] == "origin"
    preflight = httpx.options(served.url + "/v1/events", headers={"origin": "https://shop.example"})
    assert preflight.status_code == 204
    assert "x-write-key" in preflight.headers["access-control-allow-headers"]


def test_bodies_beyond_the_memory_are_503(house: Any) -> None:
    served = house.intake(Settings(limits=Limits(in_flight_bytes=1000)))
    answer = httpx.post(served.url + "/v1/events", json={**EVENT, "x": "y" * 2000})
    assert answer.status_code == 503
    assert 5 <= int(answer.headers["retry-after"]) <= 15
    for _ in range(3):
        assert httpx.post(served.url + "/v1/events", json={**EVENT, "x": "y" * 800}).status_code == 202


@pytest.fixture(scope="module")
def hasty(house: Any) -> Any:
    return house.intake(
        Settings(limits=Limits(head_seconds=0.1, body_seconds=0.1, connections=3, header_bytes=2000))
    )


def talk(served: Any, *sends: bytes) -> bytes:
    """What comes back on a bare connection until the router closes it."""
    with socket.create_connection((served.address.host, served.address.port), timeout=10) as connection:
        for each in sends:
            connection.sendall(each)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_slow_body_is_cut(hasty: Any) -> None:
    answer = talk(hasty, b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"slow_body" in answer


def test_a_slow_head_is_cut(hasty: Any) -> None:
    assert talk(hasty, b"POST /v1/events HTTP/1.1\r\nhost:") == b""
    assert talk(hasty) == b""


def test_a_large_head_is_refused(hasty: Any) -> None:
    large = (
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncookie: " + b"c" * 3000 + b"\r\ncontent-length: 2\r\n\r\n{}"
    )
    assert talk(hasty, large).startswith(b"HTTP/1.1 431 ")


def test_too_many_connections_are_closed(hasty: Any) -> None:
    opened = [
        socket.create_connection((hasty.address.host, hasty.address.port), timeout=10) for _ in range(6)
    ]
    received = [each.recv(1) for each in opened]
    for each in opened:
        each.close()
    assert received == [b""] * 6
    assert httpx.post(hasty.url + "/v1/events", json=EVENT).status_code == 202


def test_two_lengths_are_refused(served: Any) -> None:
    head = b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n"
    assert talk(served, head + b"0\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_chunked_body_is_counted_while_it_is_read(served: Any) -> None:
    def chunks() -> Any:
        for _ in range(8):
            yield b" " * 2**20

    headers = {"content-type": "application/json"}
    answer = httpx.post(served.url + "/v1/events", content=chunks(), headers=headers)
    assert answer.status_code == 413


def test_a_sender_that_hangs_up_hurts_nobody(served: Any) -> None:
    with socket.create_connection((served.address.host, served.address.port)) as connection:
        connection.sendall(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    assert httpx.post(served.url + "/v1/events", json=EVENT).status_code == 202
