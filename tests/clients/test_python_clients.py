"""Libraries for Python post to the daemon."""

from __future__ import annotations

import sys
import time

import pytest
from daemons import Shop, counted
from driving import HERE, Front, assert_arrived, drive, purchase

CLIENTS = {
    "segment": ("segment", ("segment_python.py",), 200),
    "structured": ("cloudevents", ("cloudevents_python.py", "structured"), 202),
    "binary": ("cloudevents", ("cloudevents_python.py", "binary"), 202),
}


def command(name: str) -> list[str]:
    script, *arguments = CLIENTS[name][1]
    return [sys.executable, str(HERE / script), *arguments]


@pytest.mark.parametrize("name", CLIENTS)
def test_a_purchase_arrives(client_shop: Shop, front: Front, name: str) -> None:
    form, _, status = CLIENTS[name]
    began, event_id = time.time(), f"client-{name}"
    assert drive(command(name), front, purchase(form, event_id)) == []
    assert front.statuses == [status]
    assert_arrived(client_shop, event_id, began)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_busy_daemon_is_asked_again(client_shop: Shop, front: Front, name: str) -> None:
    form, _, status = CLIENTS[name]
    began, event_id, front.failures = time.time(), f"again-{name}", 1
    assert drive(command(name), front, purchase(form, event_id)) == []
    assert front.statuses == [503, status]
    assert_arrived(client_shop, event_id, began)


@pytest.mark.parametrize("name", CLIENTS)
def test_a_wrong_key_is_told_and_not_repeated(client_shop: Shop, front: Front, name: str) -> None:
    event_id = f"stranger-{name}"
    errors = drive(command(name), front, purchase(CLIENTS[name][0], event_id), key="no-key")
    assert len(errors) == 1
    assert "401" in errors[0]
    assert front.statuses == [401]
    assert counted(client_shop.tiktok, event_id) == []
