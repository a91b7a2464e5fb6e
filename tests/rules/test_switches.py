"""The switches of the shipped rule files: one table lists them, and turning one changes what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from router.assets import asset
from router.explain import explain
from router.functions.identity import hash_id
from router.lang.outcome import Arrival, Send, Skip
from router.lang.program import Program
from router.lang.route import route
from router.linting import inspect_rules
from router.rulebook import SETTINGS, load
from router.settings import describe_settings

README = asset("rules/README.md").read_text("utf-8")
FILES = sorted(asset("rules").glob("*.rules"))
ROW = re.compile(r"^\| `([\w.]+)` \| (`[^|]+`|none) \| (.*) \|$", re.MULTILINE)
LET = re.compile(r"^let (\w+)\s*= (.+)$", re.MULTILINE)
SWITCHES = re.compile(r"# -+ switches\n(.*?)\n# -+ ", re.DOTALL)


def rows(title: str) -> list[tuple[str, str, str]]:
    """Name, default and the rest of each row of the table whose first head is `title`."""
    table = README.partition(f"| {title} |")[2].partition("\n\n")[0]
    return [(name, default.strip("`"), rest) for name, default, rest in ROW.findall(table)]


def untested(name: str) -> str:
    """The text of a shipped file without the tests at its end."""
    text = asset(f"rules/{name}.rules").read_text("utf-8")
    return re.sub(r"^test .*", "", text, flags=re.DOTALL | re.MULTILINE)


def turned(folder: Path, name: str, *changes: tuple[str, str]) -> Program:
    """A shipped file with other switches, among the files that it uses."""
    text = untested(name)
    for switch, value in changes:
        text, count = re.subn(rf"^(let {switch}\s*= ).+$", rf"\g<1>{value}", text, flags=re.MULTILINE)
        assert count == 1, switch
    (folder / "schemas").mkdir(exist_ok=True)
    schema = "schemas/standard.rules"
    (folder / schema).write_text(asset(f"rules/{schema}").read_text("utf-8"), "utf-8")
    path = folder / f"{name}.rules"
    path.write_text(text, "utf-8")
    program = load([path]).program
    assert program
    return program


def outcome(program: Program, event: dict[str, Any], cookies: dict[str, str] | None = None) -> Any:
    """The payload of the only send, or the reason of the only skip or drop."""
    (found,) = route(program, Arrival(event, 1_767_261_600, cookies or {})).outcomes
    match found:
        case Send():
            return {"event": found.event, "source": found.source, **found.payload}
        case Skip():
            return found.reason
        case _:
            return getattr(found, "reason", None)


def test_one_table_lists_every_switch_with_its_default() -> None:
    found: list[tuple[str, str, str]] = []
    for path in FILES:
        text = path.read_text("utf-8")
        section = SWITCHES.search(text)
        assert section, path
        found += [(name, default, path.stem) for name, default in LET.findall(section[1])]
    listed = [
        (name, default, file)
        for name, default, rest in rows("switch")
        for file in re.findall(r"`(\w+)`", rest.partition(" | ")[0])
    ]
    assert sorted(listed) == sorted(found)


def test_the_settings_of_rules_are_listed_with_their_values() -> None:
    listed = {name: default.strip('"') for name, default, _ in rows("rule setting")}
    assert set(listed) == {*SETTINGS, "missing_values"}
    assert {name: default for name, default in listed.items() if default != "none"} == {
        name: kind.options[0] if name == "missing_event_id" else "as_written"
        for name, kind in SETTINGS.items()
        if kind.options
    }


def test_the_settings_of_the_daemon_have_the_defaults_that_are_listed() -> None:
    known = {each.name: str(each.default) for each in describe_settings()}
    listed = rows("setting")
    assert len(listed) == 8
    assert [(name, known[name]) for name, _, _ in listed] == [(name, value) for name, value, _ in listed]


CONSENT = {"advertising": True, "processing": True}
PAGE = {"url": "https://shop.example/?ttclid=page"}


def event(name: str = "purchase", **more: Any) -> dict[str, Any]:
    return {"event_name": name, "consent": CONSENT, **more}


@pytest.mark.parametrize("name", ["standard", "commanders_act", "upstack"])
@pytest.mark.parametrize(
    ("value", "own", "cookies", "click"),
    [
        ("false", {}, {"ttclid": "cookie"}, "cookie"),
        ("true", {}, {"ttclid": "cookie"}, "page"),
        ("true", {"ttclid": "own"}, {"ttclid": "cookie"}, "own"),
        ("false", {}, {}, "page"),
    ],
)
def test_which_click_wins(
    tmp_path: Path, name: str, value: str, own: dict[str, str], cookies: dict[str, str], click: str
) -> None:
    program = turned(tmp_path, name, ("newest_click_wins", value))
    sent = outcome(program, event(context={"page": PAGE}, partners={"tiktok": own}), cookies)
    assert sent["user"]["ttclid"] == click


def test_the_newest_click_falls_back_on_the_cookie(tmp_path: Path) -> None:
    program = turned(tmp_path, "standard", ("newest_click_wins", "true"))
    assert outcome(program, event(), {"ttclid": "cookie"})["user"]["ttclid"] == "cookie"


@pytest.mark.parametrize("name", ["standard", "commanders_act"])
@pytest.mark.parametrize(("value", "number"), [("false", 2), ("true", 5)])
def test_what_num_items_counts(tmp_path: Path, name: str, value: str, number: int) -> None:
    program = turned(tmp_path, name, ("sum_quantities", value))
    items = [{"id": "a", "quantity": 2}, {"id": "b", "quantity": 3}]
    assert outcome(program, event(items=items))["properties"]["num_items"] == number


@pytest.mark.parametrize("name", ["standard", "commanders_act", "mparticle", "upstack"])
def test_what_ids_of_items_are(tmp_path: Path, name: str) -> None:
    more = [("require_person", "false"), ("require_context", "false")] if name == "mparticle" else []
    program = turned(tmp_path, name, ("default_content_type", '"product_group"'), *more)
    sent = outcome(program, event(items=[{"id": "a"}]))
    assert sent["properties"]["contents"] == [{"content_type": "product_group", "content_id": "a"}]


@pytest.mark.parametrize("name", ["standard", "commanders_act", "zeotap_cdp"])
@pytest.mark.parametrize("only", ["page_view", "view_item"])
def test_which_views_are_view_content(tmp_path: Path, name: str, only: str) -> None:
    program = turned(tmp_path, name, ("view_content_from", f'["{only}"]'))
    seen = {
        each: outcome(program, event(each, context={"event_timestamp": 1}))
        for each in ("page_view", "view_item")
    }
    assert seen.pop(only)["event"] == "ViewContent"
    assert list(seen.values()) == ["row_condition"]


KNOWN: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"user": {"email": "ada@example.com"}}, {}),
    ({"user": {"phone": "+12133734253"}}, {}),
    ({"user": {"id": "u-1"}}, {}),
    ({"context": {"page": PAGE}}, {}),
    ({}, {"_ttp": "browser"}),
    ({"context": {"device": {"ip": "203.0.113.9", "user_agent": "Mozilla/5.0"}}}, {}),
]
UNKNOWN: list[dict[str, Any]] = [
    {},
    {"context": {"device": {"ip": "203.0.113.9"}}},
    {"context": {"device": {"user_agent": "Mozilla/5.0"}}},
    {"context": {"page": {"url": "https://shop.example/"}}},
]


def test_a_match_key_can_be_required(tmp_path: Path) -> None:
    program = turned(tmp_path, "standard", ("require_match_key", "true"))
    for more, cookies in KNOWN:
        assert outcome(program, event(**more), cookies)["event"] == "CompletePayment"
    for more in UNKNOWN:
        assert outcome(program, event(**more)) == "no match key"
    app = {"app": {"namespace": "com.example"}, "device": {"type": "ios", "advertising_id": "A-1"}}
    assert outcome(program, event(context=app))["event"] == "Purchase"
    assert outcome(program, event(context={"app": {"namespace": "com.example"}})) == "no match key"


def test_without_the_switch_web_events_of_nobody_are_sent() -> None:
    program = load([asset("rules/standard.rules")]).program
    assert program
    assert [outcome(program, event(**more))["event"] for more in UNKNOWN] == ["CompletePayment"] * 4


@pytest.mark.parametrize("name", ["standard", "mparticle"])
def test_a_person_can_be_required_or_not(tmp_path: Path, name: str) -> None:
    device = {"ip": "203.0.113.9", "user_agent": "Mozilla/5.0"}
    nobody = event(context={"page": PAGE, "device": device})
    strict = turned(tmp_path, name, ("require_person", "true"))
    assert str(outcome(strict, nobody)).startswith("no e-mail")
    assert outcome(strict, {**nobody, "user": {"id": "u-1"}})["event"] in ("CompletePayment", "PlaceAnOrder")
    free = turned(tmp_path, name, ("require_person", "false"))
    assert outcome(free, nobody)["event"] in ("CompletePayment", "PlaceAnOrder")


@pytest.mark.parametrize("source", ["offline", "crm"])
def test_events_without_a_browser_need_somebody(source: str) -> None:
    program = load([asset("rules/standard.rules")]).program
    assert program
    reason = {"offline": "no e-mail or phone", "crm": "missing_required"}[source]
    assert outcome(program, event(partners={"tiktok": {"event_source": source}})) == reason


def test_context_can_be_left_out(tmp_path: Path) -> None:
    program = turned(tmp_path, "mparticle", ("require_context", "false"))
    assert outcome(program, event(user={"id": "u-1"}))["event"] == "PlaceAnOrder"


def test_only_what_is_listed_is_forwarded(tmp_path: Path) -> None:
    program = turned(tmp_path, "upstack", ("forwarded_events", '["purchase"]'))
    assert outcome(program, event())["event"] == "CompletePayment"
    assert outcome(program, event("page_view")) == "filtered"


def test_sources_of_orders_can_be_excluded(tmp_path: Path) -> None:
    program = turned(tmp_path, "upstack", ("excluded_order_sources", '["pos"]'))
    assert outcome(program, event(properties={"source_name": "pos"})) == "order source excluded"
    assert outcome(program, event(properties={"source_name": "tiktok"}))["event"] == "CompletePayment"


def test_one_consent_can_be_enough(tmp_path: Path) -> None:
    program = turned(tmp_path, "zeotap_cdp", ("require_processing_consent", "false"))
    context = {"event_timestamp": 1_767_225_600}
    assert (
        outcome(program, event(consent={"advertising": True}, context=context))["event"] == "CompletePayment"
    )
    refused = event(consent={"processing": True}, context=context)
    assert outcome(program, refused) == "no consent for advertising and processing"


def test_rows_may_be_of_an_app_without_mail_and_consent_column(tmp_path: Path) -> None:
    switches = (("default_source", '"app"'), ("require_email", "false"), ("rows_have_consent", "true"))
    program = turned(tmp_path, "zeotap_warehouse", *switches)
    sent = outcome(program, {"event_name": "CompletePayment", "app_id": "com.example"})
    assert (sent["event"], sent["source"]) == ("Purchase", "app")


@pytest.mark.parametrize("source", ["web", "crm"])
def test_buttons_and_forms_have_the_names_that_are_wanted(tmp_path: Path, source: str) -> None:
    changes = (("keep_click_button", "true"), ("legacy_lead_name", "true"))
    old = turned(tmp_path, "standard", *changes)
    tiktok = {"tiktok": {"event_source": source, "lead_id": "lead-1"}}
    wanted = {"click_button": "ClickButton", "submit_form": "SubmitForm", "generate_lead": "SubmitForm"}
    for name, sent in wanted.items():
        assert outcome(old, event(name, partners=tiktok))["event"] == sent
    app = {"app": {"namespace": "com.example"}}
    assert outcome(old, event("click_button", context=app))["event"] == "ViewContent"
    assert outcome(old, event("generate_lead", context=app))["event"] == "GenerateLead"


def test_external_ids_can_be_hashed_in_small_letters(tmp_path: Path) -> None:
    small, as_it_is = (
        outcome(
            turned(tmp_path, "standard", ("lower_case_external_id", each)), event(user={"id": " User-42 "})
        )
        for each in ("true", "false")
    )
    assert small["user"]["external_id"] == hash_id.code("user-42")
    assert as_it_is["user"]["external_id"] == hash_id.code("User-42")


@pytest.mark.parametrize("name", ["standard", "commanders_act", "zeotap_cdp"])
def test_two_views_are_warned_about_unless_the_switch_decides(tmp_path: Path, name: str) -> None:
    for only, wanted in (('["page_view", "view_item"]', {"W548"}), ('["view_item"]', set[str]())):
        turned(tmp_path, name, ("view_content_from", only))
        path = tmp_path / f"{name}.rules"
        path.write_text(path.read_text("utf-8").replace("# allow W548", "# not W548"), "utf-8")
        found = {each.code for each in inspect_rules([path], "lint").problems}
        assert found & {"W548"} == wanted


NAMES = {"CompletePayment": "Purchase", "SubmitForm": "Lead"}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_as_written_or_current(tmp_path: Path, name: str) -> None:
    path = tmp_path / "rows.rules"
    row = {"event_name": name, "email": "ada@example.com", "advertising_consent": True}
    for setting, wanted in (("", name), ('settings { event_names = "current" }\n', NAMES[name])):
        path.write_text(untested("zeotap_warehouse") + setting, "utf-8")
        program = load([path]).program
        assert program
        (found,) = explain(program, Arrival(row, 0)).outcomes
        assert found.payload
        assert found.payload["event"] == wanted
