"""Orders that two senders report: found by another event id, and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from router.daemon.orders import OrderWatch, sender_of
from router.lang.outcome import Arrival, Place, Send
from router.tiktok.payload import finish

NOW = 1_795_255_200
SHOPIFY = {"format": "shopify", "source": "shop"}
SITE = {"format": "standard", "source": "site"}


def seen(
    watch: OrderWatch,
    order: Any,
    event_id: str,
    meta: Mapping[str, Any] = SITE,
    event: str = "Purchase",
    destination: str = "shop",
) -> bool:
    payload = {"event_id": event_id, "properties": {"order_id": order}, "event_time": NOW}
    send = Send(destination, "web", event, payload, Place("shop.rules", 1))
    arrival = Arrival({"event_name": "purchase", "meta": dict(meta)}, NOW)
    done, before = finish(send, arrival.event, NOW, {}), watch.repeated.total()
    if done.order is not None:
        watch.note(destination, done.key_event, done.order, done.dedup_id, sender_of(arrival.event))
    return watch.repeated.total() > before


def test_a_sale_that_comes_from_two_senders() -> None:
    watch = OrderWatch()
    assert not seen(watch, "1001", "shopify-1001", SHOPIFY)
    assert seen(watch, "1001", "web-77")
    assert not seen(watch, "1001", "web-77"), "the second sender repeats itself"
    assert not seen(watch, "1001", "shopify-1001", SHOPIFY), "the first sender repeats itself"
    assert seen(watch, "1002", "b") is False
    assert watch.status() == [
        {
            "destination": "shop",
            "event": "Purchase",
            "first": "shopify/shop",
            "again": "standard/site",
            "orders": 1,
        }
    ]


def test_old_and_new_names_are_one_event() -> None:
    watch = OrderWatch()
    assert not seen(watch, "1", "a", event="CompletePayment")
    assert seen(watch, "1", "b", event="Purchase")


def test_other_events_and_destinations_are_no_repeats() -> None:
    watch = OrderWatch()
    assert not seen(watch, "1", "a")
    assert not seen(watch, "1", "b", event="Subscribe")
    assert not seen(watch, "1", "c", destination="other")
    assert not seen(watch, None, "d")
    assert not seen(watch, "", "e")
    assert watch.status() == []


def test_only_the_latest_orders_are_remembered() -> None:
    watch = OrderWatch(orders=2)
    for number in range(3):
        seen(watch, str(number), f"a{number}")
    assert not seen(watch, "0", "b0")
    assert seen(watch, "2", "b2")


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), max_size=40))
def test_one_sender_with_one_id_for_each_order_is_never_found(events: list[tuple[int, int]]) -> None:
    watch = OrderWatch()
    assert not any(seen(watch, str(order), f"id-{order}") for order, _ in events)


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inside: st.dictionaries(st.text(), inside)))
def test_a_sender_has_a_name_whatever_the_event_holds(value: Any) -> None:
    assert sender_of({"meta": value})
    assert sender_of({"meta": {"format": value}})
