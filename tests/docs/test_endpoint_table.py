"""The table of endpoints for operators has what the intake takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from router.inputs import FORMATS
from router.inputs.wire import Format

DOCS = Path(__file__).parents[2] / "docs"
OWN_PAGES = {"standard": "reference/standard-event.md", "jitsu_classic": "formats/jitsu.md"}


def test_every_endpoint_is_in_the_table() -> None:
    text = (DOCS / "running.md").read_text("utf-8")
    expected = "\n".join(rendered())
    assert expected in text, f"the table under `Every endpoint` is to be\n\n{expected}\n"


def rendered() -> Iterator[str]:
    yield "| format | method | paths |"
    yield "| --- | --- | --- |"
    for form in FORMATS.values():
        for method, paths in asked(form):
            page = OWN_PAGES.get(form.name, f"formats/{form.name}.md")
            yield f"| [`{form.name}`]({page}) | {method} | {listed(paths)} |"


def asked(form: Format) -> Iterator[tuple[str, list[str]]]:
    """Methods and their paths, each once."""
    for method in ("POST", "GET"):
        events = [each.path for each in form.endpoints if method in each.methods]
        pages = [each.path for each in form.pages if method == "GET"]
        if paths := list(dict.fromkeys((*events, *pages))):
            yield method, paths


def listed(paths: Iterable[str]) -> str:
    """Neighbours with one parent share it."""
    folders = groupby(paths, key=lambda path: path.rpartition("/")[0])
    return ", ".join(f"`{together(parent, list(children))}`" for parent, children in folders)


def together(parent: str, paths: list[str]) -> str:
    names = [path.removeprefix(f"{parent}/") for path in paths]
    return f"{parent}/{{{', '.join(names)}}}" if len(names) > 1 else paths[0]
