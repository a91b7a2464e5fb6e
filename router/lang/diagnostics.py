"""What a mistake is: a code, a place, the words for it and, where one is known, the fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Literal, ParamSpec

from router.lang.source import Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the author's text with a label under it."""

    span: Span
    label: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that corrects the text. A sure one may be applied without asking."""

    span: Span
    replacement: str
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Help:
    """What to do; with a fix, the corrected line is shown."""

    text: str
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What is worth knowing."""

    text: str


Remark = Help | Note


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake. `others` are at most two further places that explain it."""

    message: str
    mark: Mark
    others: tuple[Mark, ...] = ()
    remarks: tuple[Remark, ...] = ()
    code: str = ""
    severity: Severity = "error"

    @property
    def fix(self) -> Fix | None:
        """The first fix that is offered."""
        return next((each.fix for each in self.remarks if isinstance(each, Help) and each.fix), None)


CODES: dict[str, str] = {}
"""Every code with what it stands for, in one line. Filled by `code`, one entry a message function."""

P = ParamSpec("P")


def code(name: str, title: str) -> Callable[[Callable[P, Diagnostic]], Callable[P, Diagnostic]]:
    """Register the function that words the diagnostic `name`; codes never change their meaning."""
    if name in CODES:
        raise ValueError(f"code {name} is used twice")
    CODES[name] = title
    severity: Severity = "warning" if name.startswith("W") else "error"

    def register(words: Callable[P, Diagnostic]) -> Callable[P, Diagnostic]:
        @wraps(words)
        def make(*args: P.args, **kwargs: P.kwargs) -> Diagnostic:
            return replace(words(*args, **kwargs), code=name, severity=severity)

        return make

    return register


def ordered(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By place, then code; each mistake once."""
    unique = {(each.code, each.mark.span.sort_key): each for each in problems}
    return sorted(unique.values(), key=lambda each: (*each.mark.span.sort_key, each.code))


def has_errors(problems: Iterable[Diagnostic]) -> bool:
    return any(each.severity == "error" for each in problems)
