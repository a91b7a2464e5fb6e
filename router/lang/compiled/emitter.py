"""Statements as they are written, with the constants they use and the places they come from."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType
from typing import Any, Final

from router.lang.compiled import nodes as n
from router.lang.outcome import Place
from router.lang.source import Span

MOST_STATEMENTS: Final = 50_000
FILE: Final = "<rules>"
_OFTEN: Final = 6
_CALLED: Final = (FunctionType, BuiltinFunctionType)


class NotCompiledError(Exception):
    """Something that is left to the walker; the text says what."""


@dataclass(frozen=True, slots=True)
class Code:
    """A generated function, and the rule line behind each of its line numbers."""

    run: Callable[..., Any]
    places: tuple[Place, ...]

    def place(self, line: int) -> Place | None:
        return self.places[line - 1] if 0 < line <= len(self.places) else None


class Emitter:
    """Writes one function. Names are made here; no text of a rule file becomes a name or a literal."""

    def __init__(self) -> None:
        self.body: list[ast.stmt] = []
        self.outermost = self.body
        self.head: list[str] = []
        """Locals that start as None."""
        self._constants: dict[object, str] = {}
        self._values: list[Any] = []
        self._uses: defaultdict[str, list[ast.Name]] = defaultdict(list)
        self._places: dict[Place, int] = {}
        self._line = 1
        self._names = 0
        self._statements = 0

    def fresh(self, letter: str = "t") -> str:
        """A local name that nothing has yet."""
        self._names += 1
        return f"{letter}{self._names}"

    def none_at_first(self, letter: str = "p") -> str:
        """A local that is None until something is assigned."""
        self.head.append(self.fresh(letter))
        return self.head[-1]

    def constant(self, value: Any) -> ast.expr:
        """A value from outside: in the tree where Python keeps such constants, else by name.

        Python keeps them by type and value. What is used often gets a local, which is the quickest there is.
        """
        if type(value) in n.PLAIN and _is_plain(value):
            return n.plain(value)
        key = id(value)
        if key not in self._constants:
            self._constants[key] = f"k{len(self._values)}"
            self._values.append(value)
        used = ast.Name(self._constants[key], n.LOAD)
        self._uses[used.id].append(used)
        return used

    def emit(self, statement: ast.stmt) -> None:
        self._statements += 1
        if self._statements > MOST_STATEMENTS:
            raise NotCompiledError("too many statements")
        statement.lineno = statement.end_lineno = self._line
        statement.col_offset = statement.end_col_offset = 0
        self.body.append(statement)

    def let(self, value: ast.expr, letter: str = "t") -> str:
        """A fresh local with this value."""
        target = self.fresh(letter)
        self.emit(n.assign(target, value))
        return target

    @contextmanager
    def at(self, span: Span) -> Iterator[None]:
        """Statements written inside come from this line of the rules."""
        before = self._line
        self._line = self._places.setdefault(span.place, len(self._places) + 1)
        try:
            yield
        finally:
            self._line = before

    @contextmanager
    def block(self) -> Iterator[list[ast.stmt]]:
        """Statements written inside go into the list."""
        outer, self.body = self.body, []
        try:
            yield self.body
        finally:
            self.body = outer

    def _at_hand(self) -> list[ast.stmt]:
        """Locals for constants that are used often, except for what is called: globals are quicker there."""
        found: list[ast.stmt] = []
        values = dict(zip(self._constants.values(), self._values, strict=True))
        for name, uses in self._uses.items():
            if len(uses) >= _OFTEN and not isinstance(values[name], _CALLED):
                local = f"o{name[1:]}"
                found.append(n.assign(local, n.name(name)))
                for use in uses:
                    use.id = local
        return found

    def function(self, parameters: tuple[str, ...]) -> Code:
        """What was written, as a function of these parameters."""
        start = [n.assign(each, n.plain(None)) for each in self.head] + self._at_hand()
        inner = n.function("rule", parameters, start + self.body or [n.returned(n.plain(None))])
        module = n.checked(ast.Module([inner], []))
        # Constants are the function's globals: a closure of a hundred would be copied at every call.
        space: dict[str, Any] = {"__builtins__": {}}
        space |= zip(self._constants.values(), self._values, strict=True)
        exec(_compiled(module), space)  # noqa: S102 - from the checked tree, never from text
        return Code(space["rule"], tuple(self._places))


def _is_plain(value: Any) -> bool:
    """Whether Python keeps this constant apart from all that are equal to it: not so inside of a set."""
    return type(value) is not frozenset or all(type(each) is str for each in value)


def _compiled(module: ast.Module) -> CodeType:
    """Python's own limits on what it compiles are no reason not to run the rules."""
    try:
        return compile(module, FILE, "exec", dont_inherit=True)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as reason:
        raise NotCompiledError(f"Python does not compile it: {reason}") from reason
