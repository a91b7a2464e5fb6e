"""Where requests go by their path, and what their senders hear."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackers import NOW

from router.inputs import FORMATS, BodyProblem, Decoded, RawRequest, Rejection, decode
from router.inputs.body_keys import body_key
from router.inputs.matching import Match, find_endpoint, find_page, methods_of, sent_headers
from router.inputs.wire import Reply
from router.settings import Limits

EMPTY = RawRequest(b"", NOW)
REJECTED = Decoded(rejections=(Rejection(0, "unknown_type", "a reason"),))
BROKEN = Decoded(problem=BodyProblem("not_json", "the body is not JSON"))
TAKEN = decode("standard", RawRequest(b'{"event_name":"a"}', NOW))


def at(path: str, method: str = "POST", **headers: str) -> Match:
    found = find_endpoint(method, path, headers)
    assert found is not None, path
    return found


def heard(path: str, decoded: Decoded, method: str = "POST", **headers: str) -> Reply | None:
    answering = at(path, method, **headers).endpoint.answering
    assert answering is not None
    return answering.answer(EMPTY, decoded)


@pytest.mark.parametrize(
    ("name", "method", "paths"),
    [
        ("standard", "POST", "/v1/events"),
        ("segment", "POST", "/v1/track /v1/page /v1/screen /v1/identify /v1/group /v1/alias /v1/batch"),
        ("segment", "POST", "/v1/t /v1/p /v1/s /v1/i /v1/g /v1/a /v1/b"),
        ("segment", "GET", "/v1/pixel/track /v1/pixel/page"),
        ("rudderstack", "POST", "/v1/merge /v1/webhook /v1/audiencelist /beacon/v1/batch"),
        ("rudderstack", "GET", "/v1/webhook /pixel/v1/track /pixel/v1/page"),
        ("jitsu", "POST", "/api/s/page /api/s/t /api/s/event /api/s/s2s/track /api/s/s2s/batch /batch /b"),
        ("jitsu", "GET", "/api/px/page"),
        ("jitsu_classic", "POST", "/api/v1/event /api/v1/events /api/v1/s2s/event"),
        ("ga4", "POST", "/mp/collect /debug/mp/collect"),
        ("gtag", "POST", "/g/collect"),
        ("gtag", "GET", "/g/collect"),
    ],
)
def test_paths(name: str, method: str, paths: str) -> None:
    for path in paths.split():
        assert at(path, method).format.name == name
        assert method in methods_of(path)


def test_what_is_nobodys() -> None:
    assert find_endpoint("POST", "/", {}) is None
    assert find_endpoint("GET", "/v1/track", {}) is None
    assert methods_of("/v1/track/") == ()
    assert find_page("/v1/projects//settings") is None
    assert find_page("/v1/projects/a/b/settings") is None


def test_rudderstacks_browser_sdk_is_told_by_its_header() -> None:
    for path in ("/v1/track", "/v1/batch"):
        assert at(path, anonymousid="YQ==").format.name == "rudderstack"
        assert at(path).format.name == "segment"


def test_only_one_format_takes_a_request() -> None:
    taken = [
        (method, endpoint.path, endpoint.header)
        for form in FORMATS.values()
        for endpoint in form.endpoints
        for method in endpoint.methods
    ]
    assert len(taken) == len(set(taken))


def test_servers_speak_of_other_peoples_devices() -> None:
    assert at("/api/s/s2s/track").endpoint.sender == "server"
    assert at("/api/s/track").endpoint.sender == "auto"


def test_segments_libraries_hear_success() -> None:
    for decoded in (TAKEN, REJECTED):
        assert heard("/v1/batch", decoded) == Reply(200, b'{"success":true}', "application/json")
    assert heard("/v1/batch", BROKEN) is None


def test_rudderstacks_libraries_hear_ok() -> None:
    for decoded in (TAKEN, REJECTED):
        reply = heard("/v1/batch", decoded, anonymousid="x")
        assert reply is not None
        assert (reply.status, reply.body) == (200, b"OK")


def test_google_hears_nothing_whatever_it_is() -> None:
    for path in ("/mp/collect", "/g/collect"):
        assert heard(path, TAKEN) == heard(path, REJECTED) == Reply(204)
        answering = at(path).endpoint.answering
        assert answering is not None
        assert {answering.refused[status] for status in (400, 401, 403, 413, 415)} == {Reply(204)}
        assert 429 not in answering.refused
        assert 503 not in answering.refused


def test_jitsu_hears_of_each_event() -> None:
    def said(path: str, decoded: Decoded) -> tuple[int, Any]:
        reply = heard(path, decoded)
        assert reply is not None
        return reply.status, json.loads(reply.body)

    assert said("/api/s/track", TAKEN) == (200, {"ok": True})
    assert said("/api/s/track", REJECTED)[0] == 200
    assert said("/api/s/s2s/track", REJECTED)[0] == 400
    assert said("/batch", TAKEN) == (200, {"ok": True, "receivedEvents": 1, "okEvents": 1})
    mixed = Decoded(TAKEN.arrivals, REJECTED.rejections)
    expected = {"ok": False, "errors": ["event 0: a reason"], "receivedEvents": 2, "okEvents": 1}
    assert said("/batch", mixed) == (200, expected)
    assert heard("/batch", BROKEN) is None


@pytest.mark.parametrize("path", ["/pixel/v1/track", "/v1/pixel/track", "/api/px/track"])
def test_a_pixel_is_a_picture(path: str) -> None:
    for decoded in (TAKEN, REJECTED):
        reply = heard(path, decoded, "GET")
        assert reply is not None
        assert (reply.status, reply.content_type, reply.body[:6], len(reply.body)) == (
            200,
            "image/gif",
            b"GIF89a",
            43,
        )


def page(path: str, key: str = "", host: str = "events.shop.example") -> tuple[Reply, Any]:
    found = find_page(path)
    assert found is not None
    reply = found.page.render(found.write_key or key, host)
    return reply, json.loads(reply.body)


def test_segments_settings_name_this_host() -> None:
    reply, answer = page("/v1/projects/wk-1/settings")
    assert reply.status == 200
    assert answer["integrations"]["Segment.io"]["apiKey"] == "wk-1"
    assert answer["integrations"]["Segment.io"]["apiHost"] == "events.shop.example/v1"
    assert answer["plan"]["track"]["__default"]["enabled"] is True
    found = find_page("/v1/projects/wk-1/settings")
    assert found is not None
    assert "wk-1" not in repr(found)
    assert (found.page.needs_key, found.page.unknown_key.status) == (True, 404)


@pytest.mark.parametrize("host", ['"', "a b", "", "evil.example/x", "a" * 300, "[::1", "\r\n"])
def test_a_host_that_is_none_is_not_repeated(host: str) -> None:
    assert "apiHost" not in page("/v1/projects/wk-1/settings", host=host)[1]["integrations"]["Segment.io"]


@pytest.mark.parametrize("host", ["localhost:8080", "[::1]:8080", "203.0.113.4"])
def test_hosts(host: str) -> None:
    answer = page("/v1/projects/wk-1/settings", host=host)[1]
    assert answer["integrations"]["Segment.io"]["apiHost"] == f"{host}/v1"


@pytest.mark.parametrize("path", ["/sourceConfig", "/sourceConfig/"])
def test_rudderstacks_source_is_enabled_and_has_no_destinations(path: str) -> None:
    source = page(path, "wk-2")[1]["source"]
    assert (source["writeKey"], source["enabled"], source["destinations"]) == ("wk-2", True, [])
    assert source["config"]["statsCollection"]["errors"] == {"enabled": False}


def test_health() -> None:
    assert page("/health")[1]["server"] == "UP"
    found = find_page("/version")
    assert found is not None
    assert not found.page.needs_key


def test_headers_that_trackers_of_pages_send() -> None:
    assert {"authorization", "anonymousid", "sentat", "x-retry-count", "x-write-key"} <= set(sent_headers())


@pytest.mark.parametrize(
    ("name", "body", "key"),
    [
        ("segment", b'{"writeKey":"k-1","batch":[{"writeKey":"inner"}]}', "k-1"),
        ("segment", b' {"batch":[{"writeKey":"inner"}], "writeKey" : "k\\u002d2" } ', "k-2"),
        ("segment", b'{"batch":[{"writeKey":"inner"}]}', None),
        ("segment", b'[{"writeKey":"k"}]', None),
        ("segment", b'{"writeKey":5}', None),
        ("segment", b'{"writeKey":}', None),
        ("segment", b'{"writeKey"', None),
        ("jitsu_classic", b'{"api_key":"k-3"}', "k-3"),
        ("ga4", b'{"writeKey":"k"}', None),
        ("segment", b"", None),
    ],
)
def test_the_key_in_a_body(name: str, body: bytes, key: str | None) -> None:
    assert body_key(FORMATS[name], body, Limits()) == key


@given(before=st.binary(max_size=20), after=st.binary(max_size=40))
def test_no_body_makes_the_search_for_its_key_raise(before: bytes, after: bytes) -> None:
    for body in (before + b'"writeKey"' + after, b'{"writeKey":' + after):
        body_key(FORMATS["segment"], body, Limits())


def test_the_senders_keys_do_not_reach_the_rules() -> None:
    headers = {"authorization": "Basic x", "x-auth-token": "y", "x-write-key": "z", "user-agent": "u"}
    request = RawRequest(b'{"event_type":"a"}', NOW, headers)
    (arrival,) = decode("jitsu_classic", request).arrivals
    assert arrival.headers == {"user-agent": "u"}
