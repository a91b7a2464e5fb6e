"""What of a text need not be read again: declarations and rows before the mistake that was just set aside."""

from __future__ import annotations

import re

from router.lang.layout import layout_of
from router.lang.recover import BROKEN

_DECLARATION = re.compile(
    r"^(?:use|extend|schema|let|source|settings|destination|mapping|events|override|on|drop|test)\b",
    re.MULTILINE,
)
_SOMETHING = re.compile(r"^[ \t]*[^\s#]", re.MULTILINE)
_TABLE = re.compile(r"events\b[^\n{]*\{")


def unread(text: str, at: int) -> str:
    """The text with whole declarations before `at`, and rows of its table, taken for one broken line each.

    A broken line leaves the parser in the state that any other would, so the next mistake is found where it
    stands and with the same words, without reading again what was read before. Offsets stay true.
    """
    if '"""' in text:
        return text  # a line inside a long text may look like a declaration
    starts = _declarations(text, at)
    if not starts:
        return text
    first, last = starts[0], starts[-1]
    return _without(_without_rows(text, last, at), first, last)


def _declarations(text: str, at: int) -> list[int]:
    """Where declarations begin that stand at the margin, up to an offset."""
    layout = layout_of(text)
    end = max((b.at for b in layout.around(at) if b.sign == "{"), default=at)
    open_until = -1
    starts: list[int] = []
    brackets = iter(layout.brackets)
    bracket = next(brackets, None)
    for found in _DECLARATION.finditer(text, 0, min(at, end) + 1):
        while bracket is not None and bracket.at < found.start():
            open_until = max(open_until, len(text) if bracket.close is None else bracket.close)
            bracket = next(brackets, None)
        if open_until < found.start():
            starts.append(found.start())
    return starts


def _without_rows(text: str, declaration: int, at: int) -> str:
    """A table's rows up to the line of `at`. Its header stays, because only that may come first."""
    opened, layout = _TABLE.match(text, declaration), layout_of(text)
    if opened is None or [each.at for each in layout.around(at)] != [opened.end() - 1]:
        return text
    header = _SOMETHING.search(text, layout.line_end(opened.end()))
    if header is None or text[opened.end() : layout.line_end(opened.end())].strip():
        return text
    first = layout.line_end(header.end()) + 1
    last, _ = layout.statement(at)
    return _without(text, first, last) if first < last else text


def _without(text: str, start: int, end: int) -> str:
    """A stretch of whole lines as one broken line and empty ones."""
    stretch = text[start:end]
    if not _SOMETHING.search(stretch):
        return text
    return text[:start] + BROKEN + re.sub(r"[^\n]", " ", stretch)[1:] + text[end:]
