"""The signature of the function whose arguments are being written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from router.editor.ruleset import RuleSet
from router.lang.library import Function

_PIECE = re.compile(r'"(?:[^"\\\n]|\\.)*"|([A-Za-z_][A-Za-z0-9_]*)[ \t]*\(|[()\[\]{},]')
_REACH = 4000


@dataclass(frozen=True, slots=True)
class Signature:
    """A function, and which of its parameters the cursor is in."""

    function: Function
    parameter: int


def signature(rules: RuleSet, text: str, offset: int) -> Signature | None:
    """The innermost call that is open at an offset; a call never reaches across a statement's block."""
    open_calls: list[tuple[str, int]] = []
    for piece in _PIECE.finditer(text, max(0, text.rfind("\n", 0, max(0, offset - _REACH))), offset):
        match piece.group()[-1]:
            case "(" | "[" | "{":
                open_calls.append((piece[1] or "", 0))
            case ")" | "]" | "}":
                del open_calls[-1:]
            case "," if open_calls:
                name, count = open_calls[-1]
                open_calls[-1] = (name, count + 1)
            case _:
                pass
    name, count = open_calls[-1] if open_calls else ("", 0)
    function = rules.environment.functions.get(name)
    return Signature(function, _parameter(function, count)) if function else None


def _parameter(function: Function, count: int) -> int:
    return max(0, min(count, len(function.params) - 1))
