"""Where an editor's cursor stands: lines from 0 and code units, against offsets in characters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from router.lang.source import Source

Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""What an editor counts columns in. All know UTF-16; some would rather have another."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def plain(text: str) -> str:
    """A buffer's text as the language reads it: `\\n` line ends, no half characters; positions stay true."""
    return _LONE_SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def to_position(source: Source, offset: int, encoding: Encoding = "utf-16") -> tuple[int, int]:
    """Line and column, both from 0, of an offset; one beyond the text is its end."""
    line, column = source.position(max(0, min(offset, len(source.text))))
    before = source.lines[line - 1][: column - 1]
    return line - 1, len(before) if before.isascii() else sum(map(_WIDTHS[encoding], before))


def to_offset(source: Source, line: int, column: int, encoding: Encoding = "utf-16") -> int:
    """The offset of a line and column, both from 0; beyond a line is its end."""
    if line >= len(source.lines):
        return len(source.text)
    span = source.line_span(max(line, 0) + 1)
    return span.start + _characters(span.text, column, _WIDTHS[encoding])


def _characters(text: str, units: int, width: Callable[[str], int]) -> int:
    if text.isascii():
        return max(0, min(units, len(text)))
    for count, char in enumerate(text):
        units -= width(char)
        if units < 0:
            return count
    return len(text)


_WIDTHS: dict[Encoding, Callable[[str], int]] = {
    "utf-8": lambda char: len(char.encode()),
    "utf-16": lambda char: 1 + (ord(char) > 0xFFFF),
    "utf-32": lambda char: 1,
}
