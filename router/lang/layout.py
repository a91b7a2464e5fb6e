"""Lines and brackets of a rule file, found without parsing it: what recovery stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PIECE = re.compile(r'"""(?:.|\n)*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[()\[\]{}]')
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_CONTINUES = re.compile(r"[ \t]*(\?\?|(and|or|then|else|otherwise)\b)")


@dataclass(frozen=True, slots=True)
class Bracket:
    """An opening bracket; `close` is where its partner stands, None when it has none."""

    sign: str
    at: int
    close: int | None

    @property
    def closing(self) -> str:
        return _CLOSING[self.sign]


class Layout:
    """The brackets of a text, with their partners."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.brackets: list[Bracket] = []
        self.stray: set[int] = set()
        self._pair()

    def _pair(self) -> None:
        pending: list[tuple[str, int]] = []
        for piece in _PIECE.finditer(self.text):
            sign = piece.group()
            if sign in _CLOSING:
                pending.append((sign, piece.start()))
            elif sign in ")]}":
                self._close(pending, sign, piece.start())
        self.brackets += [Bracket(sign, at, None) for sign, at in pending]
        self.brackets.sort(key=lambda bracket: bracket.at)

    def _close(self, pending: list[tuple[str, int]], sign: str, at: int) -> None:
        """A `}` closes the nearest `{`; whatever is still open inside it has no partner."""
        opening = next((i for i in range(len(pending) - 1, -1, -1) if _CLOSING[pending[i][0]] == sign), None)
        blocked = sign != "}" and opening is not None and any(s == "{" for s, _ in pending[opening + 1 :])
        if opening is None or blocked:
            self.stray.add(at)
            return
        self.brackets += [Bracket(s, a, None) for s, a in pending[opening + 1 :]]
        self.brackets.append(Bracket(pending[opening][0], pending[opening][1], at))
        del pending[opening:]

    @property
    def lacks_brace(self) -> bool:
        """Is any block left open?"""
        return any(bracket.sign == "{" and bracket.close is None for bracket in self.brackets)

    def around(self, at: int) -> list[Bracket]:
        """The brackets that are open at an offset, outermost first."""
        return [b for b in self.brackets if b.at < at and (b.close is None or b.close >= at)]

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def code_end(self, at: int) -> int:
        """Where the line of an offset ends without its comment and the blanks before that."""
        start, end = self.line_start(at), self.line_end(at)
        comments = (piece.start() for piece in _PIECE.finditer(self.text, start, end) if piece[0][0] == "#")
        return start + len(self.text[start : next(comments, end)].rstrip())

    def statement(self, at: int) -> tuple[int, int]:
        """The logical line around an offset: continuation lines and open round brackets belong to it."""
        start = self.line_start(at)
        while start and (_CONTINUES.match(self.text, start) or self._rounds(start)):
            start = self.line_start(start - 1)
        end = self.line_end(at)
        while end < len(self.text) and (_CONTINUES.match(self.text, end + 1) or self._rounds(end)):
            end = self.line_end(end + 1)
        return start, end

    def _rounds(self, at: int) -> bool:
        return any(b.sign != "{" and b.close is not None for b in self.around(at))

    def block_opened_in(self, start: int, end: int) -> Bracket | None:
        """The `{` that a stretch opens and does not close."""
        opened = (b for b in self.brackets if b.sign == "{" and start <= b.at < end)
        return next((b for b in opened if b.close is None or b.close >= end), None)


@lru_cache(maxsize=2)
def layout_of(text: str) -> Layout:
    """The brackets of a text. The last two are kept: recovery looks at a text three times a mistake."""
    return Layout(text)
