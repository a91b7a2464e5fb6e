"""The client against a server: every class of answer, and answers that are none."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from router.delivery.clock import ManualClock
from router.delivery.entry import Entry, Queued, dedup_key
from router.delivery.verdict import Accepted, Batch, Parked, Refused, Retry, Spoiled, Throttled, Verdict
from router.tiktok.client import PATH, Credentials, TikTokClient, make_http_client

NOW = 1_795_219_200.0  # 2026-11-21T00:00:00Z
TOKEN = "token-5f1c-that-never-shows"


def batch(count: int = 1, payload: bytes = b'{"event":"Purchase","user":{"first_name":"Jane"}}') -> Batch:
    rows = tuple(
        Queued(
            number,
            Entry(
                dedup_key("web", "PIXEL", "Purchase", str(number)),
                "shop", "web", "PIXEL", "Purchase", payload, int(NOW), NOW, "v1",
            ),
            1,
            NOW,
        )
        for number in range(count)
    )  # fmt: skip
    return Batch("shop", "web", "PIXEL", rows)


def send(url: str, what: Batch, credentials: Credentials | None = None, **options: Any) -> list[Verdict]:
    async def once() -> list[Verdict]:
        async with make_http_client() as http:
            known = credentials or Credentials(TOKEN)
            client = TikTokClient(http, url, {"shop": known}.get, clock=ManualClock(NOW + 3600), **options)
            return await client.send(what)

    return asyncio.run(once())


def answered(
    server: HTTPServer, body: Any, status: int = 200, count: int = 1, headers: dict[str, str] | None = None
) -> Verdict:
    """The one verdict that all entries of a batch get for an answer."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    server.expect_request(PATH, method="POST").respond_with_data(content, status=status, headers=headers)
    verdicts = send(server.url_for(""), batch(count))
    assert len(verdicts) == count
    assert all(each == verdicts[0] for each in verdicts)
    return verdicts[0]


def test_a_request_is_what_tiktok_documents(httpserver: HTTPServer) -> None:
    seen: list[tuple[dict[str, str], bytes]] = []

    def handle(request: Request) -> Response:
        seen.append((dict(request.headers), request.get_data()))
        return Response(json.dumps({"code": 0, "message": "OK", "request_id": "1", "data": {}}))

    httpserver.expect_request("/open_api/v1.3/event/track/", method="POST").respond_with_handler(handle)
    payload = b'{ "event": "Purchase", "big": 12345678901234567890.10 }'
    assert send(httpserver.url_for("/"), batch(2, payload), Credentials(TOKEN, "TEST1", 'a"b')) == [
        Accepted("1"),
        Accepted("1"),
    ]
    headers, body = seen[0]
    assert headers["Access-Token"] == TOKEN
    assert headers["Content-Type"] == "application/json"
    assert body == (
        b'{"event_source":"web","event_source_id":"PIXEL","test_event_code":"TEST1","partner_name":"a\\"b","data":['
        + payload
        + b","
        + payload
        + b"]}"
    )


