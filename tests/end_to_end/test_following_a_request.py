"""From a shop's request to TikTok's answer and back, by the log and by traces."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from daemons import NEVER_SHOWN, PIXEL, TOKEN, House, counted, purchase, until
from pytest_httpserver import HTTPServer

from router.tiktok.mock import MockTikTok

# The collector is written down once, with the tests of traces.
_FOLDER = str(Path(__file__).parents[1] / "tracing")
if _FOLDER not in sys.path:
    sys.path.append(_FOLDER)

from sink import Sink  # noqa: E402

TRACK = "/open_api/v1.3/event/track/"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def lines(log: str, event: str) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [each for each in told if each["event"] == event]


def test_the_log_leads_from_a_request_to_tiktoks_name_for_it(house: House, httpserver: HTTPServer) -> None:
    httpserver.expect_request(TRACK).respond_with_json({"code": 0, "message": "OK", "request_id": "TT-1"})
    daemon = house.start(httpserver.url_for(""), settings="[logs]\ntraffic = true\n")
    answer = daemon.send(purchase("log-1"), {}, X_Request_Id="shop-77")
    assert answer.headers["x-request-id"] == "shop-77"
    until(lambda: lines(daemon.log(), "batch"))
    until(daemon.idle)
    (request,) = lines(daemon.log(), "request")
    (batch,) = lines(daemon.log(), "batch")
    assert (request["id"], request["format"], request["status"]) == ("shop-77", "standard", 202)
    assert (request["accepted"], request["rejected"]) == (1, {"missing_event_name": 1})
    assert (batch["requests"], batch["request_id"], batch["answer"]) == (["shop-77"], "TT-1", "ok")
    assert daemon.stop() == 0


def test_a_dead_letter_names_its_request_without_being_asked(house: House, httpserver: HTTPServer) -> None:
    refusal = {"code": 40002, "message": "data[0].event: unknown", "request_id": "TT-2"}
    httpserver.expect_request(TRACK).respond_with_json(refusal)
    daemon = house.start(httpserver.url_for(""))
    daemon.send(purchase("log-2"), X_Request_Id="shop-78")
    (letter,) = until(lambda: lines(daemon.log(), "dead_letter"))
    assert (letter["request"], letter["request_id"]) == ("shop-78", "TT-2")
    assert lines(daemon.log(), "request") == []


def test_a_destination_that_fails_names_the_latest_request(house: House, httpserver: HTTPServer) -> None:
    failure = {"code": 50000, "message": "internal", "request_id": "TT-3"}
    httpserver.expect_request(TRACK).respond_with_json(failure)
    daemon = house.start(httpserver.url_for(""))
    daemon.send(purchase("log-3"), X_Request_Id="shop-79")
    (failing,) = until(lambda: lines(daemon.log(), "destination_failing"))
    assert (failing["request"], failing["request_id"]) == ("shop-79", "TT-3")


def test_traces_go_to_the_collector_before_the_end(house: House, tiktok: MockTikTok) -> None:
    with Sink() as sink:
        daemon = house.start(tiktok.base_url, settings=f'[traces]\nendpoint = "{sink.url}"\n')
        parent = f"00-{TRACE}-00f067aa0ba902b7-01"
        answer = daemon.send(purchase("trace-1"), traceparent=parent)
        assert answer.headers["x-request-id"] == TRACE
        daemon.http.get(daemon.url + f"/v1/projects/{TOKEN}/settings")
        until(lambda: counted(tiktok, "trace-1"))
        until(daemon.idle)
        assert daemon.stop() == 0
        served, accept, commit, send = map(sink.named, ("POST /v1/events", "accept", "commit", "send"))
        told = b"".join(sink.bodies).decode("utf-8", "replace").lower()
    assert (served.trace, served.facts["tagwright.format"]) == (TRACE, "standard")
    assert served.facts["http.response.status_code"] == 202
    assert (accept.parent, commit.parent) == (served.id, accept.id)
    assert (send.links, send.facts["tagwright.events"]) == ((served.id,), 1)
    assert send.facts["tiktok.request_id"]
    assert [each for each in (*NEVER_SHOWN, PIXEL, "trace-1") if each.lower() in told] == []


def test_a_collector_that_is_down_costs_a_warning(house: House, tiktok: MockTikTok) -> None:
    with Sink() as gone:
        url = gone.url
    daemon = house.start(tiktok.base_url, settings=f'[traces]\nendpoint = "{url}"\n')
    for number in range(5):
        assert daemon.send(purchase(f"down-{number}")).status_code == 202
        time.sleep(0.3)
    until(lambda: lines(daemon.log(), "traces_not_exported"))
    until(daemon.idle)
    assert daemon.stop() == 0
    assert len(lines(daemon.log(), "traces_not_exported")) == 1


def test_a_wrong_setting_is_told_at_the_start(house: House) -> None:
    refused = house.refuse(settings='[traces]\nendpoint = "collector:4317"\nsample = 2\n')
    assert refused.returncode == 2
    assert "must be an http or https address" in refused.stderr
    assert "must be a number from 0 to 1" in refused.stderr
