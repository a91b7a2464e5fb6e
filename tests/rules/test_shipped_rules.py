"""The shipped rule files: each checks, passes its own tests, and sends what its page says."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from router.assets import asset
from router.lang.outcome import Arrival, Result, Send
from router.lang.program import Program
from router.lang.route import route
from router.rulebook import load
from router.testing import run_tests

HERE = Path(__file__).parent
SHIPPED = sorted(asset("rules").glob("**/*.rules"))
COMMANDERS_ACT = [asset("rules/commanders_act.rules"), HERE / "fixtures" / "commanders_act.rules"]
TRIPLES = [tuple(line.split()) for line in (HERE / "triples.txt").read_text().splitlines() if line]
STANDARD = [line.split() for line in (HERE / "standard_events.txt").read_text().splitlines() if line]
SOURCES = ("web", "app", "offline", "crm")


@lru_cache
def program(path: Path) -> Program:
    book = load([path])
    assert book.problems == ()
    assert book.program
    return book.program


def consenting(name: str, source: str, **more: Any) -> dict[str, Any]:
    tiktok = {"event_source": source, "lead_id": "lead-1"}
    event = {"event_name": name, "partners": {"tiktok": tiktok}, "consent": {"advertising": True}}
    match source:
        case "app":
            event["context"] = {"app": {"namespace": "com.example"}}
        case "offline":
            event["user"] = {"phone": "+12133734253"}
    return event | more


def sent(result: Result) -> list[str]:
    return [each.event for each in result.outcomes if isinstance(each, Send)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_checks_and_passes_its_tests(path: Path) -> None:
    assert [verdict.name for verdict in run_tests(program(path)) if not verdict.passed] == []


@pytest.mark.parametrize("name", ["commanders_act", "features", "zeotap_cdp", "zeotap_warehouse"])
def test_rule_files_of_other_shapes_check_and_pass_their_tests(name: str) -> None:
    assert all(each.passed for each in run_tests(program(HERE / "fixtures" / f"{name}.rules")))


@pytest.mark.parametrize("name", ["mparticle", "upstack"])
def test_a_schema_without_the_name_of_the_event_is_reported(name: str) -> None:
    assert [each.code for each in load([HERE / "fixtures" / f"{name}.rules"]).problems] == ["E236"]


@pytest.mark.parametrize("path", COMMANDERS_ACT, ids=["shipped", "original"])
def test_commanders_act_sends_the_53_events_of_its_page_and_no_other(path: Path) -> None:
    rules = program(path)
    names = {name for _, name, _ in TRIPLES}
    found = {
        (source, name, event)
        for source in ("web", "app")
        for name in names
        for event in sent(route(rules, Arrival(consenting(name, source), 0)))
    }
    assert found == set(TRIPLES)
    assert len(TRIPLES) == 53


FIELDS = json.loads((HERE / "commanders_act_fields.json").read_text())


def _put(event: dict[str, Any], path: str, value: Any) -> None:
    *groups, leaf = path.split(".")
    for group in groups:
        event = event.setdefault(group, {})
    event[leaf] = value


def _at(payload: Any, path: str) -> Any:
    for part in path.split("."):
        payload = payload[int(part)] if isinstance(payload, list) else (payload or {}).get(part)
    return payload


@pytest.mark.parametrize("path", COMMANDERS_ACT, ids=["shipped", "original"])
@pytest.mark.parametrize("row", FIELDS, ids=lambda row: row["field"])
def test_commanders_act_fills_the_fields_of_its_page(path: Path, row: dict[str, Any]) -> None:
    event = consenting("purchase", row.get("source", "web"))
    for name, value in row["event"].items():
        _put(event, name, value)
    (send,) = route(program(path), Arrival(event, 1_767_261_600, row.get("cookies", {}))).outcomes
    assert isinstance(send, Send)
    found = {"event": send.event, "event_source": send.source}.get(row["field"]) or _at(
        send.payload, row["field"]
    )
    assert (
        found[0]
        if isinstance(found, list) and len(found) == 1 and not isinstance(row["value"], list)
        else found
    ) == row["value"]


def test_the_page_has_41_fields_two_of_which_the_destinations_hold() -> None:
    for path in COMMANDERS_ACT:
        destinations = program(path).destinations
        assert set(destinations["shop_web"].ids) == {"web"}
        assert set(destinations["shop_app"].ids) == {"app"}
        assert "test_event_code" in destinations["shop_web"].settings
    assert len({row["field"] for row in FIELDS} | {"event_source_id", "test_event_code"}) == 41


@pytest.mark.parametrize(("name", "events"), [(name, events) for name, *events in STANDARD])
def test_standard_rules_send_what_the_table_says(name: str, events: list[str]) -> None:
    rules = program(asset("rules/standard.rules"))
    for source, wanted in zip(SOURCES, events, strict=True):
        found = sent(route(rules, Arrival(consenting(name, source), 0)))
        assert found == ([] if wanted == "-" else [wanted]), source


def test_the_table_of_standard_events_is_complete() -> None:
    assert {name for name, *_ in STANDARD} == program(asset("rules/standard.rules")).dispatch.names()


CLICK = "https://shop.example/?ttclid=from-page"


@pytest.mark.parametrize("name", ["standard", "commanders_act"])
@pytest.mark.parametrize(
    ("own", "cookies", "page", "ttclid", "ttp"),
    [
        ({"ttclid": "own", "ttp": "own"}, {"ttclid": "cookie", "_ttp": "cookie"}, CLICK, "own", "own"),
        ({}, {"ttclid": "cookie", "_ttp": "cookie"}, CLICK, "cookie", "cookie"),
        ({"ttclid": ""}, {}, CLICK, "from-page", None),
        ({"ttclid": None}, {}, "https://shop.example/", None, None),
    ],
)
def test_click_id_and_browser_id_come_from_the_first_place_that_has_them(
    name: str, own: dict[str, Any], cookies: dict[str, str], page: str, ttclid: str | None, ttp: str | None
) -> None:
    event = consenting("purchase", "web", context={"page": {"url": page}})
    event["partners"]["tiktok"] |= own
    (send,) = route(program(asset(f"rules/{name}.rules")), Arrival(event, 0, cookies)).outcomes
    assert isinstance(send, Send)
    user = send.payload.get("user", {})
    assert (user.get("ttclid"), user.get("ttp")) == (ttclid, ttp)


@pytest.mark.parametrize("name", ["standard", "commanders_act"])
@pytest.mark.parametrize(
    "consent",
    [
        {},
        {"advertising": False},
        {"advertising": None},
        {"advertising": "yes"},
        {"analytics": True},
        "granted",
        None,
    ],
)
def test_without_advertising_consent_nothing_is_sent(name: str, consent: Any) -> None:
    event = consenting("purchase", "web", consent=consent)
    assert sent(route(program(asset(f"rules/{name}.rules")), Arrival(event, 0))) == []
