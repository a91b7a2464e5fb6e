"""A click of one event in the payload of a later one, through a daemon, its restart, and an erasure."""

from __future__ import annotations

import json
from typing import Any

from daemons import House, page_view, tagwright, until

from router.tiktok.mock import MockTikTok

SETTINGS = 'data = "data"\n[visitors]\nremember = ["ttclid", "ttp"]\n'


def landing(event_id: str, click: str) -> dict[str, Any]:
    page = {"url": f"https://shop.example/?ttclid={click}"}
    return page_view(event_id, user={"anonymous_id": "a-1"}, context={"page": page})


def purchase(event_id: str) -> dict[str, Any]:
    user = {"anonymous_id": "a-1", "email": "ada@example.com"}
    return page_view(event_id, event_name="purchase", user=user)


def clicks(tiktok: MockTikTok) -> dict[str, Any]:
    events = (each for request in tiktok.requests() for each in request["body"]["data"])
    return {each["event_id"]: each.get("user", {}).get("ttclid") for each in events}


def test_a_purchase_without_a_click_has_that_of_the_visit_before(house: House, tiktok: MockTikTok) -> None:
    first = house.start(tiktok.base_url, settings=SETTINGS)
    first.send(landing("v-1", "click-1"))
    until(first.idle)
    assert first.stop() == 0
    second = house.start(tiktok.base_url, settings=SETTINGS)
    second.send(purchase("p-1"))
    until(second.idle)
    assert second.metric("tagwright_visitors_recalled_total", value="ttclid") == 1
    assert clicks(tiktok) == {"v-1": "click-1", "p-1": "click-1"}
    event = house.folder / "later.json"
    event.write_text(json.dumps(purchase("p-2")), "utf-8")
    shown = tagwright("explain", "--rules", "standard.rules", "--event", str(event), cwd=house.folder)
    assert "remembered from page_view" in shown.stdout
    erased = tagwright("erase", "--email", "ada@example.com", cwd=house.folder)
    assert "2 keys of remembered visitors removed" in erased.stdout
    second.send(purchase("p-2"))
    until(second.idle)
    assert clicks(tiktok)["p-2"] is None
    assert second.stop() == 0


def test_where_nothing_is_remembered_there_is_no_file(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url)
    daemon.send(landing("v-1", "click-1"))
    daemon.send(purchase("p-1"))
    until(daemon.idle)
    assert clicks(tiktok) == {"v-1": "click-1", "p-1": None}
    assert not list(house.folder.glob("**/visitors.sqlite*"))
