"""What a syntax error means to its author, and how much to set aside so that the rest is still read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lark import Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from router.lang.diagnostics import Diagnostic
from router.lang.habits import DECLARATIONS, NOT_SHOWN, Found, habit, missing_brace
from router.lang.layout import Bracket, layout_of
from router.lang.messages import syntax as say
from router.lang.source import Source, Span

BROKEN = "\x01"
_CONDITION = re.compile(r"\b(when|requires|where|if)\b")
_FOREIGN = {"&&": "and", "||": "or", "&": "and", "!": "not"}
_TRAILING = re.compile(
    r"(->|\?\?|==|!=|<=|>=|[-+*/<>=]|\b(?:and|or|not|in|contains|starts_with|ends_with|matches))[ \t]*$"
)
_FIRST = re.compile(r"[ \t]*(\w+|[^\s\w])")
_OPTION = re.compile(r"[ \t]*(with|when|to|sample|reason)[ \t]+$")
_OPTIONS = frozenset({"WITH", "WHEN", "TO", "SAMPLE", "REASON"})
_JOINING = frozenset({"AND", "OR", "THEN", "ELSE", "OTHERWISE"})
_VALUE_STARTS = frozenset({"STRING", "LPAR", "TRUE"})
_OPERATORS = frozenset({"PLUS", "SLASH", "COALESCE"})
WORDS = {
    "_NL": "the end of the line", "$END": "the end of the file", "EQUAL": "`=`",
    "LBRACE": "`{`", "RBRACE": "`}`",
    "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "COLON": "`:`", "COMMA": "`,`", "VBAR": "`|`",
    "DOT": "`.`", "ARROW": "`->`", "NAME": "a name", "STRING": "a text in quotes", "INT": "a number",
    "PERCENT": "a percentage such as 10%", "NOT_SENT": "`-`", "STAR": "`*`", "CMP_OP": "a comparison",
    "COALESCE": "`??`", "PLUS": "`+`", "SLASH": "`/`",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setback:
    """One syntax error: its message (None when it only follows from an earlier one), and what to blank.

    `filler` is one character for each that is blanked, or a text of that length that reads as what was meant.
    """

    problem: Diagnostic | None
    start: int
    end: int
    filler: str = BROKEN


def setback(source: Source, text: str, error: UnexpectedInput) -> Setback:
    """Explain the first error of `text`, which is `source.text` with earlier broken parts blanked."""
    return _Reader(source, text).read(error)


class _Reader:
    def __init__(self, source: Source, text: str) -> None:
        self.source = source
        self.text = text
        self.layout = layout_of(text)

    def read(self, error: UnexpectedInput) -> Setback:
        at = self._offset(error)
        unclosed = self._unclosed_round(at)
        if unclosed:
            span = self._span(unclosed.at, unclosed.at + 1)
            return self._set_aside(unclosed.at, say.unclosed_bracket(span, unclosed.closing))
        if isinstance(error, UnexpectedCharacters):
            meant = habit(self.source, self.text, at, frozenset(error.allowed or ()))
            return self._character(at) if meant is None else self._read_as(at, meant)
        if isinstance(error, UnexpectedToken):
            return self._token(error, error.token, at)
        raise error

    def _offset(self, error: UnexpectedInput) -> int:
        if isinstance(error, UnexpectedToken):
            if error.token.type == "$END":
                return len(self.text)
            return error.token.start_pos or 0
        return error.pos_in_stream or 0

    def _span(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    # -------------------------------------------------------------- what it means

    def _unclosed_round(self, at: int) -> Bracket | None:
        """A round or square bracket without partner that is open where reading stopped."""
        return next((b for b in self.layout.around(at) if b.sign != "{" and b.close is None), None)

    def _character(self, at: int) -> Setback:
        char = self.text[at]
        if char in "“”„‟«»":
            return self._set_aside(at, self._typographic(at))
        if char in "'‘’`":
            return self._set_aside(at, self._single(at))
        if char == '"':
            return self._set_aside(at, say.unclosed_text(self._span(at, self.layout.line_end(at))))
        foreign = self.text[at : at + 2] if self.text[at : at + 2] in _FOREIGN else char
        if foreign in _FOREIGN:
            return self._set_aside(
                at, say.foreign_operator(self._span(at, at + len(foreign)), _FOREIGN[foreign])
            )
        return self._set_aside(at, say.stray_character(self._span(at, at + 1)))

    def _typographic(self, at: int) -> Diagnostic:
        found = re.compile(r'[“”„‟«»]([^“”„‟«»"\n]*)[“”„‟«»"]').match(self.text, at)
        whole = self._span(*found.span()) if found else self._span(at, at + 1)
        return say.typographic_quotes(self._span(at, at + 1), whole, f'"{found[1]}"' if found else '"')

    def _single(self, at: int) -> Diagnostic:
        found = re.compile(r"['‘’`]([^'‘’`\"\n\\]*)['‘’`]").match(self.text, at)
        whole = self._span(*found.span()) if found else self._span(at, at + 1)
        return say.single_quotes(self._span(at, at + 1), whole, f'"{found[1]}"' if found else None)

    def _token(self, error: UnexpectedToken, token: Token, at: int) -> Setback:
        kind = token.type
        if kind == "BROKEN":
            return self._set_aside_block(at)
        span = self._span(at, at + max(1, len(str(token).rstrip("\n \t"))))
        start, _ = self.layout.statement(at)
        unclosed = self._unclosed_block(kind, at)
        if unclosed:
            return unclosed
        if kind in ("RPAR", "RSQB", "RBRACE") and at in self.layout.stray:
            return Setback(say.unopened_bracket(span), at, at + 1, " ")
        meant = self._meant(kind, at, frozenset(error.accepts or error.expected))
        if meant:
            return self._read_as(at, meant)
        if kind == "EQUAL" and _CONDITION.search(self.text, start, at):
            return self._set_aside(at, say.single_equals(span))
        if kind == "_NL":
            return self._with_rest(at, self._set_aside(at, self._line_end(error, at)))
        if kind in _OPTIONS and self._begins_line(at):
            return self._set_aside(at, say.option_alone(span))
        option = _OPTION.match(self.text[self.layout.line_start(at) : at])
        if option:
            word = self.layout.line_start(at) + option.start(1)
            return self._set_aside(at, say.option_alone(self._span(word, word + len(option[1]))))
        if kind == "VBAR" and self.text[at : at + 2] == "||":
            return self._set_aside(at, say.foreign_operator(self._span(at, at + 2), "or"))
        if kind in _JOINING and self._begins_line(at):
            return self._set_aside_from(at, say.joining_word(span))
        return self._set_aside(at, say.not_understood(span, _expected(error), "here"))

    def _meant(self, kind: str, at: int, expected: frozenset[str]) -> Found | None:
        """What the author does from habit, if that explains it."""
        if kind == "_NL" and at < len(self.text) and "LBRACE" in expected and not expected >= _VALUE_STARTS:
            return missing_brace(self.source, self.text, at, self.layout.code_end(at))
        return habit(self.source, self.text, at, expected)

    def _read_as(self, at: int, meant: Found) -> Setback:
        """Go on as if what was meant had been written, where that has room; else without the line."""
        if meant.padded is None or meant.padded == self.text[meant.start : meant.end]:
            return self._set_aside(at, meant.problem)
        return Setback(meant.problem, meant.start, meant.end, meant.padded)

    def _unclosed_block(self, kind: str, at: int) -> Setback | None:
        """A declaration at the margin, or the end of the file, inside a block: its `}` is what is missing."""
        start = self.layout.line_start(at)
        word = _FIRST.match(self.text, start)
        margin = word is not None and word.start(1) == start and word[1] in DECLARATIONS
        if not (kind == "$END" or (margin and self.layout.lacks_brace)):
            return None
        block = next((b for b in self.layout.around(at if kind == "$END" else start) if b.sign == "{"), None)
        if block is None:
            return None
        problem = say.unclosed_block(self._span(block.at, block.at + 1))
        stop = at - 1 if kind == "$END" else start - 1
        return Setback(problem, self.layout.line_start(block.at), max(block.at + 1, stop))

    def _line_end(self, error: UnexpectedToken, at: int) -> Diagnostic:
        start = self.layout.line_start(at)
        trailing = _TRAILING.search(self.text[start:at])
        if trailing:
            return say.trailing_operator(self._span(start + trailing.start(1), start + trailing.end(1)))
        return say.not_understood(self._span(max(0, at - 1), at), _expected(error), "at the end of this line")

    def _begins_line(self, at: int) -> bool:
        return not self.text[self.layout.line_start(at) : at].strip()

    # -------------------------------------------------------------- how much to set aside

    def _set_aside(self, at: int, problem: Diagnostic) -> Setback:
        """The logical line; with the block that it opens, unless only its condition is broken."""
        start, end = self.layout.statement(at)
        unclosed = next((b for b in self.layout.around(at) if b.sign != "{" and b.close is None), None)
        if unclosed:
            start, end = self.layout.line_start(unclosed.at), self.layout.line_end(unclosed.at)
        block = self.layout.block_opened_in(start, end)
        if block is None:
            return Setback(problem, self._past_indent(start), end)
        condition = _last(_CONDITION, self.text, start, at)
        if condition is not None and condition < block.at and at < block.at:
            return Setback(problem, self._past_indent(condition), block.at)
        stop = end if block.close is None else self.layout.line_end(block.close)
        return Setback(problem, self._past_indent(start), self._whole(stop))

    def _with_rest(self, at: int, step: Setback) -> Setback:
        """A line that ends in an operator takes the next one with it, which is the rest of its value."""
        start = self.layout.line_start(at)
        following = self.layout.line_end(at) + 1
        first = _FIRST.match(self.text, following)
        joined = step.end == self.layout.line_end(at) and _TRAILING.search(self.text[start:at])
        if not joined or first is None or first[1] in DECLARATIONS or first[1] == "}":
            return step
        return Setback(step.problem, step.start, self.layout.line_end(following), step.filler)

    def _set_aside_from(self, at: int, problem: Diagnostic) -> Setback:
        return Setback(problem, self._past_indent(self.layout.line_start(at)), self.layout.line_end(at))

    def _set_aside_block(self, at: int) -> Setback:
        """A line was set aside where no line can be: take the block around it."""
        around = [b for b in self.layout.around(at) if b.sign == "{"]
        if not around:
            return Setback(None, self.layout.line_start(at), self.layout.line_end(at), " ")
        block = around[-1]
        stop = len(self.text) if block.close is None else self.layout.line_end(block.close)
        start, _ = self.layout.statement(block.at)
        return Setback(None, self._past_indent(start), stop)

    def _whole(self, end: int) -> int:
        """`} otherwise {` opens a further block, which belongs to what is set aside."""
        start = self.layout.line_start(end - 1 if end else 0)
        while (block := self.layout.block_opened_in(start, end)) and block.close and block.close >= end:
            end = self.layout.line_end(block.close)
            start = self.layout.line_start(end - 1)
        return end

    def _past_indent(self, start: int) -> int:
        """Leave blanks, and a `}` that closes the block before, where they are."""
        found = re.compile(r"[ \t]*(\}[ \t]*(otherwise[ \t]*)?)?").match(self.text, start)
        return found.end() if found else start


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> int | None:
    """Where the last match before `end` stops, with one blank behind it."""
    found = [match.end() for match in pattern.finditer(text, start, end)]
    return found[-1] + 1 if found else None


def blank(text: str, setback: Setback) -> str:
    """The text with the broken part replaced by filler of the same length, so that offsets stay true."""
    length = setback.end - setback.start
    return text[: setback.start] + (setback.filler * length)[:length] + text[setback.end :]


def _expected(error: UnexpectedToken) -> str:
    """What could stand there, in the author's words, a few of them."""
    names = set(error.accepts or error.expected) - NOT_SHOWN
    words: list[str] = []
    if names >= _VALUE_STARTS:
        words.append("a value")
        names -= {
            "STRING",
            "LPAR",
            "LSQB",
            "LBRACE",
            "TRUE",
            "FALSE",
            "NOT",
            "NOT_SENT",
            "INT",
            "IF",
            "MATCH",
            "NAME",
        }
    if names >= _OPERATORS:
        words.append("an operator")
        names -= {
            "PLUS",
            "SLASH",
            "COALESCE",
            "CMP_OP",
            "STAR",
            "NOT_SENT",
            "IN",
            "IS",
            "AND",
            "OR",
            "DOT",
            "LSQB",
        }
    words += sorted(WORDS.get(name, f"`{name.lower()}`") for name in names)
    return ", ".join(words[:6])