def test_what_is_not_set_is_not_sent(httpserver: HTTPServer) -> None:
    bodies: list[Any] = []

    def handle(request: Request) -> Response:
        bodies.append(request.get_json())
        return Response('{"code":0}')

    httpserver.expect_request(PATH).respond_with_handler(handle)
    send(httpserver.url_for(""), batch())
    assert set(bodies[0]) == {"event_source", "event_source_id", "data"}


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, {"code": 0, "message": "OK"}, Accepted()),
        (200, {"code": 40050}, Accepted()),
        (200, {"code": 40001, "message": "No permission"}, Parked("40001", "permission")),
        (401, {"code": 40105, "message": "Access token is incorrect"}, Parked("40105", "auth")),
        (200, {"code": 40104}, Parked("40104", "auth")),
        (200, {"code": 40007}, Parked("40007", "config")),
        (401, {"code": 40100, "message": "Too many requests"}, Throttled("40100", None)),
        (200, {"code": 40100, "message": "Reached the QPM limit"}, Throttled("40100", 300)),
        (200, {"code": 40100, "message": "daily quota used up"}, Throttled("40100", 23 * 3600)),
        (429, "slow down", Throttled("http_429", None)),
        (200, {"code": 50000, "message": "System error"}, Retry("server:50000", ambiguous=True)),
        (503, "<html>", Retry("server:http_503", ambiguous=True)),
        (500, {"code": 0}, Retry("server:0", ambiguous=True)),
        (401, "no", Parked("http_401", "auth")),
        (403, "no", Parked("http_403", "permission")),
        (200, {"code": 99999}, Parked("99999", "unknown_code", ambiguous=True)),
        (400, {"code": 40002, "message": "event_source_id: Not valid"}, Parked("40002", "envelope")),
        (200, {"code": 40002, "message": "'test_event_code' is wrong"}, Parked("40002", "envelope")),
        (200, {"code": 40002, "message": "event_source: bad"}, Parked("40002", "envelope")),
        (
            200,
            {"code": 40002, "message": "data[0].lead.lead_event_source: bad"},
            Refused("40002", "data[0].lead.lead_event_source: bad"),
        ),
        (
            200,
            {"code": 40002, "message": "data[0].user.first_name: 'event_source' bad"},
            Refused("40002", "data[0].user.first_name: 'event_source' bad"),
        ),
        (
            200,
            {"code": 40062, "message": "first_name Jane is not hashed", "request_id": "20260902A"},
            Refused("40062", "first_name … is not hashed", "20260902A"),
        ),
        (422, {"detail": "?"}, Refused("http_422", "")),
    ],
)
def test_each_answer_has_its_verdict(
    httpserver: HTTPServer, status: int, body: Any, verdict: Verdict
) -> None:
    assert answered(httpserver, body, status) == verdict


@pytest.mark.parametrize(
    "body",
    ["", "<html>fine</html>", "[]", "null", '"OK"', "{}", '{"code":"0"}', '{"code":true}', '{"code":0.0}',
     '{"code":null,"message":5}', b"\xff\xfe", "{" * 5000, '{"code":0', '{"code":0}{"code":0}'],
)  # fmt: skip
def test_garbage_is_an_unknown_outcome(httpserver: HTTPServer, body: str | bytes) -> None:
    assert answered(httpserver, body) == Retry("garbage:http_200", ambiguous=True)


@pytest.mark.parametrize(
    ("message", "suspect"),
    [
        ("data[2].user.email: bad", 2),
        ("Batch.1.properties: bad", 1),
        ("data.0.event missing", 0),
        ("something is bad", None),
        ("metadata[1] bad", None),
    ],
)
def test_a_refused_batch_names_its_suspect(httpserver: HTTPServer, message: str, suspect: int | None) -> None:
    body = {"code": 40002, "message": message}
    assert answered(httpserver, body, count=3) == Spoiled("40002", message, suspect)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 1),
        ("99999999999999", 900),
        ("Sat, 21 Nov 2026 01:00:30 GMT", 30),
        ("Sat, 21 Nov 2020 01:00:30 GMT", 1),
        ("soon", None),
        ("-5", None),
        ("1e3", None),
        ("Sat, 99 Nov 2026 01:00:30 GMT", None),
    ],
)
def test_retry_after_is_taken_within_reason(
    httpserver: HTTPServer, header: str, seconds: float | None
) -> None:
    verdict = answered(httpserver, {"code": 40100}, 429, headers={"Retry-After": header})
    assert verdict == Throttled("40100", seconds)


