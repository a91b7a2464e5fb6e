"""What the pages of five integrations have, item by item, and what proves each: read, checked, rendered."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

import click

from router.cli import main
from router.explanations import all_codes
from router.settings import describe_settings

ROOT: Final = Path(__file__).parents[2]
ITEMS: Final = Path(__file__).parent / "items.txt"
EXPECTED: Final = {"Z": 61, "ZW": 56, "CA": 114, "MP": 54, "UP": 48, "K": 31}
"""How many items each page has, and how many contradictions there are among them."""

_NOTICE: Final = (
    "<!-- Written by tests/docs/rewrite_reference.py; changes belong into tests/mission/items.txt. -->"
)
_INTRODUCTION: Final = """\
Every feature, setting, mapping row, field, behaviour and troubleshooting aid of five integrations with
TikTok, and what proves that TagWright has it: a test, a test of a rule file, a section of a page, a command,
the code of a message, or a setting. What belongs to a vendor's own screens has its equivalent here. A test
fails when an item lacks a proof, or when a proof does not exist."""
_CODE: Final = re.compile(r"[EW]\d{3}")
_RULE_TEST: Final = re.compile(r'^test "(.*)" \{', re.MULTILINE)
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its id, what it is in our words, and what proves it."""

    group: str
    id: str
    title: str
    proofs: tuple[str, ...]


def items(text: str | None = None) -> list[Item]:
    """The items of a text, by default of `items.txt`, in its order."""
    found = []
    group = ""
    for line in (text if text is not None else ITEMS.read_text("utf-8")).splitlines():
        if line.startswith("## "):
            group = line[3:]
        elif line and not line.startswith("#"):
            id_, title, proofs = line.split(" | ")
            named = (proof.strip() for proof in proofs.split(";"))
            found.append(Item(group, id_, title, tuple(proof for proof in named if proof)))
    return found


# ------------------------------------------------------------------ checking


def faults(found: list[Item]) -> Iterator[str]:
    """What is wrong: ids that lack, that are there twice or unknown, items and proofs without substance."""
    wanted = [f"{prefix}{number}" for prefix, count in EXPECTED.items() for number in range(1, count + 1)]
    ids = [item.id for item in found]
    yield from (f"{id_} is missing" for id_ in wanted if id_ not in ids)
    yield from (f"{id_} is no item" for id_ in ids if id_ not in wanted)
    yield from (f"{id_} is there twice" for id_ in sorted(set(ids)) if ids.count(id_) > 1)
    for item in found:
        if not item.title or not item.proofs:
            yield f"{item.id} has no title or no proof"
        yield from (f"{item.id}: {proof} does not exist" for proof in item.proofs if not exists(proof))


def exists(proof: str) -> bool:
    """Is there what a proof names?"""
    kind, _, name = proof.partition(" ")
    if kind == "setting":
        return name in {each.name for each in describe_settings()}
    if kind == "tagwright":
        return _is_command(name.split())
    if _CODE.fullmatch(proof):
        return proof in all_codes()
    path, _, inside = proof.partition("#" if ".md#" in proof else "::")
    return (ROOT / path).is_file() and (not inside or inside in _contents(path))


def _is_command(names: list[str]) -> bool:
    command: click.Command | None = main
    for name in names:
        command = (
            command.get_command(click.Context(command), name) if isinstance(command, click.Group) else None
        )
    return bool(names) and command is not None


@cache
def _contents(path: str) -> frozenset[str]:
    """The tests of a file of Python or of rules, or the anchors of a page."""
    text = (ROOT / path).read_text("utf-8")
    return frozenset(_READERS[Path(path).suffix](text))


def _tests(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name


def _anchors(text: str) -> Iterator[str]:
    """As GitHub makes them of headings."""
    for heading in _HEADING.findall(text):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


_READERS: Final[Mapping[str, Callable[[str], Iterator[str]]]] = {
    ".py": _tests,
    ".md": _anchors,
    ".rules": lambda text: iter(_RULE_TEST.findall(text)),
}


# ------------------------------------------------------------------ rendering


def page() -> str:
    """`docs/reference/coverage.md`."""
    return "\n".join(["# Coverage", "", _NOTICE, "", _INTRODUCTION, "", *_tables()]).rstrip() + "\n"


def _tables() -> Iterator[str]:
    for group, found in groupby(items(), key=lambda item: item.group):
        yield from (f"## {group}", "", "| item | what it is | proof |", "| --- | --- | --- |")
        for item in found:
            yield f"| {item.id} | {item.title} | {'; '.join(map(_shown, item.proofs))} |"
        yield ""


def _shown(proof: str) -> str:
    if ".md" in proof:
        path, _, anchor = proof.partition("#")
        within = path.removeprefix("docs/")
        link = f"../{within}" if path.startswith("docs/") else f"../../{path}"
        return f"[{within}{f', {anchor}' if anchor else ''}]({link}{f'#{anchor}' if anchor else ''})"
    return f"[{proof}](diagnostics.md)" if _CODE.fullmatch(proof) else f"`{proof}`"
