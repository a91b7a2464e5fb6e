"""What operators copy names metrics, labels and settings that there are."""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.metrics import MetricWrapperBase

from router.settings import describe_settings
from router.web.metrics import Metrics

DOCS = Path(__file__).parents[2] / "docs"
OPERATIONS = DOCS / "operations"
WITH_METRICS = ("alerts.yaml", "alerts_test.yaml", "alerts.md", "capacity.md", "grafana.json")
USED = re.compile(r"\b((?:tagwright|process)_[a-z_]+)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!=|!~|=)\s*\\?"')
OF_PROMETHEUS = {"instance", "job"}
VARIABLE = re.compile(r"\bTAGWRIGHT_[A-Z_]+\b")
RESULTS = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",), "gauge": ("",)}


@pytest.fixture(scope="module")
def known() -> Mapping[str, set[str]]:
    """Every series that a daemon exports, with its labels."""
    registry = Metrics().registry
    series: dict[str, set[str]] = {
        each.name: set()
        for family in registry.collect()
        for each in family.samples
        if "process_" in each.name
    }
    for metric in registry._collector_to_names:
        if isinstance(metric, MetricWrapperBase):
            for end in RESULTS[str(metric._type)]:
                series[metric._name + end] = set(metric._labelnames) | ({"le"} if end == "_bucket" else set())
    return series


def expressions(node: Any) -> Iterator[str]:
    """Every query of a dashboard."""
    match node:
        case {"expr": str(expression), **rest}:
            yield expression
            yield from expressions(rest)
        case dict():
            for each in node.values():
                yield from expressions(each)
        case list():
            for each in node:
                yield from expressions(each)


@pytest.mark.parametrize("name", WITH_METRICS)
def test_every_metric_that_is_named_is_exported(name: str, known: Mapping[str, set[str]]) -> None:
    found = USED.findall((OPERATIONS / name).read_text("utf-8"))
    assert found
    # A page may speak of a histogram as such, a query cannot.
    families = {each.removesuffix("_bucket") for each in known} if name.endswith(".md") else set()
    assert {metric for metric, _ in found} - known.keys() - families == set()
    wrong = [
        (metric, label)
        for metric, matchers in found
        for label in MATCHER.findall(matchers)
        if label not in known[metric] | OF_PROMETHEUS
    ]
    assert wrong == []


def test_the_dashboard_can_be_imported(known: Mapping[str, set[str]]) -> None:
    board = json.loads((OPERATIONS / "grafana.json").read_text("utf-8"))
    assert (board["uid"], board["title"]) == ("tagwright", "TagWright")
    panels = [each for each in board["panels"] if each["type"] != "row"]
    assert len({each["id"] for each in board["panels"]}) == len(board["panels"])
    queries = list(expressions(panels))
    assert all(list(expressions(each)) for each in panels)
    assert all(USED.search(each) for each in queries)
    sources = {json.dumps(each["datasource"]) for each in panels}
    assert sources == {json.dumps({"type": "prometheus", "uid": "${datasource}"})}
    variables = {each["name"] for each in board["templating"]["list"]}
    assert set(re.findall(r"\$\{?([a-z]+)", json.dumps(board))) <= variables


def test_every_alert_is_explained_and_every_explanation_has_its_alert() -> None:
    alerts = re.findall(r"- alert: (\w+)", (OPERATIONS / "alerts.yaml").read_text("utf-8"))
    told = re.findall(r"^## (\w+)$", (OPERATIONS / "alerts.md").read_text("utf-8"), re.MULTILINE)
    assert alerts
    assert told == alerts


@pytest.mark.parametrize("page", sorted(OPERATIONS.iterdir()), ids=lambda path: path.name)
def test_every_variable_is_a_setting(page: Path) -> None:
    known = {each.variable for each in describe_settings()}
    keys = {"TAGWRIGHT_WRITE_KEY", "TAGWRIGHT_WRITE_KEY_FILE"}
    assert set(VARIABLE.findall(page.read_text("utf-8"))) <= known | keys


def test_every_page_is_in_the_index() -> None:
    index = (OPERATIONS / "README.md").read_text("utf-8")
    assert [each.name for each in OPERATIONS.iterdir() if f"({each.name})" not in index] == ["README.md"]


def test_the_unit_gives_stopping_its_time() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign] # the documented way to keep the case
    unit.read(OPERATIONS / "tagwright.service")
    drain = next(each.default for each in describe_settings() if each.name == "delivery.drain_seconds")
    assert int(unit["Service"]["TimeoutStopSec"]) > drain
    assert unit["Service"]["StateDirectoryMode"] == "0700"


def test_every_place_that_the_page_on_security_names_is_there() -> None:
    text = (DOCS / "security.md").read_text("utf-8")
    places = set(re.findall(r"`((?:router|tests|grammar|rules)/[\w./]+)`", text))
    assert len(places) > 40
    assert {each for each in places if not (DOCS.parent / each).exists()} == set()