def test_of_a_partial_success_only_what_is_named_is_settled(httpserver: HTTPServer) -> None:
    failed = [
        {"index": 1, "code": 40002, "message": "Jane is bad"},
        {"index": 0, "code": 0},
        {"index": 2, "code": 50000},
        {"index": 99, "code": 40002},
        {"index": True, "code": 40002},
        "?",
    ]
    body = {"code": 20001, "message": "partial", "request_id": "R", "data": {"failed_events": failed}}
    httpserver.expect_request(PATH).respond_with_json(body)
    unknown = Retry("partial", ambiguous=True)
    assert send(httpserver.url_for(""), batch(4)) == [
        Accepted("R"),
        Refused("40002", "… is bad", "R"),
        unknown,
        unknown,
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(httpserver: HTTPServer, status: int) -> None:
    elsewhere = httpserver.url_for("/elsewhere")
    assert answered(httpserver, {"code": 0}, status, headers={"Location": elsewhere}) == Retry(
        "garbage:0", ambiguous=True
    )
    assert [request.path for request, _ in httpserver.log] == [PATH]


def test_an_endless_answer_is_cut_off(httpserver: HTTPServer) -> None:
    assert answered(httpserver, b'{"code":0,"message":"' + b"x" * 1_100_000 + b'"}') == Retry(
        "garbage:too_long", ambiguous=True
    )


def test_a_compressed_answer_is_not_unpacked(httpserver: HTTPServer) -> None:
    assert answered(httpserver, b"\x1f\x8b", headers={"Content-Encoding": "gzip"}) == Retry(
        "garbage:encoded", ambiguous=True
    )


def test_an_attempt_has_a_deadline() -> None:
    with raw_server(lambda connection: connection.recv(65536) and None, hold=True) as url:
        verdicts = send(url, batch(2), attempt_seconds=0.2)
    assert verdicts == [Retry("no_answer:TimeoutError", ambiguous=True)] * 2


@pytest.mark.parametrize(
    "reply",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"SSH-2.0-OpenSSH\r\n"],
)
def test_a_connection_that_breaks_after_the_request_is_an_unknown_outcome(reply: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(reply)

    with raw_server(answer) as url:
        (verdict,) = send(url, batch())
    assert isinstance(verdict, Retry)
    assert verdict.ambiguous
    assert verdict.why.startswith("no_answer:")


def test_what_could_not_be_sent_is_no_doubt() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        assert send(url, batch()) == [Retry("not_sent:ConnectError")]


def test_no_token_or_one_that_fits_no_header_parks_without_a_request(httpserver: HTTPServer) -> None:
    url = httpserver.url_for("")
    assert send(url, batch(), Credentials("")) == [Parked("no_token", "auth")]
    for token in ("a\r\nb", "tökén", " a"):
        assert send(url, batch(), Credentials(token)) == [Parked("malformed_token", "auth")]
    assert httpserver.log == []


def test_an_unknown_destination_parks() -> None:
    async def once() -> list[Verdict]:
        async with make_http_client() as http:
            return await TikTokClient(http, "http://127.0.0.1:9", lambda _: None).send(batch())

    assert asyncio.run(once()) == [Parked("no_token", "auth")]


def test_a_token_shows_nowhere(httpserver: HTTPServer) -> None:
    credentials = Credentials(TOKEN, "TEST1")
    assert TOKEN not in repr(credentials)
    verdict = answered(httpserver, {"code": 40002, "message": f"token {TOKEN} and Jane"})
    assert TOKEN not in repr(verdict)
    assert "Jane" not in repr(verdict)


def test_the_client_trusts_nothing_from_its_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

    async def look() -> httpx.AsyncClient:
        async with make_http_client() as http:
            return http

    http = asyncio.run(look())
    assert (http.trust_env, http.follow_redirects) == (False, False)
    assert http.timeout == httpx.Timeout(connect=3, write=10, read=20, pool=5)


class raw_server:  # noqa: N801 - reads as the context it is
    """A socket on loopback that takes one connection and does what it is told with it."""

    def __init__(self, answer: Callable[[socket.socket], object], *, hold: bool = False) -> None:
        self._answer, self._hold = answer, hold
        self._done = threading.Event()

    def __enter__(self) -> str:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            self._answer(connection)
            if self._hold:
                self._done.wait()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._listener.close()
