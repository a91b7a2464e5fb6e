"""The mock over HTTP: it refuses, counts, merges and drops as TikTok is documented to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from router.tiktok.mock import MockTikTok, Scripted

NOW = 1_795_255_200
PATH = "/open_api/v1.3/event/track/"
TOKEN = "a-token-for-tests"


class Clock:
    """Epoch seconds that a test moves."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def server(clock: Clock) -> Iterator[MockTikTok]:
    with MockTikTok(clock=clock) as running:
        yield running


@pytest.fixture
def tiktok(server: MockTikTok, clock: Clock) -> MockTikTok:
    server.reset()
    clock.now = float(NOW)
    return server


@pytest.fixture(scope="module")
def connection(server: MockTikTok) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, headers={"Access-Token": TOKEN}, timeout=10) as opened:
        yield opened


@pytest.fixture
def client(connection: httpx.Client, tiktok: MockTikTok) -> httpx.Client:
    assert tiktok.counted() == []
    return connection


def event(event_id: str | None = "e1", name: str = "Purchase", **user: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"event": name, "event_time": NOW, "page": {"url": "https://shop.example/"}}
    made["user"] = {"ip": "8.8.8.8"} | user
    return made if event_id is None else made | {"event_id": event_id}


def request(*events: dict[str, Any], source_id: str = "C4A1B2C3D4E5F6G7H8I9", **top: Any) -> dict[str, Any]:
    return {"event_source": "web", "event_source_id": source_id, "data": list(events)} | top


def post(client: httpx.Client, body: Any, **headers: str) -> tuple[int, str]:
    response = client.post(PATH, json=body, headers=headers)
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"code", "message", "request_id", "data"}
    assert answer["data"] == {}
    return answer["code"], answer["message"]


def control(client: httpx.Client, what: str) -> Any:
    return client.get(f"/_mock/{what}").json()


def test_a_good_request_is_counted(client: httpx.Client) -> None:
    assert post(client, request(event(), test_event_code="TEST1")) == (0, "OK")
    (counted,) = control(client, "counted")
    assert counted == {
        "event": "Purchase",
        "counted_as": "Purchase",
        "event_source": "web",
        "event_source_id": "C4A1B2C3D4E5F6G7H8I9",
        "test_event_code": "TEST1",
        "event_id": "e1",
        "event_time": NOW,
        "first_at": NOW,
        "copies": 1,
        "merged": [],
        "payload": event(),
    }


# Refusals ---------------------------------------------------------------------------------------------------


def test_one_bad_event_refuses_the_whole_batch_and_is_named(client: httpx.Client) -> None:
    batch = [event(str(n)) for n in range(5)]
    batch[3]["user"]["email"] = "ada@example.com"
    code, message = post(client, request(*batch))
    assert code == 40002
    assert message.startswith("data[3].user.email: ")
    assert "ada" not in message
    assert control(client, "counted") == []


def test_warnings_refuse_nothing(client: httpx.Client) -> None:
    assert post(client, request(event(name="Checkout", ttclidX="x")))[0] == 0


def test_more_than_a_thousand_events(client: httpx.Client) -> None:
    assert post(client, request(*(event(str(n)) for n in range(1000))))[0] == 0
    code, message = post(client, request(*(event(str(n)) for n in range(1001))))
    assert (code, message.partition(":")[0]) == (40002, "data")


@pytest.mark.parametrize(("token", "code"), [("", 40104), (TOKEN, 0)])
def test_any_token_will_do_but_none_will_not(client: httpx.Client, token: str, code: int) -> None:
    assert post(client, request(event()), **{"Access-Token": token})[0] == code


def test_a_missing_token_header(tiktok: MockTikTok) -> None:
    assert httpx.post(tiktok.track_url, json=request(event())).json()["code"] == 40104


def test_configured_tokens_and_their_rights(clock: Clock) -> None:
    rights = {"everywhere": None, "one-source": ["PIXEL1"]}
    with MockTikTok(rights, clock) as tiktok, httpx.Client(base_url=tiktok.base_url) as client:

        def code(token: str, source_id: str) -> int:
            return post(client, request(event(), source_id=source_id), **{"Access-Token": token})[0]

        assert code("everywhere", "PIXEL2") == 0
        assert code("one-source", "PIXEL1") == 0
        assert code("one-source", "PIXEL2") == 40001
        assert code("unknown", "PIXEL1") == 40105
        tiktok.revoke("everywhere")
        assert code("everywhere", "PIXEL2") == 40105
        assert client.post("/_mock/revoke", json={"token": "one-source"}).json() == {"ok": True}
        assert code("one-source", "PIXEL1") == 40105


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b'{"data": NaN}', b"[" * 50_000])
def test_a_body_that_is_no_request(client: httpx.Client, content: bytes) -> None:
    answer = client.post(PATH, content=content, headers={"Content-Type": "application/json"}).json()
    assert answer["code"] == 40002


