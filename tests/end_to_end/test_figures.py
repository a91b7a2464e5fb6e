"""What a real daemon tells of itself, in its metrics and its status."""

from __future__ import annotations

from daemons import House, page_view, until

from router.tiktok.mock import MockTikTok


def test_the_way_of_an_event_can_be_followed_in_the_metrics(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url)
    assert daemon.send(page_view("one", user={"email": "ada@example.com"})).status_code == 202
    until(lambda: daemon.metric("tagwright_events_sent_total"))
    labels = {"destination": "tiktok_web"}
    assert daemon.metric("tagwright_request_seconds_count", format="standard", status="2xx") == 1
    assert daemon.metric("tagwright_attempts_total", **labels, **{"class": "ok"}) == 1
    assert daemon.metric("tagwright_delivery_seconds_count", **labels) == 1
    assert daemon.metric("tagwright_match_events_total", source="web") == 1
    assert daemon.metric("tagwright_match_keys_total", source="web", key="email") == 1
    assert daemon.metric("tagwright_destination_state", **labels, state="open") == 1
    assert daemon.metric("tagwright_concurrency_limit", **labels) >= 1
    assert daemon.metric("tagwright_commit_seconds_count") >= 3
    assert daemon.metric("tagwright_spool_rows") == 0
    assert daemon.metric("tagwright_disk_free_bytes") > 0
    assert daemon.status()["spool"]["disk_free_bytes"] > 0
    daemon.check_privacy()
    assert daemon.stop() == 0
