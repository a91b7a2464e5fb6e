"""Shares of match keys, from recorded events and from a daemon's figures, and the plot of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from router.account.matching import KEYS, Report, Row
from router.account.matching.drawing import picture_of, shown_share
from router.account.matching.plotting import PlotFailed, png, svg, write_plot
from router.cli import main
from router.web.metrics import Metrics

GIVEN = {"advertising": True}
PERSON = {"email": "someone@shop.example", "phone": "+4917012345678", "id": "u-1"}
EVENTS: list[dict[str, Any]] = [
    {
        "event_name": "purchase", "id": "1", "consent": GIVEN, "user": PERSON,
        "context": {
            "page": {"url": "https://shop.example/?ttclid=E.C.P.of-a-test"},
            "device": {"ip": "93.184.216.34", "user_agent": "Mozilla/5.0"},
        },
    },
    {
        "event_name": "purchase", "id": "2", "consent": GIVEN,
        "user": {"email": "no address", "phone": "0170"}, "context": {"device": {"ip": "10.0.0.1"}},
    },
    {"event_name": "page_view", "id": "3", "consent": GIVEN},
    {"event_name": "page_view", "id": "4"},
    {"event_name": "wobble", "id": "5", "consent": GIVEN},
    {"event_name": "purchase", "id": "6", "consent": GIVEN, "experience_type": "native app",
     "context": {"app": {"namespace": "com.example"}}},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "events.jsonl").write_text("\n".join(map(json.dumps, EVENTS)))
    return tmp_path


def tagwright(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["coverage", *arguments], terminal_width=100, catch_exceptions=False)


def rows(result: Result) -> dict[tuple[str, str], Any]:
    assert result.exit_code == 0, result.stderr
    return {(row["event"], row["source"]): row for row in json.loads(result.stdout)["rows"]}


def test_shares_by_event_and_source_with_reasons(folder: Path) -> None:
    result = tagwright("--rules", "standard.rules", "events.jsonl", "--json")
    found = rows(result)
    assert set(found) == {("CompletePayment", "web"), ("ViewContent", "web"), ("Purchase", "app")}
    web = found["CompletePayment", "web"]
    assert web["events"] == 2
    assert {name: key["share"] for name, key in web["keys"].items()} == {
        "ttclid": 0.5, "ttp": 0.0, "email": 0.5, "phone": 0.5, "external_id": 0.5, "ip_user_agent": 0.5,
    }  # fmt: skip
    assert web["keys"]["ttp"]["missing"] == {"not in the event": 2}
    assert web["keys"]["email"]["missing"] == {"not usable: gives nothing for this value": 1}
    assert web["keys"]["ip_user_agent"]["missing"] == {
        "ip: left out: private ip": 1, "user agent: not in the event": 1,
    }  # fmt: skip
    app = found["Purchase", "app"]["keys"]
    assert set(app) == {"email", "phone", "ip_user_agent"}, "keys that TikTok takes for apps"
    told = json.loads(result.stdout)
    assert told["not_sent"] == {"no advertising consent": 1, "unhandled": 1}


def test_what_no_rule_assigns(folder: Path) -> None:
    (folder / "few.rules").write_text(
        'language 1\nuse "schemas/standard.rules"\n'
        'destination shop {\n  type = "tiktok"\n  source = "web"\n'
        '  pixel = env("P")\n  token = secret("T")\n}\n'
        'mapping few {\n  event_time = now()\n  event_id = event.id\n  user.ttp = cookie("_ttp")\n}\n'
        "events with few {\n  event     | web\n  page_view | ViewContent\n}\n"
    )
    found = rows(tagwright("--rules", "few.rules", "events.jsonl", "--json"))["ViewContent", "web"]["keys"]
    assert found["ttclid"]["missing"] == {"no rule assigns it": 2}
    assert found["ttp"]["missing"] == {"not in the event": 2}


def test_the_table_says_that_it_is_no_score(folder: Path) -> None:
    shown = tagwright("--rules", "standard.rules", "events.jsonl").stdout
    assert "TikTok's Event Match Quality is another figure" in shown
    assert "CompletePayment web, without ttp: not in the event 2" in shown
    assert "not sent: no advertising consent 1, unhandled 1" in shown
    private = ("someone", "shop.example", "17012345678", "u-1", "93.184", "E.C.P", "no address")
    assert [each for each in private if each in shown] == []


def test_several_sources_and_standard_input(folder: Path) -> None:
    once = rows(tagwright("--rules", "standard.rules", "events.jsonl", "--json"))
    twice = rows(tagwright("--rules", "standard.rules", "events.jsonl", "events.jsonl", "--json"))
    assert {place: 2 * row["events"] for place, row in once.items()} == {
        place: row["events"] for place, row in twice.items()
    }
    piped = CliRunner().invoke(
        main, ["coverage", "--rules", "standard.rules", "-", "--json"], input=json.dumps(EVENTS[0])
    )
    assert rows(piped)["CompletePayment", "web"]["events"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["events.jsonl"], "recorded events need rules"),
        (["--rules", "standard.rules"], "--rules is for recorded events"),
        (["--rules", "standard.rules", "events.jsonl", "--plot", "a.gif"], "FILE.svg or FILE.png"),
        (
            ["--rules", "standard.rules", "events.jsonl", "--plot", "no/where.svg"],
            "no/where.svg cannot be written",
        ),
        (["--rules", "standard.rules", "broken.json"], "no event could be read"),
        (["--admin", "127.0.0.1:9"], "no daemon answers on 127.0.0.1:9"),
    ],
)
def test_what_cannot_run(folder: Path, arguments: list[str], words: str) -> None:
    (folder / "broken.json").write_text("{")
    result = tagwright(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())


def test_a_line_that_is_no_event_costs_nothing_else(folder: Path) -> None:
    text = (folder / "events.jsonl").read_text()
    (folder / "mixed.jsonl").write_text(f"not json\n{text}\n")
    result = tagwright("--rules", "standard.rules", "mixed.jsonl", "--json")
    assert rows(result)["CompletePayment", "web"]["events"] == 2
    assert "event 1 is left out" in result.stderr


# ------------------------------------------------------------------ a daemon


def test_the_figures_of_a_daemon(folder: Path, httpserver: HTTPServer) -> None:
    from prometheus_client import generate_latest

    metrics = Metrics()
    for keys in (["email", "ip", "user_agent"], ["email", "ttclid", "ip"], ["ttp"], []):
        metrics.matched_by("web", keys)
    metrics.matched_by("offline", ["email"])
    metrics.outcome("skip", reason="no advertising consent", destination="shop", event="x")
    metrics.outcome("send", destination="shop", event="x")
    metrics.field_left_out("event.user.phone", "hash_phone gives nothing for it")
    metrics.field_left_out("properties.value", "not_a_number")
    httpserver.expect_request("/metrics").respond_with_data(generate_latest(metrics.registry))
    address = f"127.0.0.1:{httpserver.port}"
    result = tagwright("--admin", address, "--json")
    web, offline = rows(result)[None, "web"], rows(result)[None, "offline"]  # type: ignore[index] # no event
    assert web["events"] == 4
    assert {name: key["share"] for name, key in web["keys"].items()} == {
        "ttclid": 0.25, "ttp": 0.25, "email": 0.5, "phone": 0.0, "external_id": 0.0, "ip_user_agent": 0.25,
    }  # fmt: skip
    assert web["keys"]["ip_user_agent"]["at_most"] is True
    assert set(offline["keys"]) == {"email", "phone"}
    told = json.loads(result.stdout)
    assert told["not_sent"] == {"no advertising consent": 1}
    assert told["left_out"] == [
        {"path": "event.user.phone", "reason": "hash phone gives nothing for it", "count": 1}
    ]
    assert "≤ 25 %" in tagwright("--admin", address).stdout


def test_another_server_is_no_daemon(folder: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/metrics").respond_with_data("hello 1\n")
    result = tagwright("--admin", f"127.0.0.1:{httpserver.port}")
    assert (result.exit_code, "(another server)" in result.stderr) == (2, True)


# ------------------------------------------------------------------ plots


@pytest.mark.parametrize("ending", ["svg", "png", "PNG"])
def test_plots(folder: Path, ending: str) -> None:
    result = tagwright("--rules", "standard.rules", "events.jsonl", "--plot", f"plot.{ending}")
    assert result.exit_code == 0, result.stderr
    content = (folder / f"plot.{ending}").read_bytes()
    if ending == "svg":
        texts = "".join(ElementTree.fromstring(content).itertext())  # noqa: S314 - our own file
        assert all(key.label in texts for key in KEYS)
        assert "CompletePayment" in texts
        assert "TikTok's Event Match Quality is another figure" in texts
    else:
        assert content.startswith(b"\x89PNG\r\n")


def test_names_from_events_are_only_text() -> None:
    name = "<script>alert(1)</script>&$\\frac"
    picture = picture_of(Report([Row(name, "web", 1)]))
    drawn = ElementTree.fromstring(svg(picture))  # noqa: S314 - our own text
    assert name in [each.text for each in drawn.iter()]
    assert png(picture).startswith(b"\x89PNG")


def test_an_empty_and_an_endless_report_are_drawn() -> None:
    assert "no event was sent" in svg(picture_of(Report()))
    endless = picture_of(Report([Row(f"event-{number}", "web", 1) for number in range(500)]))
    assert endless.height < 3000
    assert "440 more rows" in svg(endless)


def test_without_the_library_a_png_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(PlotFailed, match=re.escape("pip install 'tagwright[plots]'")):
        write_plot(picture_of(Report()), tmp_path / "a.png")


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_a_share_never_claims_all_or_nothing_that_is_not(found: int, events: int) -> None:
    found = min(found, events)
    text = shown_share(found / events)
    assert (text == "0 %") == (found == 0)
    assert (text == "100 %") == (found == events)