def test_a_body_that_does_not_call_itself_json(client: httpx.Client) -> None:
    answer = client.post(
        PATH, content=json.dumps(request(event())), headers={"Content-Type": "text/plain"}
    ).json()
    assert (answer["code"], answer["message"]) == (40002, "Content-Type must be application/json")


def test_a_body_over_the_cap(clock: Clock) -> None:
    headers = {"Access-Token": TOKEN, "Content-Type": "application/json"}
    large = json.dumps(request(event(user_agent="x" * 100_000)))
    with MockTikTok(clock=clock, max_body=2000) as tiktok:
        assert httpx.post(tiktok.track_url, json=request(event()), headers=headers).json()["code"] == 0
        assert httpx.post(tiktok.track_url, content=large, headers=headers).json()["code"] == 40002
        assert [each["code"] for each in tiktok.requests()] == [0, 40002]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/open_api/v1.3/event/track", 404, 40400),
        ("POST", "/open_api/v2.0/event/track/", 200, 40006),
        ("POST", "/open_api/v1.3/pixel/track/", 404, 40400),
        ("GET", PATH, 405, 40002),
        ("GET", "/", 404, 40400),
    ],
)
def test_other_addresses(client: httpx.Client, method: str, path: str, status: int, code: int) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()["code"]) == (status, code)


# Deduplication ----------------------------------------------------------------------------------------------


def copies(client: httpx.Client) -> list[int]:
    return [each["copies"] for each in control(client, "counted")]


def test_a_copy_within_five_minutes_fills_the_gaps_of_the_first(client: httpx.Client, clock: Clock) -> None:
    email = hashlib.sha256(b"ada@example.com").hexdigest()
    post(client, request(event(ttclid="first")))
    clock.now += 299
    later = event(ttclid="second", email=email) | {"properties": {"value": 3, "currency": "EUR"}}
    post(client, request(later))
    (counted,) = control(client, "counted")
    assert counted["copies"] == 2
    assert counted["merged"] == ["user.email", "properties"]
    assert counted["payload"]["user"] == {"ip": "8.8.8.8", "ttclid": "first", "email": email}
    assert counted["payload"]["properties"] == {"value": 3, "currency": "EUR"}


def test_a_copy_after_five_minutes_adds_nothing(client: httpx.Client, clock: Clock) -> None:
    post(client, request(event()))
    clock.now += 300
    post(client, request(event(ttclid="late")))
    (counted,) = control(client, "counted")
    assert (counted["copies"], counted["merged"], counted["payload"]) == (2, [], event())


def test_after_48_hours_a_copy_counts_again(client: httpx.Client, clock: Clock) -> None:
    post(client, request(event()))
    clock.now += 48 * 3600 - 1
    post(client, request(event()))
    assert copies(client) == [2]
    clock.now += 1
    post(client, request(event()))
    assert copies(client) == [2, 1]


def test_the_old_and_the_new_name_are_one_event(client: httpx.Client) -> None:
    post(client, request(event(name="CompletePayment"), event(name="Purchase"), event(name="AddToCart")))
    assert [(e["event"], e["counted_as"], e["copies"]) for e in control(client, "counted")] == [
        ("CompletePayment", "Purchase", 2),
        ("AddToCart", "AddToCart", 1),
    ]


def test_what_differs_in_the_key_counts_apart(client: httpx.Client) -> None:
    post(client, request(event("a"), event("b")))
    post(client, request(event("a"), source_id="OTHERPIXEL"))
    post(client, request(event("a"), test_event_code="TEST1"))
    assert copies(client) == [1, 1, 1, 1]


def test_without_an_event_id_the_cookie_decides_for_five_minutes(client: httpx.Client, clock: Clock) -> None:
    post(client, request(event(None, ttp="cookie")))
    clock.now += 299
    post(client, request(event(None, ttp="cookie", ttclid="x"), event(None, ttp="other")))
    assert copies(client) == [2, 1]
    assert control(client, "counted")[0]["merged"] == []
    clock.now += 1
    post(client, request(event(None, ttp="cookie")))
    assert copies(client) == [2, 1, 1]


