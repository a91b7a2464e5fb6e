"""Lints about destinations: ids and secrets that were pasted wrongly, test codes without a guard."""

from __future__ import annotations

import re
from collections.abc import Iterator

from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.lang.lint.nodes import nodes
from router.lang.program import Program
from router.tiktok import lint_words as say
from router.tiktok.catalogue import TARGET

PIXEL_CODE = re.compile(r"[A-Z0-9]{16,24}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PASTED = re.compile(r"(?=.*[0-9])(?:[A-Z0-9]{20}|[0-9a-f]{32,})")


def odd_credentials(program: Program) -> Iterator[Diagnostic]:
    """W542: blanks, lengths and signs that no pixel code, id or name of a variable has (UP, H)."""
    for setting in _settings(program):
        name, value = setting.name.text, setting.value
        match value:
            case t.Literal(value=str() as text) if name in TARGET.id_settings:
                problem = _id_problem(name, text)
            case t.Call(name=t.Word(text="env" | "secret"), args=(t.Literal(value=str() as text),)):
                problem = _variable_problem(text)
            case _:
                continue
        if problem:
            yield say.odd_credential(value.span, name, problem)


def _id_problem(name: str, text: str) -> str | None:
    if not text or any(map(str.isspace, text)):
        return "has blanks in it" if text else "is empty"
    if name in ("pixel", "pixel_code") and not PIXEL_CODE.fullmatch(text):
        return "is not 16 to 24 capital letters and digits"
    return None


def _variable_problem(text: str) -> str | None:
    if _PASTED.fullmatch(text):
        return "looks like the value itself, not the name of a variable"
    return None if _VARIABLE.fullmatch(text) else "is no name of a variable"


def unguarded_test_code(program: Program) -> Iterator[Diagnostic]:
    """W543: a test code that is written out goes wherever the file goes."""
    for setting in _settings(program):
        if setting.name.text == "test_event_code" and isinstance(setting.value, t.Literal):
            yield say.unguarded_test_code(setting.value.span)


def _settings(program: Program) -> Iterator[t.Setting]:
    for node in nodes(program):
        if isinstance(node, t.DestinationBlock):
            yield from (line for line in node.lines if isinstance(line, t.Setting))
