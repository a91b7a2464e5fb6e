"""TikTok's answers: the code in the body decides what becomes of an event."""

from __future__ import annotations

import json
import socket
from typing import Any

from daemons import HASTY, TOKEN, House, counted, page_view, tagwright, until
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from router.tiktok.mock import MockTikTok, Scripted

TRACK = "/open_api/v1.3/event/track/"
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n{"code":0,"message":"OK"}\n'


def test_a_revoked_token_holds_the_destination_until_there_is_a_new_one(
    house: House, tiktok: MockTikTok
) -> None:
    file = house.folder / "token"
    file.write_text("an-old-token")
    file.chmod(0o600)
    tiktok.revoke("an-old-token")
    env = {"TIKTOK_TOKEN": None, "TIKTOK_TOKEN_FILE": str(file)}
    daemon = house.start(tiktok.base_url, env=env)
    assert daemon.send(page_view("held-1")).status_code == 202
    held = until(lambda: [each for each in daemon.status()["destinations"] if each["state"] == "held"])[0]
    assert (held["destination"], held["reason"], held["code"]) == ("tiktok_web", "auth", "40105")
    assert daemon.send(page_view("held-2")).json()["outcomes"]["send"] == 1
    until(lambda: daemon.destination()["pending"] == 2)
    assert daemon.metric("tagwright_destination_state", destination="tiktok_web", state="held") == 1
    shown = tagwright("status", "--admin", daemon.admin.removeprefix("http://"), cwd=house.folder)
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "held" in shown.stdout
    assert "40105" in shown.stdout
    assert not tiktok.counted()

    file.write_text(TOKEN)
    daemon.hang_up()
    until(lambda: counted(tiktok, "held-1") and counted(tiktok, "held-2"))
    until(daemon.idle)
    assert daemon.destination()["state"] == "open"
    assert daemon.metric("tagwright_destination_state", destination="tiktok_web", state="held") == 0
    shown = tagwright("status", "--admin", daemon.admin.removeprefix("http://"), cwd=house.folder)
    assert shown.returncode == 0
    assert "an-old-token" not in daemon.log() + daemon.metrics()
    assert daemon.stop() == 0


def test_only_the_event_that_tiktok_names_is_a_dead_letter(house: House, httpserver: HTTPServer) -> None:
    bodies: list[Any] = []

    def track(request: Request) -> Response:
        body = json.loads(request.data)
        bodies.append(body)
        guilty = [index for index, each in enumerate(body["data"]) if each["event_id"] == "guilty"]
        text = f"data.{guilty[0]}.page.url: grace@example.org is not a valid URL" if guilty else "OK"
        return Response(json.dumps({"code": 40002 if guilty else 0, "message": text}))

    httpserver.expect_request(TRACK).respond_with_handler(track)
    daemon = house.start(httpserver.url_for(""))
    ids = ["first", "second", "guilty", "fourth", "fifth"]
    assert daemon.send(*(page_view(each) for each in ids)).json()["outcomes"]["send"] == 5
    until(daemon.idle)
    status = daemon.status()
    assert status["sent"] == {"tiktok_web": {"ViewContent": 4}}
    assert sum(status["spool"]["dead_letters"].values()) == 1
    assert status["destinations"][0]["state"] == "open"
    assert daemon.metric("tagwright_events_dead_total", destination="tiktok_web", reason="refused") == 1
    taken = [
        event["event_id"]
        for body in bodies
        if all(event["event_id"] != "guilty" for event in body["data"])
        for event in body["data"]
    ]
    assert sorted(taken) == ["fifth", "first", "fourth", "second"]
    assert "grace" not in daemon.log() + daemon.metrics() + json.dumps(status)
    assert daemon.stop() == 0


def test_failures_without_a_verdict_are_tried_again(house: House, tiktok: MockTikTok) -> None:
    with MockTikTok() as elsewhere:
        tiktok.script(
            Scripted(code=50000),
            Scripted(garbage=True),
            Scripted(status=502),
            Scripted(code=50000, process=True),
            Scripted(redirect=elsewhere.track_url),
        )
        daemon = house.start(tiktok.base_url, HASTY, settings="[delivery]\nbreaker_seconds = 0.2\n")
        for number in range(5):
            assert daemon.send(page_view(f"again-{number}")).status_code == 202
        until(lambda: len(tiktok.counted()) == 5)
        until(daemon.idle)
        assert daemon.metric("tagwright_events_retried_total") >= 5
        assert daemon.status()["sent"] == {"tiktok_web": {"ViewContent": 5}}
        assert daemon.status()["spool"]["dead_letters"] == {}
        assert daemon.stop() == 0
        assert elsewhere.requests() == []


def test_a_throttle_with_http_401_does_not_hold_the_destination(house: House, tiktok: MockTikTok) -> None:
    """TikTok's throttle comes with HTTP 401 (H: DOC-RATE)."""
    tiktok.script(Scripted(code=40100, status=401, message="too many requests"))
    daemon = house.start(tiktok.base_url)
    daemon.send(page_view("throttled-1"))
    until(lambda: daemon.destination()["state"] == "throttled")
    assert daemon.metric("tagwright_destination_state", state="held") == 0
    assert daemon.destination()["pending"] == 1
    assert daemon.stop() == 0


def test_a_connection_that_ends_without_an_answer_is_made_again(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gate:
        daemon = house.start(f"http://127.0.0.1:{gate.getsockname()[1]}", HASTY)
        daemon.send(page_view("cut-1"))
        gate.accept()[0].close()
        with gate.accept()[0] as again:
            request = again.recv(65_536)
            while not request.endswith(b"]}"):
                request += again.recv(65_536)
            again.sendall(ANSWER)
            until(daemon.idle)
    assert b'"event_id":"cut-1"' in request
    assert daemon.metric("tagwright_events_retried_total") == 1
    assert daemon.status()["sent"] == {"tiktok_web": {"ViewContent": 1}}
    assert daemon.stop() == 0
