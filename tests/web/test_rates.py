"""How often: by key, by address, and for those who show wrong keys."""

from __future__ import annotations

import ipaddress
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.settings import Limits, Settings, WriteKey
from router.web.rates import Buckets, TokenBucket

EVENT = {"event_name": "page_view"}
SHOP = "https://shop.example"
PROXY = (ipaddress.ip_network("127.0.0.0/8"),)


def post(served: Any, key: str, address: str = "203.0.113.9", **headers: str) -> httpx.Response:
    shown = {"x-write-key": key, "x-forwarded-for": address, **headers}
    return httpx.post(served.url + "/v1/events", json=EVENT, headers=shown)


@given(rate=st.floats(0.01, 1000), gaps=st.lists(st.floats(0, 10), max_size=60))
def test_no_bucket_gives_more_than_its_rate(rate: float, gaps: list[float]) -> None:
    bucket, now, taken = TokenBucket(rate, 0.0), 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.wait(now) == 0
    assert taken <= max(1.0, rate) + now * rate + 1e-6


def test_a_bucket_says_when_to_come_back() -> None:
    bucket = TokenBucket(0.5, 0.0)
    assert bucket.wait(0.0) == 0
    assert bucket.wait(0.0) == 2
    assert bucket.due(1.0) == 1
    assert bucket.due(2.0) == bucket.wait(2.0) == 0
    assert bucket.wait(-100.0) == 2


def test_the_memory_of_those_who_came_is_bounded() -> None:
    buckets = Buckets(most=100)
    for number in range(1000):
        assert buckets.wait(f"10.0.0.{number}", 1, 0.0) == 0
    assert len(buckets) == 100
    assert buckets.wait("10.0.0.999", 1, 0.0) == 1
    assert buckets.due("10.0.0.0", 0.0) == 0


@pytest.fixture
def clock() -> Any:
    class Clock:
        time = 1_795_253_223.0

        def __call__(self) -> float:
            return self.time

    return Clock()


def guarded(house: Any, clock: Any, **limits: Any) -> Any:
    keys = (
        WriteKey("page", "page-key", "browser", origins=(SHOP,)),
        WriteKey("backend", "backend-key", "server"),
        WriteKey("slow", "slow-key", "server", rate=1),
    )
    settings = Settings(write_keys=keys, trusted_proxies=PROXY, limits=Limits(**limits))
    return house.intake(settings, clock)


def test_a_visitors_address_has_a_rate_and_a_server_has_its_keys(house: Any, clock: Any) -> None:
    served = guarded(house, clock, requests_per_address=2)
    answers = [post(served, "page-key", origin=SHOP) for _ in range(3)]
    assert [each.status_code for each in answers] == [202, 202, 429]
    assert answers[2].headers["retry-after"] == "1"
    assert answers[2].json()["error"]["code"] == "too_many_requests"
    assert post(served, "page-key", "203.0.113.10", origin=SHOP).status_code == 202
    assert {post(served, "backend-key").status_code for _ in range(5)} == {202}
    v6 = [post(served, "page-key", f"2001:db8::{number}", origin=SHOP).status_code for number in range(3)]
    assert v6 == [202, 202, 429]
    clock.time += 1
    assert post(served, "page-key", origin=SHOP).status_code == 202


def test_without_keys_visitors_have_a_rate_too(house: Any, clock: Any) -> None:
    served = house.intake(Settings(limits=Limits(requests_per_address=1)), clock)
    headers = {"origin": SHOP}
    statuses = [httpx.post(served.url + "/v1/events", json=EVENT, headers=headers) for _ in range(2)]
    assert [each.status_code for each in statuses] == [202, 429]
    assert httpx.post(served.url + "/v1/events", json=EVENT).status_code == 202
    endless = house.intake(Settings(limits=Limits(requests_per_address=0)), clock)
    for _ in range(3):
        assert httpx.post(endless.url + "/v1/events", json=EVENT, headers=headers).status_code == 202


def test_a_key_over_its_rate_comes_back(house: Any, clock: Any) -> None:
    served = guarded(house, clock)
    assert [post(served, "slow-key").status_code for _ in range(2)] == [202, 429]
    clock.time += 1
    assert post(served, "slow-key").status_code == 202


def test_wrong_keys_are_counted_by_address_and_then_not_looked_at(house: Any, clock: Any) -> None:
    served = guarded(house, clock, auth_failures=3)
    assert post(served, "backend-key").status_code == 202
    answers = [post(served, f"guess-{number}") for number in range(5)]
    assert [each.status_code for each in answers] == [401, 401, 401, 429, 429]
    assert answers[4].json()["error"]["code"] == "too_many_failures"
    assert answers[4].headers["retry-after"] == "20"
    # A right guess would not be told from a wrong one, and who was right before is not shut out.
    assert post(served, "slow-key").status_code == 429
    assert post(served, "backend-key").status_code == 202
    assert post(served, "slow-key", "203.0.113.10").status_code == 202
    clock.time += 20
    assert post(served, "slow-key").status_code == 202


def test_every_wrong_key_is_told_the_same(house: Any, clock: Any) -> None:
    served = guarded(house, clock)
    kinds: list[dict[str, str]] = [
        {}, {"x-write-key": ""}, {"x-write-key": "page-ke"}, {"x-write-key": "x" * 5000},
        {"authorization": "Basic !"}, {"x-shopify-hmac-sha256": "x"},
    ]  # fmt: skip
    answers = [httpx.post(served.url + "/v1/events", json=EVENT, headers=each) for each in kinds]
    told = {(each.status_code, each.text, each.headers["www-authenticate"]) for each in answers}
    assert len(told) == 1
    assert answers[0].status_code == 401
