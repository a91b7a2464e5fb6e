"""Recognising what authors do from habit, so that the message says how it is written here."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from router.lang.diagnostics import Diagnostic, Fix, Help
from router.lang.habit_list import HABITS, TOP, UNQUOTED, Habit
from router.lang.messages import syntax as say
from router.lang.source import Source, Span
from router.lang.suggest import closest

DECLARATIONS = frozenset(
    [
        "use",
        "extend",
        "schema",
        "let",
        "source",
        "settings",
        "destination",
        "mapping",
        "events",
        "override",
        "on",
        "drop",
        "test",
    ]
)
NOT_SHOWN = frozenset({"BROKEN", "LONG_STRING", "NUMBER", "MISSING", "PII", "REQUIRED"})
"""Terminals that no author is told of."""
LONGEST_LINE = 500
"""Longer ones are not searched: patterns take time by the square of the line."""


@dataclass(frozen=True, slots=True)
class Found:
    """A habit at its place: the message, what is wrong, and what stands for it while reading on."""

    problem: Diagnostic
    start: int
    end: int
    instead: str | None

    @property
    def padded(self) -> str | None:
        """`instead` as long as what it stands for; None where it has no room."""
        length = self.end - self.start
        return None if self.instead is None or len(self.instead) > length else self.instead.ljust(length)


def habit(source: Source, text: str, at: int, expected: frozenset[str]) -> Found | None:
    """The habit that explains why reading `text` stopped at `at`, where only `expected` could stand."""
    start = text.rfind("\n", 0, at) + 1
    line = text[start : text.find("\n", at) if "\n" in text[at:] else len(text)]
    if len(line) > LONGEST_LINE:
        return None
    if (word := re.match(r"\w+", line)) and start < at < start + word.end():
        at, expected = start, TOP  # reading stopped inside a word: it begins like one that declares
    for each in HABITS:
        if each.needs <= expected and (match := _around(each.pattern, line, at - start)):
            return _found(source, start, each, match)
    if expected - NOT_SHOWN == {"STRING"} and (match := UNQUOTED.pattern.match(line, at - start)):
        return _found(source, start, UNQUOTED, match)
    return _misspelt(source, start, line, at - start) if expected >= TOP else None


def missing_brace(source: Source, text: str, at: int, code_end: int) -> Found:
    """A block without its `{`: reading stopped at the end of its line, `at`; its code ends at `code_end`."""
    start = source.text.rfind("\n", 0, at) + 1
    head = Span(source, code_end - len(source.text[start:code_end].lstrip()), code_end)
    below = re.compile(r"\s*\{").match(text, at)
    if below:
        mark = Span(source, below.end() - 1, below.end())
        problem = _worded(mark, "`{` stands at the end of the line before", Help("move it up"))
        return Found(problem, code_end, below.end(), "{")
    fix = Fix(Span(source, code_end, code_end), " {", sure=True)
    problem = _worded(head, "the block that begins here has no `{`", Help("end the line with `{`", fix))
    return Found(problem, code_end, at + 1, "{")


def _around(pattern: re.Pattern[str], line: str, at: int) -> re.Match[str] | None:
    return next((each for each in pattern.finditer(line) if each.start() <= at <= each.end()), None)


def _found(source: Source, start: int, habit: Habit, match: re.Match[str]) -> Found:
    group = "x" if "x" in match.re.groupindex else 0
    span = Span(source, start + match.start(group), start + match.end(group))
    into = None if habit.into is None else match.expand(habit.into)
    if habit.says is None and into is not None:
        problem = say.foreign_operator(span, into)
    else:
        fix = None if into is None else Fix(span, into, sure=habit.sure)
        problem = _worded(span, match.expand(habit.says or ""), Help(habit.help, fix))
    return Found(problem, span.start, span.end, into)


def _worded(span: Span, message: str, help_: Help) -> Diagnostic:
    """A line that does not read, in the words of what its author most likely meant."""
    return replace(say.not_understood(span, "", "here"), message=message, remarks=(help_,))


def _misspelt(source: Source, start: int, line: str, at: int) -> Found | None:
    """The first word of a declaration, nearly."""
    word = re.match(r"[ \t]*(\w+)", line)
    meant = closest(word[1], DECLARATIONS) if word else None
    if word is None or meant is None or meant == word[1] or at > word.end() + 1:
        return None
    span = Span(source, start + word.start(1), start + word.end(1))
    problem = _worded(
        span, f"nothing begins with `{word[1]}`", Help(f"did you mean `{meant}`?", Fix(span, meant))
    )
    return Found(problem, span.start, span.end, meant)
