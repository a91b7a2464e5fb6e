"""A match key that arrives and cannot be hashed is counted, an absent one is not."""

from __future__ import annotations

import pytest

from router.assets import asset
from router.lang.outcome import Arrival, Note
from router.lang.route import route
from router.rulebook import load


@pytest.mark.parametrize(
    ("user", "notes"),
    [
        ({"phone": "213 373 4253"}, (Note("event.user.phone", "hash_phone gives nothing for it"),)),
        ({"email": "nobody"}, (Note("event.user.email", "hash_email gives nothing for it"),)),
        ({"email": "ada@example.com", "phone": "+12133734253"}, ()),
        ({}, ()),
    ],
)
def test_what_cannot_be_hashed_is_noted(user: dict[str, str], notes: tuple[Note, ...]) -> None:
    program = load([asset("rules/standard.rules")]).program
    assert program is not None
    event = {"event_name": "purchase", "consent": {"advertising": True}, "user": user}
    assert route(program, Arrival(event, 1_795_219_200)).notes == notes
