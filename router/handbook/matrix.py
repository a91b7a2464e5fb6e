"""The field matrix: for each payload field and source, the lines that set it; and what nothing sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from router.handbook.blocks import (
    BREAK,
    Block,
    Heading,
    Text,
    code,
    joined,
    paragraph,
    plain,
    quiet,
    strong,
    table,
)
from router.handbook.fieldlines import FieldLine, field_lines
from router.handbook.places import place
from router.lang.program import Program
from router.tiktok.catalogue import ENTRIES, FIELD_ORDER, Entry

_BY_ROUTER = {
    "event_time": "the router sends the time of receipt",
    "event_id": "the router derives an id from the event",
}
_RANKS = {path: rank for rank, path in enumerate(FIELD_ORDER)}
_Lines = dict[str, dict[str, list[FieldLine]]]


def matrix(program: Program, sources: list[str]) -> Iterator[Block]:
    """A row for each field that a line sets, a column for each source."""
    found = _by_path(program, sources)
    yield Heading(2, "What each field is made of")
    yield paragraph(
        plain(
            "Of numbered alternatives the first that is present counts. Of several lines the last one counts"
            " that the event carries and that has a value. A field that TikTok does not have for a source is"
            " left out there."
        )
    )
    rows = (
        [_name(path), *(_cell(path, source, lines.get(source, [])) for source in sources)]
        for path, lines in sorted(found.items(), key=lambda each: _RANKS.get(each[0], len(_RANKS)))
    )
    yield from table(("field", *sources), rows)


def _by_path(program: Program, sources: Iterable[str]) -> _Lines:
    found: _Lines = {}
    for source in sources:
        for line in field_lines(program, source):
            found.setdefault(line.path, {}).setdefault(source, []).append(line)
    return found


def _name(path: str) -> Text:
    entry = ENTRIES.get(path)
    if entry is None:
        return joined((code(path), quiet("a field of your own")))
    return joined((code(path), quiet(entry.summary) if entry.summary else ()))


def _cell(path: str, source: str, lines: list[FieldLine]) -> Text:
    entry = ENTRIES.get(path)
    if entry is not None and source not in entry.sources:
        return quiet("not at TikTok")
    return joined(map(_line, lines)) or plain("-")


def _line(line: FieldLine) -> Text:
    many = len(line.choices) > 1
    numbered = ((*plain(f"{number}. "), *code(each)) for number, each in enumerate(line.choices, 1))
    value = joined(numbered) if many else code(line.choices[0])
    when = (*plain("when "), *code(line.condition)) if line.condition else ()
    mapping = f"{line.mapping}, " if line.mapping else ""
    return joined((value, when, quiet(f"{mapping}{place(line.at)}")), (BREAK,))


# ------------------------------------------------------------------ what nothing sets


def never_set(program: Program, sources: list[str]) -> Iterator[Block]:
    """The fields that TikTok knows and no line sets, by source; what TikTok asks for first."""
    yield Heading(2, "Fields that are never set")
    for source in sources:
        used = {line.path for line in field_lines(program, source)}
        missing = [
            each
            for each in ENTRIES.values()
            if source in each.sources
            and not each.is_container
            and each.path != "event"
            and not _is_set(each.path, used)
        ]
        yield Heading(3, program.environment.target.source_nouns.get(source, source))
        yield from table(
            ("field", "TikTok says", "what it is"),
            ([code(e.path), _need(e, source), _what(e)] for e in missing if _is_wanted(e, source)),
        )
        rest = [each for each in missing if not _is_wanted(each, source)]
        if rest:
            yield paragraph(
                plain("Optional: "), joined((code(e.path) for e in rest), plain(", ")), plain(".")
            )


def _is_set(path: str, used: set[str]) -> bool:
    """A list that is written whole has its elements' fields, too."""
    owner = path.partition("[]")[0]
    return path in used or (
        "[]" in path and owner in used and not any(u.startswith(f"{owner}[]") for u in used)
    )


def _is_wanted(entry: Entry, source: str) -> bool:
    """Whatever the catalogue does not call optional, old, or of another source."""
    need = entry.need
    if need.startswith("always"):
        return need == "always" or need.startswith(f"always for {source}")
    return not need.startswith(("optional", "legacy", "undocumented")) and need != "no"


def _need(entry: Entry, source: str) -> Text:
    if source in entry.required_for:
        return strong("required: without it nothing is sent")
    if entry.need.startswith("always"):
        return strong("required")
    return strong(entry.need) if entry.need.startswith("recommended") else plain(entry.need)


def _what(entry: Entry) -> Text:
    filled = _BY_ROUTER.get(entry.path)
    return joined((plain(entry.summary), plain(f"not set: {filled}") if filled else ()))
