"""Messages without the values they echo."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.tiktok.redaction import LONGEST, redact, texts_of


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("data[3].user.email: must be a SHA-256", "data[3].user.email: must be a SHA-256"),
        ("Batch.0.properties.contents.0.content_id: bad", "Batch.0.properties.contents.0.content_id: bad"),
        ("event_source_id: Not a valid string", "event_source_id: Not a valid string"),
        ("field 'event_source_id' is wrong", "field 'event_source_id' is wrong"),
        ("'Jane' is wrong", "'…' is wrong"),
        ('"Jane Doe", “Jane”, `x`', '"…", “…”, `…`'),
        ("bad mail jane@example.com given", "bad mail … given"),
        ("bad phone +49 (170) 123-4567.", "bad phone …."),
        ("bad phone 491701234567", "bad phone …"),
        ("hash " + "a1" * 32, "hash …"),
        ("from 203.0.113.7 or 2001:db8::1:2:3", "from … or …"),
        ("see https://shop.example/?ttclid=E.C.P.abc now", "see … now"),
        ("token 8f3k2j5h7x9z1q rejected", "token … rejected"),
        ("code 40002 at 3", "code 40002 at 3"),
    ],
)
def test_names_stay_and_values_go(message: str, shown: str) -> None:
    assert redact(message) == shown


def test_known_values_go_wherever_they_stand() -> None:
    assert redact("first name Jane-Anne and Jane not allowed", ["Jane", "Jane-Anne"]) == (
        "first name … and … not allowed"
    )


@given(st.text(max_size=2000), st.lists(st.text(min_size=3, max_size=20), max_size=5))
def test_no_known_value_survives_and_nothing_grows(message: str, values: list[str]) -> None:
    shown = redact(message + " ".join(values)[:300], values)
    assert len(shown) <= LONGEST
    assert not any(value in shown for value in values if "…" not in value)


def test_texts_of_payloads_are_values_at_any_depth() -> None:
    found = texts_of([b'{"a":"one","b":{"c":["two",{"d":"three"}],"n":4}}'])
    assert list(found) == ["one", "two", "three"]
