"""What `tagwright help CODE` shows: a page for every diagnostic, read from the shipped `grammar/codes`."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from itertools import groupby

from router.assets import asset
from router.lang import messages
from router.lang.diagnostics import CODES

PAGES = "grammar/codes"
PRELUDE = 'language 1\nuse "prelude.rules"\n\n'
FAMILIES = {
    "1": "Syntax",
    "2": "Names",
    "3": "Types and personal data",
    "4": "Rules and mappings",
    "5": "Files",
    "6": "Tests",
    "7": "Destinations and settings",
    "W": "Warnings",
}
_SECTION = re.compile(r"^## (\w+)\n\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_FENCED = re.compile(r"```(\w+)\n(.*)```", re.DOTALL)
_WORDS_OF_TARGETS = ("router.tiktok.lint_words",)


@dataclass(frozen=True, slots=True)
class Example:
    """Rules of a page. One that is not `rules` is a description, for what is too large to show."""

    text: str
    rules: bool

    @property
    def whole(self) -> str:
        """A file of its own: what does not begin with its edition builds on `prelude.rules` of the pages."""
        return self.text if self.text.startswith("language") else PRELUDE + self.text


@dataclass(frozen=True, slots=True)
class Page:
    """A diagnostic in plain words. Errors have a cause, a wrong and a right; lints avoid and prefer."""

    code: str
    title: str
    cause: str
    wrong: Example
    right: Example
    why: str

    @property
    def is_lint(self) -> bool:
        return self.code.startswith("W")


def all_codes() -> Mapping[str, str]:
    """Every code with what it stands for, once all that word messages are read."""
    words = [f"{messages.__name__}.{module.name}" for module in pkgutil.iter_modules(messages.__path__)]
    for name in (*words, *_WORDS_OF_TARGETS):
        import_module(name)
    return CODES


def families() -> Iterator[tuple[str, list[str]]]:
    """Titles of the groups with their codes, in order."""
    for family, codes in groupby(sorted(all_codes()), key=_family):
        yield FAMILIES[family], list(codes)


def _family(code: str) -> str:
    return "W" if code.startswith("W") else code[1]


@lru_cache(maxsize=256)
def page(code: str) -> Page:
    """The page of a code that exists. Raises OSError when the installation lacks it."""
    text = asset(f"{PAGES}/{code}.md").read_text(encoding="utf-8")
    title = text.partition("\n")[0].partition(": ")[2]
    parts = {name: body.strip() for name, body in _SECTION.findall(text)}
    wrong, right = ("Avoid", "Prefer") if code.startswith("W") else ("Wrong", "Right")
    cause = parts.get("Cause", "")
    return Page(code, title, cause, _example(parts[wrong]), _example(parts[right]), parts["Why"])


def _example(fenced: str) -> Example:
    found = _FENCED.fullmatch(fenced)
    if found is None:
        raise ValueError("an example stands between ```rules or ```text and ```")
    return Example(found[2], found[1] == "rules")


def as_text(shown: Page) -> Iterator[str]:
    """The page for a terminal, line by line."""
    names = ("avoid", "prefer") if shown.is_lint else ("wrong", "right")
    yield f"{shown.code}: {shown.title}"
    if shown.cause:
        yield from ("", shown.cause)
    for name, example in zip(names, (shown.wrong, shown.right), strict=True):
        yield from ("", name, *(f"  {line}".rstrip() for line in example.text.splitlines()))
    yield from ("", "why", f"  {shown.why}")


def as_markdown(shown: Page) -> Iterator[str]:
    """The page as a section of a larger document."""
    names = ("Avoid", "Prefer") if shown.is_lint else ("Wrong", "Right")
    yield from (f"### {shown.code}: {shown.title}", "")
    if shown.cause:
        yield from (shown.cause, "")
    for name, example in zip(names, (shown.wrong, shown.right), strict=True):
        yield from (f"{name}:", "", "```", example.text.rstrip("\n"), "```", "")
    yield from (f"Why: {shown.why}", "")
