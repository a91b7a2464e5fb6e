"""What an event tells of its visitor, whatever it holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.functions.identity import hash_email, hash_id, hash_phone
from router.lang.library import Context
from router.lang.outcome import Arrival
from router.settings import Visitors
from router.visitors.telling import keys_of, told_by

from .meeting import ALL, NOW, arrival, landing

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=4), inside, max_size=3),
    max_leaves=6,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "event_name": JUNK,
        "user": st.dictionaries(st.sampled_from(["id", "anonymous_id", "email", "phone", "hashed"]), JUNK)
        | JUNK,
        "context": st.fixed_dictionaries(
            {"page": st.fixed_dictionaries({"url": JUNK}) | JUNK, "event_timestamp": JUNK}
        )
        | JUNK,
        "partners": st.fixed_dictionaries({"tiktok": st.fixed_dictionaries({"ttclid": JUNK, "ttp": JUNK})})
        | JUNK,
        "consent": JUNK,
        "meta": JUNK,
    },
)
EVERY = Visitors(
    remember=ALL.remember, keys=("anonymous_id", "user_id", "email", "phone"), cookies=("visitor",)
)


@given(EVENTS)
def test_no_event_is_too_odd(event: dict[str, Any]) -> None:
    came = Arrival(event, NOW)
    told = told_by(came, EVERY)
    for kind, value in keys_of(came, EVERY):
        assert kind
        assert len(value) == 64
    for seen in (told.ttclid, told.ttp):
        assert seen is None or (seen.value.encode() and seen.at <= NOW and seen.event.encode() is not None)


def test_keys_are_the_hashes_of_payloads() -> None:
    someone = arrival(
        id="u-1", anonymous_id="a-1", email=[" Ada@Example.com ", "nobody"], phone="030 123456",
        cookies={"visitor": "v-1"},
    )  # fmt: skip
    assert keys_of(someone, EVERY, "DE") == (
        ("anonymous_id", hash_id.code("a-1")),
        ("user_id", hash_id.code("u-1")),
        ("email", hash_email.code("ada@example.com")),
        ("phone", hash_phone.code(Context(someone), "+4930123456")),
        ("cookie visitor", hash_id.code("v-1")),
    )
    assert len(keys_of(someone, EVERY)) == 4


def test_hashes_that_come_ready_are_the_same_keys() -> None:
    ready = arrival(
        hashed={"email": [hash_email.code("ada@example.com")], "external_id": hash_id.code("u-1")}
    )
    assert keys_of(ready, EVERY) == keys_of(arrival(id="u-1", email="ada@example.com"), EVERY)


def test_only_wanted_keys_are_looked_for() -> None:
    someone = arrival(id="u-1", email="ada@example.com", cookies={"visitor": "v"})
    assert [kind for kind, _ in keys_of(someone, Visitors(keys=("email",)))] == ["email"]


@pytest.mark.parametrize("value", ["", "0", "null", "undefined", "__CLICKID__", "x" * 1001, "a\nb", 7, None])
def test_what_is_no_click(value: Any) -> None:
    assert told_by(arrival(tiktok={"ttclid": value, "ttp": value}), ALL).names == ()


def test_the_address_tells_the_click_and_its_page() -> None:
    told = told_by(landing("c-1", tiktok={"ttclid": "older", "ttp": "b-1"}), ALL)
    assert told.ttclid
    assert told.ttp
    assert (told.ttclid.value, told.ttclid.sure) == ("c-1", True)
    assert told.ttclid.page_url == "https://shop.example/?ttclid=c-1"
    assert told.ttp.value == "b-1"


def test_a_cookies_click_may_be_old_and_has_no_page() -> None:
    told = told_by(arrival(url="https://shop.example/", cookies={"ttclid": "c-0", "_ttp": "b-0"}), ALL)
    assert told.ttclid
    assert told.ttp
    assert (told.ttclid.value, told.ttclid.sure, told.ttclid.page_url) == ("c-0", False, None)
    assert told.ttp.value == "b-0"


def test_only_what_is_wanted_is_told() -> None:
    came = landing("c-1", tiktok={"ttp": "b-1"})
    assert told_by(came, Visitors(remember=("ttp",))).names == ("ttp",)
    click = told_by(came, Visitors(remember=("ttclid",))).ttclid
    assert click
    assert click.page_url is None


def test_no_value_shows_in_a_repr() -> None:
    assert "c-1" not in repr(told_by(landing("c-1"), ALL))
