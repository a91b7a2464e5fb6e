"""Whatever stands where a tracker's field belongs: nothing raises, and no other event is lost."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_the_same_purchase import REQUESTS, SETTINGS, posted
from trackers import NOW, payload_of, purchase

from router.inputs import RawRequest, decode
from router.inputs.batches import Batch, read_batches
from router.settings import Limits

FACTS = {"x_shopify_topic": "orders/paid", "x_shopify_shop_domain": "shop.example"}
SAMPLES = {**REQUESTS, "shopify": ("shopify", posted(purchase("shopify"), **FACTS))}
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=5,
)
MANY = settings(max_examples=settings().max_examples * 3)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, each in members:
        found += places(each, (*path, name))
    return found


def changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    tree = copy.deepcopy(tree)
    owner = tree
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] = value
    return tree


@MANY
@given(data=st.data(), sample=st.sampled_from(sorted(SAMPLES)))
def test_no_value_in_any_place_makes_a_decoder_raise(data: st.DataObject, sample: str) -> None:
    name, request = SAMPLES[sample]
    tree = json.loads(request.body or request.query["dtcd"])
    path = data.draw(st.sampled_from(places(tree)))
    body = json.dumps(changed(tree, path, data.draw(ODD)))
    query = {**request.query, "dtcd": body} if request.query else {}
    request = request._replace(body=b"" if request.query else body.encode(), query=query)
    decoded = decode(name, request, SETTINGS)
    for arrival in decoded.arrivals:
        assert isinstance(arrival.event["event_name"], str)
        assert arrival.event["meta"]["format"] in (name, "mparticle")


@MANY
@given(value=ODD, place=st.sampled_from(places(purchase("shopify"))[1:]))
def test_a_purchase_with_an_odd_field_still_reaches_tiktok(value: Any, place: tuple[Any, ...]) -> None:
    order = {**changed(purchase("shopify"), place, value), "buyer_accepts_marketing": True}
    table = (("buyer_accepts_marketing", "advertising"),)
    allowed = replace(SETTINGS, consent=replace(SETTINGS.consent, shopify=table))
    for arrival in decode("shopify", posted(order, **FACTS), allowed).arrivals:
        if (
            "partners" not in place
            and arrival.event.get("partners", {}).get("tiktok", {}).get("event_source") is None
        ):
            assert payload_of(arrival)["event"] == "CompletePayment"


@MANY
@given(body=st.binary(max_size=200) | ODD.map(lambda each: json.dumps(each).encode()))
@pytest.mark.parametrize("name", ["shopify", "mparticle", "walkeros", "stape_data_tag", "cloudevents"])
def test_no_body_makes_a_decoder_raise(name: str, body: bytes) -> None:
    headers = {"ce-id": "1", "x-shopify-topic": "orders/paid", "ce-type": body.decode("latin-1")}
    for facts in ({}, headers):
        decode(name, RawRequest(body, NOW, facts, {"dtcd": body.decode("latin-1"), "a[b][c]": "1"}))


@given(
    batches=st.lists(
        st.fixed_dictionaries({"events": st.lists(ODD, max_size=4)}, optional={"a": ODD, "b": ODD}),
        max_size=3,
    ),
    strange=st.booleans(),
)
def test_batches_are_read_alike_quickly_and_carefully(batches: list[dict[str, Any]], strange: bool) -> None:
    """A number beyond 64 bits is what fast parsing leaves to the careful one."""
    long = 2**80 if strange else 1
    known = [{**each, "long": long} for each in batches]
    found = read_batches(json.dumps(known).encode(), "events", Limits(depth=100))
    assert isinstance(found, list)
    assert [(each.outer, each.events) for each in found if isinstance(each, Batch)] == [
        ({name: value for name, value in each.items() if name != "events"}, each["events"]) for each in known
    ]


@pytest.mark.parametrize(
    ("body", "limits", "code"),
    [
        (b'{"events": [1, 2, 3]}', Limits(events=2), "too_many_events"),
        (b'[{"events": [1, 2]}, {"events": [3]}]', Limits(events=2), "too_many_events"),
        (b'[{"events": [NaN, 2]}, {"events": [3]}]', Limits(events=2), "too_many_events"),
        (b"[{},{},NaN]", Limits(events=2), "too_many_events"),
        (
            b'{"events": [NaN]' + b"".join(b',"m%d":1' % n for n in range(300)) + b"}",
            Limits(),
            "too_many_values",
        ),
    ],
)
def test_batches_have_limits(body: bytes, limits: Limits, code: str) -> None:
    problem = read_batches(body, "events", limits)
    assert not isinstance(problem, list)
    assert problem.code == code


def test_a_batch_may_be_larger_than_an_event() -> None:
    body = json.dumps({"events": [{"a": "x" * 900}] * 3}).encode()
    (batch,) = read_batches(body, "events", Limits(event_bytes=1000))  # type: ignore[misc]  # it is a list
    assert isinstance(batch, Batch)
    assert all(isinstance(each, dict) for each in batch.events)
