"""Bare connections that try what no client should: the listener says no, and serves others meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import re
import socket
import threading
import time
from typing import Any

import httpx
import pytest

from router.settings import Limits, Settings
from router.web.acceptance import Receipt

HEAD = b"POST /v1/events HTTP/1.1\r\nhost: x\r\n"
EVENT = b'{"event_name":"a"}'
WHOLE = HEAD + b"content-length: 18\r\n\r\n" + EVENT
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
LAST = b"POST /v1/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 18\r\n\r\n" + EVENT


@pytest.fixture(autouse=True)
def _others_are_served(served: Any) -> Any:
    yield
    assert httpx.post(served.url + "/v1/events", content=EVENT).status_code == 202


def statuses(answer: bytes) -> list[int]:
    """The statuses of all answers on a connection."""
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d+) [A-Z]", answer)]


def code(answer: bytes) -> str:
    """The code of the last answer."""
    return str(json.loads(answer.rpartition(b"\r\n\r\n")[2])["error"]["code"])


# ------------------------------------------------------------------ what could be read in two ways

AMBIGUOUS = {
    "two lengths": HEAD + b"content-length: 18\r\ncontent-length: 18\r\n\r\n" + EVENT,
    "a list of lengths": HEAD + b"content-length: 18, 18\r\n\r\n" + EVENT,
    "a length with a sign": HEAD + b"content-length: +18\r\n\r\n" + EVENT,
    "a negative length": HEAD + b"content-length: -1\r\n\r\n" + EVENT,
    "a length beyond numbers": HEAD + b"content-length: " + b"9" * 30 + b"\r\n\r\n" + EVENT,
    "length and chunks": HEAD + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": HEAD + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
    "chunks not last": HEAD + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunks twice": HEAD + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "another coding": HEAD + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": HEAD + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "no coding": HEAD + b"transfer-encoding: identity\r\n\r\n" + EVENT,
    "a hidden coding": HEAD + b"transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks of HTTP/1.0": b"POST /v1/events HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "line feeds alone": b"POST /v1/events HTTP/1.1\nhost: x\ncontent-length: 0\n\n",
    "a line feed after a header": HEAD + b"a: b\ncontent-length: 0\r\n\r\n",
    "a line feed at the end": HEAD + b"content-length: 0\r\n\n",
    "a carriage return alone": HEAD + b"a: b\rc: d\r\n\r\n",
    "a folded header": HEAD + b"a: b\r\n c\r\n\r\n",
    "a header that begins folded": HEAD + b"a:\r\n\tc\r\n\r\n",
    "a space before the colon": HEAD + b"content-length : 18\r\n\r\n" + EVENT,
    "a space in a name": HEAD + b"a b: c\r\n\r\n",
    "a name that is no token": HEAD + b"a(b: c\r\n\r\n",
    "a header without a name": HEAD + b": c\r\n\r\n",
    "zero in a header": HEAD + b"a: b\0c\r\n\r\n",
    "a control character": HEAD + b"a: b\x01c\r\n\r\n",
    "delete in a header": HEAD + b"a: b\x7fc\r\n\r\n",
    "a control character in the path": b"POST /v1/\x01events HTTP/1.1\r\nhost: x\r\n\r\n",
    "a chunk size with 0x": CHUNKED + b"0x12\r\n" + EVENT + b"\r\n0\r\n\r\n",
    "a negative chunk": CHUNKED + b"-1\r\n\r\n",
    "a chunk beyond numbers": CHUNKED + b"f" * 20 + b"\r\n",
    "a chunk size with a line feed": CHUNKED + b"12\n" + EVENT + b"\r\n0\r\n\r\n",
    "a chunk that ends with a line feed": CHUNKED + b"12\r\n" + EVENT + b"\n0\r\n\r\n",
    "a chunk that does not end": CHUNKED + b"12\r\n" + EVENT + b"0\r\n\r\n",
    "a length after the chunks": CHUNKED + b"12\r\n" + EVENT + b"\r\n0\r\ncontent-length: 9\r\n\r\n",
    "HTTP/0.9": b"GET /v1/events\r\n\r\n",
    "HTTP/1.2": b"GET /v1/events HTTP/1.2\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes.fromhex("160301020001") + b"\0" * 100,
    "no HTTP": b"\r\n\r\nEHLO there\r\n",
    "another protocol": HEAD + b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 18\r\n\r\n" + EVENT,
    "a tunnel": b"CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n",
}


@pytest.mark.parametrize("kind", sorted(AMBIGUOUS))
def test_what_could_be_read_in_two_ways_is_refused(served: Any, kind: str) -> None:
    """Whatever comes after it on the connection is not taken for a request."""
    answer = served.talk(AMBIGUOUS[kind] + WHOLE)
    assert statuses(answer) == [400]
    assert code(answer) == ("no_upgrade" if kind in ("another protocol", "a tunnel") else "not_http")
    assert not served.recorder.arrivals
    assert b"host: x" not in answer


def test_nothing_follows_a_request_that_closes(served: Any) -> None:
    assert statuses(served.talk(LAST + WHOLE)) == [202]
    assert len(served.recorder.arrivals) == 1


def test_trailers_are_no_headers(served: Any) -> None:
    body = b"12\r\n" + EVENT + b"\r\n0\r\ncookie: _ttp=late\r\n\r\n"
    with served.connect(CHUNKED + body) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 202 ")
    (arrival,) = served.recorder.arrivals
    assert arrival.cookies == {}


# ------------------------------------------------------------------ too much


@pytest.mark.parametrize(
    ("raw", "status", "word"),
    [
        (b"POST /" + b"x" * 4096 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 414, "url_too_long"),
        (b"POST /?q=" + b"x" * 5000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 414, "url_too_long"),
        (HEAD + b"a: b\r\n" * 64 + b"\r\n", 431, "head_too_large"),
        (HEAD + b"a: " + b"b" * 20_000 + b"\r\n\r\n", 431, "head_too_large"),
        (HEAD + b"a: " + b"b" * 70_000, 431, "head_too_large"),
        (b"\r\n" * 10_000, 431, "head_too_large"),
    ],
    ids=["path", "query", "headers", "a header", "an endless header", "line ends"],
)
def test_a_head_that_is_too_large(served: Any, raw: bytes, status: int, word: str) -> None:
    answer = served.talk(raw)
    assert (statuses(answer), code(answer)) == ([status], word)


def test_a_head_within_its_limits(served: Any) -> None:
    long = b"POST /v1/events?" + b"x" * 4000 + b" HTTP/1.1\r\nconnection: close\r\ncontent-length: 18\r\n"
    assert statuses(served.talk(long + b"a: b\r\n" * 60 + b"\r\n" + EVENT)) == [202]


# ------------------------------------------------------------------ too slow


@pytest.fixture(scope="module")
def hasty(house: Any) -> Any:
    limits = Limits(head_seconds=0.3, body_seconds=0.6, keep_alive_seconds=1, body_rate=100_000)
    return house.intake(Settings(limits=limits))


def dribbled(served: Any, first: bytes, drop: bytes) -> bytes:
    """What comes back when something is sent now and then, until the router has had enough."""
    with served.connect(first) as connection:
        connection.settimeout(0.05)
        got = b""
        while True:
            try:
                with contextlib.suppress(TimeoutError):
                    part = connection.recv(65_536)
                    if not part:
                        return got
                    got += part
                connection.sendall(drop)
            except ConnectionError:
                return got


@pytest.mark.parametrize(
    ("first", "drop", "expected"),
    [
        (b"POST /v1/events HTTP/1.1\r\n", b"a: b\r\n", []),
        (b"", b"\r\n", []),
        (WHOLE, b"\r\n", [202]),
        (HEAD + b"content-length: 100000\r\n\r\n", b" ", [408]),
        (CHUNKED, b"1\r\n \r\n", [408]),
    ],
    ids=["head", "line ends", "line ends after an answer", "body", "chunks"],
)
def test_who_dribbles_is_cut(hasty: Any, first: bytes, drop: bytes, expected: list[int]) -> None:
    assert statuses(dribbled(hasty, first, drop)) == expected


def test_a_body_slower_than_its_rate_is_cut_before_its_time(house: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("router.serving.connection._WATCH_SECONDS", 0.1)
    served = house.intake(Settings(limits=Limits(body_seconds=600, body_rate=100_000)))
    answer = dribbled(served, HEAD + b"content-length: 100000\r\n\r\n", b" ")
    assert (statuses(answer), code(answer)) == ([408], "slow_body")


def test_a_body_that_keeps_its_rate_is_not(house: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("router.serving.connection._WATCH_SECONDS", 0.2)
    served = house.intake(Settings(limits=Limits(body_seconds=600, body_rate=1)))
    with served.connect(LAST[:-18]) as connection:
        for byte in EVENT:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
        assert connection.recv(1000).startswith(b"HTTP/1.1 202 ")


def test_the_rest_of_a_body_that_was_answered_early_keeps_no_connection_open(hasty: Any) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 18\r\n\r\n"
    with hasty.connect(head) as connection:
        answer = b""
        while not answer.endswith(b"}}"):
            answer += connection.recv(1000)
        connection.sendall(EVENT)
        assert (statuses(answer), connection.recv(1000)) == ([404], b"")


def test_many_slow_clients_keep_nobody_waiting(served: Any) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(100):
            half = WHOLE[: 10 + number % 80]
            stack.enter_context(served.connect(half))
        for _ in range(10):
            assert httpx.post(served.url + "/v1/events", content=EVENT).status_code == 202


def test_who_takes_no_answer_is_hung_up_on(house: Any) -> None:
    """An answer of half a megabyte that is not read is not kept for longer than an idle connection."""
    served = house.intake(Settings(limits=Limits(keep_alive_seconds=1, events=10_000)))
    body = b"[" + b",".join([b"1"] * 10_000) + b"]"
    request = HEAD + b"content-length: %d\r\n\r\n" % len(body) + body
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.settimeout(10)
    with connection:
        connection.connect((served.address.host, served.address.port))
        with pytest.raises(ConnectionError):
            connection.sendall(request * 1000)


# ------------------------------------------------------------------ one after the other


def test_pipelined_requests_are_answered_in_their_order(served: Any) -> None:
    other = b"GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n"
    assert statuses(served.talk(WHOLE + other + WHOLE + LAST)) == [202, 405, 202, 202]
    assert len(served.recorder.arrivals) == 3


@pytest.mark.parametrize(
    ("second", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (HEAD + b"a: " + b"b" * 20_000 + b"\r\n\r\n", 431),
        (HEAD + b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        (CHUNKED + b"zz\r\n", 400),
    ],
    ids=["no HTTP", "large", "ambiguous", "a broken chunk"],
)
def test_a_bad_request_takes_no_answer_from_the_one_before_it(
    served: Any, second: bytes, status: int
) -> None:
    answer = served.talk(WHOLE + second + WHOLE)
    assert statuses(answer) == [202, status]
    assert len(served.recorder.arrivals) == 1


def test_a_slow_request_behind_a_slow_answer_waits_for_it(house: Any) -> None:
    """Its sender is not late: nobody reads on while the answer before it is made."""
    served = house.intake(Settings(limits=Limits(body_seconds=1)))
    began = threading.Event()

    async def accept(arrivals: Any, *_: Any) -> Receipt:
        began.set()
        await asyncio.sleep(1.5)
        return Receipt({"send": len(arrivals)})

    served.recorder.accept = accept
    with served.connect(WHOLE) as connection:
        assert began.wait(10)
        connection.sendall(LAST[:-18])
        answer = connection.recv(1000)
        connection.sendall(EVENT)
        answer += b"".join(iter(lambda: connection.recv(65_536), b""))
    assert statuses(answer) == [202, 202]


# ------------------------------------------------------------------ too many


def test_connections_of_one_address_are_bounded(house: Any) -> None:
    served = house.intake(Settings(limits=Limits(connections_per_address=3)))
    opened = [served.connect() for _ in range(3)]
    try:
        assert served.talk() == b""
    finally:
        for each in opened:
            each.close()
    with served.connect(LAST) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 202 ")


def test_a_trusted_proxy_brings_as_many_as_there_are(house: Any) -> None:
    proxies = (ipaddress.ip_network("127.0.0.0/8"),)
    served = house.intake(Settings(limits=Limits(connections_per_address=1), trusted_proxies=proxies))
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(served.connect())
        assert statuses(served.talk(LAST)) == [202]
