"""What trackers of every kind send over HTTP, what they hear, and what is counted of it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from router.inputs import FORMATS
from router.settings import CloudEvents, Limits, Settings, WriteKey

EVENT = {"event_name": "page_view"}
JSON = {"content-type": "application/json"}
TRACK = {"type": "track", "event": "Order Completed", "messageId": "m-1", "userId": "u"}
SECRET = "shop-secret"
KEYS = (
    WriteKey("shop", "first-key"),
    WriteKey("pages", "page-key", sender="browser", origins=("https://shop.example",)),
    WriteKey("hooks", SECRET, signature="shopify"),
)


@pytest.fixture(scope="module")
def _keyed(house: Any) -> Any:
    return house.intake(Settings(write_keys=KEYS, limits=Limits(auth_failures=1000)))


@pytest.fixture
def keyed(_keyed: Any) -> Iterator[Any]:
    _keyed.recorder.arrivals.clear()
    _keyed.recorder.rejected.clear()
    yield _keyed
    _keyed.recorder.error = None


def counted(served: Any, name: str, **labels: str) -> float:
    return served.metrics.registry.get_sample_value(name, labels) or 0.0


def post(served: Any, path: str, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(served.url + path, content=content, headers={**JSON, **named})


def every_endpoint() -> Iterator[tuple[str, str, str]]:
    for form in FORMATS.values():
        for endpoint in form.endpoints:
            if endpoint.header is None:
                for method in endpoint.methods:
                    yield method, endpoint.path, form.name


@pytest.mark.parametrize(("method", "path", "name"), [*every_endpoint()])
def test_every_endpoint_is_reached(served: Any, method: str, path: str, name: str) -> None:
    """A body that is no event of any format is not a path that nobody knows."""
    answer = httpx.request(method, served.url + path, content=b"{}" if method == "POST" else None)
    assert answer.status_code in (200, 202, 204, 400), answer.text
    assert served.metrics.registry.get_sample_value(
        "tagwright_request_seconds_count", {"format": name, "status": f"{answer.status_code // 100}xx"}
    )


def test_a_key_may_stand_in_the_body(keyed: Any) -> None:
    assert post(keyed, "/v1/track", {**TRACK, "writeKey": "first-key"}).json() == {"success": True}
    (arrival,) = keyed.recorder.arrivals
    assert arrival.event["meta"]["source"] == "shop"
    for body in ({**TRACK, "writeKey": "no-key"}, TRACK, {**TRACK, "writeKey": 7}, b"{", b"[]"):
        assert post(keyed, "/v1/track", body).status_code == 401
    assert keyed.recorder.rejected == {}, "what strangers send is not in the books"
    shown = {"x_write_key": "no-key"}
    assert post(keyed, "/v1/track", {**TRACK, "writeKey": "first-key"}, **shown).status_code == 401


def test_a_browser_key_in_the_body_counts_on_its_pages_only(keyed: Any) -> None:
    body = {**TRACK, "writeKey": "page-key"}
    assert post(keyed, "/v1/t", body, origin="https://shop.example").status_code == 200
    assert post(keyed, "/v1/t", body, origin="https://evil.example").status_code == 403


def test_a_key_without_the_word_basic(keyed: Any) -> None:
    bare = base64.b64encode(b"first-key:").decode()
    assert post(keyed, "/v1/track", TRACK, authorization=bare).status_code == 200
    assert post(keyed, "/v1/track", TRACK, authorization="Zm9v").status_code == 401


def test_a_pixel_is_a_get_without_a_body(served: Any) -> None:
    data = base64.b64encode(json.dumps(TRACK).encode()).decode()
    answer = httpx.get(
        served.url + "/v1/pixel/track", params={"data": data}, headers={"content-type": "text/html"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert [each.event["id"] for each in served.recorder.arrivals] == ["m-1"]


def test_a_pixel_with_a_wrong_key_is_a_picture_all_the_same(keyed: Any) -> None:
    labels = {"format": "segment", "code": "unauthorized"}
    before = counted(keyed, "tagwright_requests_refused_total", **labels)
    assert httpx.get(keyed.url + "/v1/pixel/track?writeKey=no").headers["content-type"] == "image/gif"
    assert counted(keyed, "tagwright_requests_refused_total", **labels) == before + 1
    assert not keyed.recorder.arrivals


def test_an_endpoint_for_servers_takes_nothing_for_the_visitors(served: Any) -> None:
    headers = {"origin": "https://shop.example", "user_agent": "Mozilla/5.0"}
    for path in ("/api/s/track", "/api/s/s2s/track"):
        post(served, path, {**TRACK, "messageId": path}, **headers)
    page, server = served.recorder.arrivals
    assert page.event["context"]["device"]["user_agent"] == "Mozilla/5.0"
    assert "user_agent" not in server.event.get("context", {}).get("device", {})


def test_google_hears_nothing_of_what_is_refused_and_we_do(keyed: Any) -> None:
    path, event = "/mp/collect?api_secret=first-key", {"client_id": "c.1", "events": [{"name": "purchase"}]}
    assert post(keyed, path, event).status_code == 204
    assert post(keyed, path, b"{").status_code == 204
    assert post(keyed, "/mp/collect?api_secret=no", event).status_code == 204
    assert len(keyed.recorder.arrivals) == 1
    assert keyed.recorder.rejected == {"not_json": 1}


def test_the_debug_endpoint_takes_nothing(served: Any) -> None:
    before = counted(served, "tagwright_events_received_total", format="ga4")
    for body in ({"client_id": "c.1", "events": [{"name": "purchase"}]}, b"{"):
        answer = post(served, "/debug/mp/collect", body)
        assert (answer.status_code, [*answer.json()]) == (200, ["validationMessages"])
    assert not served.recorder.correlations
    assert counted(served, "tagwright_events_received_total", format="ga4") == before


def shopify(served: Any, body: bytes, signed: bytes | None = None, **headers: str) -> int:
    signature = hmac.digest(SECRET.encode(), body if signed is None else signed, hashlib.sha256)
    named = {
        "x_shopify_hmac_sha256": base64.b64encode(signature).decode(),
        "x_shopify_topic": "orders/paid",
    }
    return post(served, "/shopify", body, **{**named, **headers}).status_code


def test_shopify_is_known_by_its_signature_and_told_nothing_of_what_is_wrong(keyed: Any) -> None:
    order = json.dumps({"id": 1, "name": "#1"}).encode()
    assert shopify(keyed, order) == 200
    assert [each.event["event_name"] for each in keyed.recorder.arrivals] == ["purchase"]
    assert shopify(keyed, order, signed=b"other") == 401
    assert keyed.recorder.rejected == {}
    assert shopify(keyed, b"{") == 200
    assert shopify(keyed, order, content_type="text/html") == 200
    assert shopify(keyed, order, content_encoding="gzip") == 200
    assert shopify(keyed, b'{"test": true}') == 200
    wrong = {"not_json": 1, "unknown_content_type": 1, "bad_gzip": 1, "test_order": 1}
    assert keyed.recorder.rejected == wrong
    assert shopify(keyed, b" " * 6_000_000) == 200
    assert keyed.recorder.rejected == wrong, "too large to be verified, so nobody is known to have sent it"
    labels = {"format": "shopify", "code": "body_too_large"}
    assert counted(keyed, "tagwright_requests_refused_total", **labels) == 1


def test_a_type_that_no_stranger_is_told(keyed: Any) -> None:
    wrong = {"content_type": "text/html"}
    assert post(keyed, "/v1/track", {**TRACK, "writeKey": "no"}, **wrong).status_code == 401
    assert keyed.recorder.rejected == {}
    assert post(keyed, "/v1/track", {**TRACK, "writeKey": "first-key"}, **wrong).status_code == 415
    assert keyed.recorder.rejected == {"unknown_content_type": 1}


def test_a_library_that_does_not_say_that_it_sends_json(served: Any) -> None:
    headers = {"content_type": "application/x-www-form-urlencoded", "content_encoding": "gzip"}
    body = gzip.compress(json.dumps({"batch": [TRACK]}).encode())
    assert post(served, "/v1/batch", body, **headers).status_code == 200
    assert len(served.recorder.arrivals) == 1


def test_what_is_rejected_goes_into_the_books(served: Any) -> None:
    post(served, "/v1/events", [EVENT, {}, {}, 5])
    post(served, "/v1/events", [{}])
    post(served, "/v1/events", b"{")
    post(served, "/v1/events", b" " * 6_000_000)
    post(served, "/v1/events", b"x", content_encoding="gzip")
    post(served, "/v1/events", EVENT, content_type="text/html")
    assert served.recorder.rejected == {
        "missing_event_name": 3,
        "not_an_object": 1,
        "not_json": 1,
        "body_too_large": 1,
        "bad_gzip": 1,
        "unknown_content_type": 1,
    }
    for path in ("/nowhere", "/v1/events"):
        httpx.get(served.url + path)
    assert len(served.recorder.correlations) == 6


def test_books_that_cannot_be_written_do_not_change_the_answer(keyed: Any) -> None:
    from router.web.acceptance import Busy

    keyed.recorder.error = Busy(5, "the disk is full")
    wrong = {"x_write_key": "first-key", "content_type": "text/html"}
    assert post(keyed, "/v1/events", EVENT, **wrong).status_code == 415
    assert post(keyed, "/v1/events", EVENT, x_write_key="first-key").status_code == 503


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_no_format_hides_what_a_later_try_may_mend(form: Any) -> None:
    for endpoint in form.endpoints:
        hidden = endpoint.answering.refused if endpoint.answering else {}
        assert not {429, 500, 503} & hidden.keys()


def test_a_busy_router_says_so_to_every_tracker(served: Any) -> None:
    from router.web.acceptance import Busy

    served.recorder.error = Busy(7, "the disk is full")
    for path, body in (("/mp/collect", {"client_id": "c", "events": [{"name": "a"}]}), ("/v1/track", TRACK)):
        answer = post(served, path, body)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


def test_pages(keyed: Any) -> None:
    settings = "/v1/projects/first-key/settings"
    answer = httpx.get(keyed.url + settings, headers={"origin": "https://shop.example"})
    segment = answer.json()["integrations"]["Segment.io"]
    assert segment == {"apiKey": "first-key", "addBundledMetadata": True, "apiHost": f"{keyed.address}/v1"}
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert httpx.get(keyed.url + "/v1/projects/no-key/settings").status_code == 404
    source = httpx.get(keyed.url + "/sourceConfig", auth=("first-key", ""))
    assert source.json()["source"]["writeKey"] == "first-key"
    assert httpx.get(keyed.url + "/sourceConfig").status_code in (400, 401, 404)
    assert httpx.get(keyed.url + "/health").json()["server"] == "UP"
    assert httpx.post(keyed.url + settings).headers["allow"] == "GET, OPTIONS"


def test_without_keys_a_page_is_for_everybody(served: Any) -> None:
    assert httpx.get(served.url + "/v1/projects/any/settings").status_code == 200


def test_who_guesses_keys_by_asking_for_pages_is_slowed_down(house: Any) -> None:
    served = house.intake(Settings(write_keys=KEYS, limits=Limits(auth_failures=2)))
    got = [httpx.get(f"{served.url}/v1/projects/no-{n}/settings").status_code for n in range(4)]
    assert got == [404, 404, 429, 429]
    assert httpx.get(f"{served.url}/v1/projects/first-key/settings").status_code == 429


def test_preflights_name_what_trackers_send(house: Any) -> None:
    served = house.intake(Settings(cors_origins=("https://shop.example",)))

    def asked(path: str) -> httpx.Headers:
        return httpx.options(served.url + path, headers={"origin": "https://shop.example"}).headers

    headers = asked("/v1/track")["access-control-allow-headers"].split(", ")
    assert {"authorization", "anonymousid", "content-encoding", "x-retry-count", "traceparent"} <= {*headers}
    for path, methods in (
        ("/v1/track", "POST, OPTIONS"),
        ("/collect", "GET, POST, OPTIONS"),
        ("/v1/projects/key/settings", "GET, OPTIONS"),
    ):
        assert asked(path)["access-control-allow-methods"] == methods
    assert httpx.options(served.url + "/nowhere").status_code == 404


def test_brokers_are_told_that_they_may_send(house: Any) -> None:
    served = house.intake(Settings(cloudevents=CloudEvents()))
    headers = {"webhook-request-origin": "eventemitter.example.com", "webhook-request-rate": "120"}
    answer = httpx.options(served.url + "/cloudevents", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["webhook-allowed-origin"] == "eventemitter.example.com"
    assert answer.headers["webhook-allowed-rate"] == "*"
    assert answer.headers["allow"] == "POST, OPTIONS"
    for path, origin in (("/v1/track", "eventemitter.example.com"), ("/cloudevents", "a, b")):
        answer = httpx.options(served.url + path, headers={"webhook-request-origin": origin})
        assert "webhook-allowed-origin" not in answer.headers


def test_a_query_of_many_parameters(served: Any) -> None:
    query = "&".join(f"ep.p{number}=1" for number in range(300))
    answer = httpx.get(f"{served.url}/g/collect?v=2&tid=G-1&cid=1.1&en=purchase&{query}")
    assert answer.status_code == 204
    (arrival,) = served.recorder.arrivals
    assert len(arrival.event["properties"]) >= 300
