"""Documentation comments: the `##` lines right above what they document."""

from __future__ import annotations

from router.lang.source import Span


def comment_above(span: Span) -> str:
    """The text of the `##` lines that end on the line before the span, as one paragraph; "" without any."""
    lines, found = span.source.lines, list[str]()
    number = span.line - 2
    while number >= 0 and (text := lines[number].strip()).startswith("##") and not text.startswith("###"):
        found.insert(0, text.removeprefix("##").strip())
        number -= 1
    return " ".join(filter(None, found))
