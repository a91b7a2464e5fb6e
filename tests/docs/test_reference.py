"""The committed reference pages say what the program says, and the hand-written ones agree with them."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from rewrite_reference import all_pages

from router.functions import STANDARD
from router.settings import describe_settings
from router.tiktok.catalogue import ENTRIES, EVENTS
from router.web.acceptance import OUTCOMES

DOCS = Path(__file__).parents[2] / "docs"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")
WRITTEN = sorted(path for path in [*DOCS.rglob("*.md"), DOCS.parent / "README.md"])


@pytest.fixture(scope="module")
def fresh() -> dict[str, str]:
    """The pages as they are rendered now."""
    return all_pages()


def test_the_pages_are_as_the_program_renders_them(fresh: dict[str, str]) -> None:
    committed = {path.name: path.read_text("utf-8") for path in (DOCS / "reference").iterdir()}
    stale = [name for name in {*committed, *fresh} if committed.get(name) != fresh.get(name)]
    assert not stale, "python tests/docs/rewrite_reference.py writes them anew"


def test_every_definition_has_its_line(fresh: dict[str, str]) -> None:
    assert all(
        f"| `{each.name.rpartition('.')[2]}` |" in fresh["settings.md"] for each in describe_settings()
    )
    assert all(f"### `{each.signature}`" in fresh["functions.md"] for each in STANDARD.values())
    assert all(f"| `{name}` |" in fresh["catalogue.md"] for name in [*EVENTS, *ENTRIES])


def test_rows_of_a_table_have_as_many_cells_as_its_head(fresh: dict[str, str]) -> None:
    for text in fresh.values():
        widths = [_cells(line) for line in text.splitlines()]
        assert all(one == two for one, two in pairwise(widths) if one and two)


def _cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0


def test_every_metric_and_outcome_is_explained_to_operators(fresh: dict[str, str]) -> None:
    text = (DOCS / "running.md").read_text("utf-8")
    row = re.compile(r"^\| `(tagwright_\w+)`", re.MULTILINE)
    assert row.findall(fresh["metrics.md"])
    assert set(row.findall(fresh["metrics.md"])) == set(row.findall(text))
    assert all(f"`{outcome}`" in text for outcome in OUTCOMES)


def test_every_answer_of_the_intake_is_explained() -> None:
    pages = [DOCS / "running.md", DOCS / "operations" / "keys.md", *(DOCS / "formats").glob("*.md")]
    text = "".join(page.read_text("utf-8") for page in pages)
    sources = [
        path.read_text("utf-8")
        for folder in ("web", "inputs")
        for path in (DOCS.parent / "router" / folder).rglob("*.py")
        if path.name != "admin.py"
    ]
    told = re.compile(r'(?:Refusal\(\s*\d+,|Fault\(|BodyProblem\()\s*"(\w+)"')
    codes = {code for source in sources for code in told.findall(source)} - {"unsure"}
    assert len(codes) > 15
    assert not [code for code in codes if f"`{code}`" not in text]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert not broken