def test_without_id_and_cookie_everything_counts(client: httpx.Client) -> None:
    post(client, request(event(None), event(None)))
    assert copies(client) == [1, 1]


# Looking inside and steering --------------------------------------------------------------------------------


def test_stats_and_requests_and_reset(client: httpx.Client, tiktok: MockTikTok) -> None:
    post(client, request(event("a"), event("a"), event("b", "AddToCart")))
    post(client, request(event("c") | {"event_id": 5}))
    assert control(client, "stats") == {
        "requests": 2,
        "codes": {"0": 1, "40002": 1},
        "counted": 2,
        "merged": 1,
        "dropped": 0,
        "events": {"AddToCart": 1, "Purchase": 1},
    }
    first, second = control(client, "requests")
    assert (first["code"], second["code"], second["at"], second["status"]) == (0, 40002, NOW, 200)
    assert second["message"].startswith("data[0].event_id: ")
    assert first["body"] == request(event("a"), event("a"), event("b", "AddToCart"))
    assert TOKEN not in json.dumps([first, second])
    assert first["token"].startswith("sha256:")
    assert client.post("/_mock/reset").json() == {"ok": True}
    assert (tiktok.counted(), tiktok.requests(), tiktok.stats()["requests"]) == ([], [], 0)


def test_scripted_codes_and_what_comes_after_them(client: httpx.Client) -> None:
    client.post("/_mock/script", json=[{"code": 40100, "times": 2, "message": "too frequent"}])
    assert [post(client, request(event()))[0] for _ in range(3)] == [40100, 40100, 0]
    assert copies(client) == [1]


def test_a_scripted_status_with_a_code(client: httpx.Client) -> None:
    client.post("/_mock/script", json={"code": 40100, "status": 401})
    response = client.post(PATH, json=request(event()))
    assert (response.status_code, response.json()["code"]) == (401, 40100)


@pytest.mark.parametrize(
    ("script", "status"),
    [({"status": 502}, 502), ({"garbage": True}, 200), ({"redirect": "http://127.0.0.1:9/"}, 307)],
)
def test_scripted_failures_are_no_answers_of_tiktok(
    client: httpx.Client, script: dict[str, Any], status: int
) -> None:
    client.post("/_mock/script", json=script)
    response = client.post(PATH, json=request(event()))
    assert response.status_code == status
    assert b"code" not in response.content
    assert copies(client) == []
    assert control(client, "stats")["codes"] == {"none": 1}


def test_an_answer_can_get_lost_after_the_events_were_taken(client: httpx.Client, tiktok: MockTikTok) -> None:
    tiktok.script(Scripted(status=500, process=True))
    assert client.post(PATH, json=request(event())).status_code == 500
    assert post(client, request(event()))[0] == 0
    assert copies(client) == [2]


def test_a_delay_alone_changes_nothing_else(client: httpx.Client, tiktok: MockTikTok) -> None:
    tiktok.script(Scripted(delay=0.01))
    assert post(client, request(event()))[0] == 0
    assert copies(client) == [1]


def test_a_hanging_request_leaves_the_server_free(client: httpx.Client, tiktok: MockTikTok) -> None:
    tiktok.script(Scripted(hang=True))
    with pytest.raises(httpx.ReadTimeout):
        client.post(PATH, json=request(event()), timeout=0.1)
    assert post(client, request(event()))[0] == 0
    assert copies(client) == [1]


@pytest.mark.parametrize(
    "script",
    [
        b"{",
        b"3",
        b'[{"code": "40100"}]',
        b'{"code": true}',
        b'{"cod": 40100}',
        b'{"times": 0}',
        b'{"status": 9}',
        b'{"delay": -1}',
        b'[{"code": 1}, 2]',
    ],
)
def test_a_wrong_script_is_refused_whole(client: httpx.Client, script: bytes) -> None:
    response = client.post("/_mock/script", content=script)
    assert response.status_code == 400
    assert response.json()["error"]
    assert post(client, request(event()))[0] == 0


@pytest.mark.parametrize(("method", "path"), [("GET", "/_mock/nothing"), ("POST", "/_mock/counted")])
def test_unknown_controls(client: httpx.Client, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 404


@pytest.mark.parametrize("body", ["[]", '{"token": 3}', "{"])
def test_a_wrong_revocation(client: httpx.Client, body: str) -> None:
    assert client.post("/_mock/revoke", content=body).status_code == 400
