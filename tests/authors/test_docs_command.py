"""`tagwright docs`: the marketer's view, the catalogue and the functions."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from router.functions import STANDARD
from router.handbook.lookup import groups
from router.tiktok.catalogue import ENTRIES, EVENTS

VOID = {"meta", "input", "br"}


class _Page(HTMLParser):
    """Checks that what opens closes, and keeps links, ids and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.links += [value for name, value in found.items() if name in ("href", "src") and value]
        self.ids += [value for name, value in found.items() if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


def _parsed(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


def test_markdown(tagwright, golden):
    result = tagwright("docs", "rules", "after.rules")
    assert result.exit_code == 0
    golden(result.stdout, "rules.md")


def test_tables_of_markdown_keep_their_columns(tagwright):
    rows = [line for line in tagwright("docs", "rules", "after.rules").stdout.splitlines() if line[:1] == "|"]
    columns = 0
    for row, after in zip(rows, [*rows[1:], ""], strict=True):
        bars = row.replace("\\|", "").count("|")
        columns = bars if after.startswith("| ---") or not columns else columns
        assert bars == columns


def test_html_is_one_page_that_needs_nothing(tagwright, tmp_path):
    file = tmp_path / "rules.html"
    assert tagwright("docs", "rules", "after.rules", "--output", file).exit_code == 0
    text = file.read_text("utf-8")
    page = _parsed(text)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert "<EUR>" not in text
    assert '"<EUR> & \\"more\\" | x"' in page.text
    assert "prefers-color-scheme: dark" in text


def test_ids_and_tokens_are_names_of_variables(tagwright):
    for form in ("markdown", "html"):
        text = tagwright("docs", "rules", "after.rules", "--format", form).stdout
        assert "SHOP_PIXEL" in text
        assert "SHOP_TOKEN" in text
        assert "C0FFEE" not in text


@pytest.mark.parametrize("name", ["standard.rules", "commanders_act.rules"])
def test_shipped_rules(tagwright, name):
    page = _parsed(tagwright("docs", "rules", name, "--format", "html").stdout)
    assert "user.ttclid" in page.text


def test_rules_with_mistakes_exit_1(tagwright, tmp_path):
    broken = tmp_path / "broken.rules"
    broken.write_text("language 1\nlet = 2\n", "utf-8")
    assert tagwright("docs", "rules", broken).exit_code == 1
    assert tagwright("docs", "rules", "after.rules", "--output", tmp_path / "no" / "x.md").exit_code != 0


def test_every_event_and_field_is_in_the_catalogue(tagwright):
    text = tagwright("docs", "catalogue").stdout
    for name in EVENTS:
        assert f"  {name}: " in text
    for path, entry in ENTRIES.items():
        assert entry.is_container or f"\n  {path}\n" in text


@pytest.mark.parametrize("group", groups())
def test_each_group(tagwright, group):
    result = tagwright("docs", "catalogue", group)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 1


def test_a_group_in_full(tagwright, golden):
    golden(tagwright("docs", "catalogue", "lead").stdout, "catalogue_lead.txt")


def test_did_you_mean(tagwright):
    result = tagwright("docs", "catalogue", "propertis")
    assert result.exit_code == 2
    assert "did you mean properties?" in result.stderr
    assert "groups: events, event, user" in tagwright("docs", "catalogue", "xyzzy").stderr
    assert "did you mean hash_email?" in tagwright("docs", "functions", "hash_mail").stderr


def test_functions(tagwright):
    text = tagwright("docs", "functions").stdout
    assert len(text.splitlines()) == len(STANDARD)
    for name, function in STANDARD.items():
        one = tagwright("docs", "functions", name).stdout
        assert one.startswith(function.signature)
        assert all(example.expression in one for example in function.examples)
