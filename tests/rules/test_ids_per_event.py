"""Several event source ids: a field of the event chooses among those that are allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.daemon import Deployment
from router.daemon.deployment import deploy
from router.lang.outcome import Arrival, Send, Skip
from router.lang.route import route
from router.rulebook import load
from router.settings import EnvironmentVariables

PAGE = Path(__file__).parents[2] / "docs" / "integrations" / "zeotap_cdp.md"
CONSENT = {"advertising": True, "processing": True}


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """The rules of the page, with two pixels and their tokens."""
    path = tmp_path / "shops.rules"
    path.write_text(PAGE.read_text("utf-8").partition("```rules\n")[2].partition("```")[0], "utf-8")
    variables = {
        "TIKTOK_FIRST_PIXEL": "CFIRSTPIXEL000000000",
        "TIKTOK_SECOND_PIXEL": "CSECONDPIXEL00000000",
        "TIKTOK_TOKEN": "first-token",
        "TIKTOK_SECOND_TOKEN": "second-token",
    }
    found = deploy(load([path]), EnvironmentVariables(variables), "production", "live")
    assert isinstance(found, Deployment), found.in_short()
    return found


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ("CFIRSTPIXEL000000000", [("CFIRSTPIXEL000000000", "first-token")]),
        ("CSECONDPIXEL00000000", [("CSECONDPIXEL00000000", "second-token")]),
        ("CSOMEBODYELSES000000", []),
        (None, []),
    ],
)
def test_a_field_of_the_event_chooses_among_the_ids_that_are_allowed(
    deployment: Deployment, wanted: str | None, ids: list[tuple[str, str]]
) -> None:
    event = {
        "event_name": "purchase",
        "consent": CONSENT,
        "context": {"event_timestamp": 1},
        "event_source_id": wanted,
    }
    outcomes = route(deployment.program, Arrival(event, 1), inactive=deployment.inactive).outcomes
    sends = [each for each in outcomes if isinstance(each, Send)]
    bound = [deployment.destinations[each.destination] for each in sends]
    assert [(each.ids["web"], each.token) for each in bound] == ids
    reasons = {each.reason for each in outcomes if isinstance(each, Skip)}
    assert reasons == {"destination_inactive", "another event source"}
