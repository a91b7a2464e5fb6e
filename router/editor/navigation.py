"""From a name to where it is declared and everywhere it is used, and its renaming in all files at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from router.assets import asset
from router.editor.occurrences import Occurrence, Space
from router.editor.ruleset import RuleSet
from router.lang import tree as t
from router.lang.source import Source, Span

RENAMED: dict[Space, str] = {
    "let": "named value", "mapping": "mapping", "destination": "destination", "item": "loop variable",
}  # fmt: skip
"""What can be renamed, in an author's words; other names belong to the event, the target or the library."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset({"if", "not", "each", "match", "true", "false", "missing", "event"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a name stays as it is."""

    message: str


def definition(rules: RuleSet, source: Source, offset: int) -> list[Span]:
    """Where the name under the cursor is declared; a used file's first line for `use`."""
    found = rules.at(source, offset)
    if found is None:
        return []
    if found.space == "file":
        return _used_file(rules, source, found.key)
    return [each.span for each in rules.named(found) if each.defines]


def _used_file(rules: RuleSet, source: Source, wanted: str) -> list[Span]:
    user = rules.paths[source]
    places = [_real(user.parent / wanted), _real(asset("rules") / wanted)]
    files = ((rules.paths[file.span.source], file.span.source) for file in rules.files)
    found = {path: Span(each, 0, 0) for path, each in files}
    return [found[place] for place in places if place in found][:1]


def _real(path: Path) -> Path | None:
    """A name that no file can have leads nowhere."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def references(rules: RuleSet, source: Source, offset: int, *, declaration: bool = True) -> list[Span]:
    """Every place that names the same thing, in the order of files."""
    found = rules.at(source, offset)
    named = rules.named(found) if found else []
    return [each.span for each in named if declaration or not each.defines]


def renamable(rules: RuleSet, source: Source, offset: int) -> Occurrence | Refusal:
    """The name under the cursor, if it is one that the author gave."""
    found = rules.at(source, offset)
    if found is None or found.space not in RENAMED:
        return Refusal(
            "only names that rule files give can be renamed: let, mapping, destination, loop variable"
        )
    if not any(each.defines for each in rules.named(found)):
        return Refusal(f"`{found.span.text}` is not declared in these files")
    return found


def rename(sets: Sequence[RuleSet], source: Source, offset: int, name: str) -> list[Span] | Refusal:
    """The places to write the new name at, over all rule sets that the file belongs to."""
    if not _NAME.match(name) or name in _RESERVED:
        return Refusal(
            f"`{name}` cannot be a name: letters, digits and _, and none of the language's own words"
        )
    places: dict[tuple[str, int], Span] = {}
    for rules in sets:
        found = renamable(rules, source, offset)
        refusal = found if isinstance(found, Refusal) else _refused(rules, found, name)
        if refusal or isinstance(found, Refusal):
            return refusal or Refusal("")
        places |= {(each.span.source.name, each.span.start): each.span for each in rules.named(found)}
    return list(places.values())


def _refused(rules: RuleSet, found: Occurrence, name: str) -> Refusal | None:
    places = rules.named(found)
    return _shipped(rules, places) or _unread(rules, found.span.text) or _taken(rules, found, name)


def _shipped(rules: RuleSet, places: Iterable[Occurrence]) -> Refusal | None:
    """The shipped files are read-only, except to those who work on them in a checkout of their own."""
    packed = asset("rules").resolve()
    if packed.parent.name != "_assets":
        return None
    inside = (each for each in places if rules.paths[each.span.source].is_relative_to(packed))
    first = next(inside, None)
    return (
        Refusal(f"`{first.span.text}` stands in {first.span.place}, which comes with TagWright")
        if first
        else None
    )


def _unread(rules: RuleSet, word: str) -> Refusal | None:
    """A line that does not read may use the name, and would be left behind."""
    for file in rules.files:
        for span in _broken(file):
            if word in _WORD.findall(span.text):
                return Refusal(f"{span.place} does not read and may use `{word}`; mend it first")
    return None


def _broken(file: t.File) -> Iterator[Span]:
    """Lines with mistakes of syntax, wherever they stand; a file of which nothing reads is one such line."""
    for declaration in file.declarations:
        yield from _broken_in(declaration)


def _broken_in(node: object) -> Iterator[Span]:
    if isinstance(node, t.Broken | t.BrokenExpr):
        yield node.span
    elif isinstance(node, tuple):
        for each in node:
            yield from _broken_in(each)
    elif isinstance(node, t.Node):
        for each in _parts(node):
            yield from _broken_in(each)


def _parts(node: t.Node) -> Iterator[object]:
    return (getattr(node, name) for name in node.__dataclass_fields__ if name != "span")


def _taken(rules: RuleSet, found: Occurrence, name: str) -> Refusal | None:
    """A value and a loop variable are written alike, so that neither may take the other's name."""
    rivals = {found.space, *({"let", "item"} if found.space in ("let", "item") else ())}
    for each in rules.occurrences:
        if each.space in rivals and each.span.text == name and each.defines:
            return Refusal(f"`{name}` is already a {RENAMED[each.space]}, at {each.span.place}")
    return None
