"""Calling a function of the language as a rule does: missing in, missing out, lists element by element."""

import json
import re
from typing import Any

from router.functions import STANDARD
from router.functions.examples import EXAMPLE_CONTEXT
from router.lang.library import Context, Function, Param

_CALL = re.compile(r"(?P<name>[a-z_]+)\((?P<arguments>.*)\)")


def call(name: str, *arguments: Any, context: Context = EXAMPLE_CONTEXT) -> Any:
    function = STANDARD[name]
    given = [None if each in ("", []) else each for each in arguments]
    if _lacks_required(function, given):
        return None
    head = (context,) if function.context else ()
    if function.params and function.params[0].each and isinstance(given[0], list):
        return [
            done for each in given[0] if (done := function.code(*head, each, *given[1:])) is not None
        ] or None
    return function.code(*head, *given)


def _lacks_required(function: Function, given: list[Any]) -> bool:
    return any(value is None and not param.optional for param, value in _paired(function, given))


def _paired(function: Function, given: list[Any]) -> list[tuple[Param, Any]]:
    if function.params and function.params[-1].rest:
        return [(function.params[-1], value) for value in given]
    assert len(given) <= len(function.params)
    return [(param, given[at] if at < len(given) else None) for at, param in enumerate(function.params)]


def evaluate(expression: str) -> Any:
    """The value of a call whose arguments are JSON, or `missing`."""
    found = _CALL.fullmatch(expression)
    assert found, expression
    arguments = re.sub(r"\bmissing\b", "null", found["arguments"])
    return call(found["name"], *json.loads(f"[{arguments}]"))
