"""A purchase on its way from the shop to TikTok, once."""

from __future__ import annotations

import json

from daemons import HERE, TOKEN, House, counted, purchase, until
from pytest_httpserver import HTTPServer

from router.tiktok.judge import judge_request
from router.tiktok.mock import MockTikTok

TRACK = "/open_api/v1.3/event/track/"
SENT = {"send": 1, "skip": 0, "drop": 0, "unhandled": 0, "duplicate": 0}
REPEATED = {**SENT, "send": 0, "duplicate": 1}


def test_the_request_is_exactly_the_one_that_tiktok_wants(house: House, httpserver: HTTPServer) -> None:
    httpserver.expect_request(TRACK, method="POST").respond_with_json({"code": 0, "message": "OK"})
    daemon = house.start(httpserver.url_for(""), fresh=True, tests=True)
    event = purchase("pur-1")
    answer = daemon.send(event)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": [], "outcomes": SENT})
    until(lambda: httpserver.log)
    request = httpserver.log[0][0]
    expected = json.loads((HERE / "purchase_request.json").read_bytes())
    expected["data"][0]["event_time"] = event["context"]["event_timestamp"]
    assert json.loads(request.data) == expected
    assert (request.method, request.full_path.rstrip("?")) == ("POST", TRACK)
    assert request.headers["Access-Token"] == TOKEN
    assert request.headers["Content-Type"] == "application/json"
    assert [each for each in judge_request(json.loads(request.data)) if each.severity == "error"] == []
    until(daemon.idle)
    assert daemon.stop() == 0
    assert len(httpserver.log) == 1


def test_a_repeat_is_answered_and_not_sent_even_after_a_crash(house: House, tiktok: MockTikTok) -> None:
    event = purchase("pur-2")
    first = house.start(tiktok.base_url)
    assert first.send(event).json()["outcomes"] == SENT
    until(lambda: counted(tiktok, "pur-2"))
    until(first.idle)
    assert first.send(event).json()["outcomes"] == REPEATED
    assert first.metric("tagwright_outcomes_total", outcome="duplicate", destination="tiktok_web") == 1
    first.kill()
    second = house.start(tiktok.base_url)
    answer = second.send(event)
    assert (answer.status_code, answer.json()["outcomes"]) == (202, REPEATED)
    assert second.send(purchase("pur-3")).json()["outcomes"] == SENT
    until(lambda: counted(tiktok, "pur-3"))
    assert second.stop() == 0
    assert [(each["event_id"], each["copies"]) for each in tiktok.counted()] == [("pur-2", 1), ("pur-3", 1)]


def test_a_repeat_inside_one_body_is_sent_once(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url)
    event = purchase("pur-4")
    assert daemon.send(event, event, event).json()["outcomes"] == {**SENT, "send": 1, "duplicate": 2}
    until(daemon.idle)
    assert daemon.stop() == 0
    assert [each["copies"] for each in tiktok.counted()] == [1]


def test_a_test_code_is_used_in_the_test_profile_only(house: House, tiktok: MockTikTok) -> None:
    code = {"TIKTOK_TEST_CODE": "TEST12345"}
    plain = house.start(tiktok.base_url, env=code)
    assert "the test event code is ignored in the production profile" in plain.log()
    plain.send(purchase("pur-5"))
    until(lambda: counted(tiktok, "pur-5"))
    assert plain.stop() == 0
    testing = house.start(tiktok.base_url, env=code, settings='profile = "test"\n')
    testing.send(purchase("pur-6", test_event_code="TEST99999"))
    until(lambda: counted(tiktok, "pur-6"))
    assert testing.stop() == 0
    assert [each["test_event_code"] for each in tiktok.counted()] == [None, "TEST12345"]


def test_the_token_may_stand_in_a_file(house: House, httpserver: HTTPServer) -> None:
    httpserver.expect_request(TRACK).respond_with_json({"code": 0, "message": "OK"})
    file = house.folder / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    env = {"TIKTOK_TOKEN": None, "TIKTOK_TOKEN_FILE": str(file)}
    house.start(httpserver.url_for(""), env=env).send(purchase("pur-7"))
    until(lambda: httpserver.log)
    assert httpserver.log[0][0].headers["Access-Token"] == TOKEN
