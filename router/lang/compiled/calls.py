"""Calls of the language's functions: arguments that fit by their shape are passed as they are."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from router.lang import tree as t
from router.lang.compiled import nodes as n
from router.lang.compiled import runtime
from router.lang.compiled.reading import Reads
from router.lang.compiled.shapes import ANY, FUNCTION_SHAPES, HASH, NONE, TEXT, Shape
from router.lang.compiled.writing import ARRIVAL, MISSING, Operand
from router.lang.kinds import ANY as ANY_KIND
from router.lang.library import Function, Given, Param, Sought
from router.lang.program import Access, Key
from router.lang.values import MAX_LIST, MAX_TEXT
from router.lang.walk import readable


@dataclass(frozen=True, slots=True)
class _Target:
    """What is called: the code, the arguments that it takes, and which of them go before all others."""

    function: Function
    code: Callable[..., Any]
    takes: tuple[bool, ...]
    first: str | None
    """`arrival`, `context` or nothing."""


class Calls(Reads):
    """Writes what `Evaluation` does for a call."""

    def call(self, node: t.Call, *, loose: bool, into: str | None = None) -> Operand:
        """A call; `into` is a local that is None and takes the result."""
        function = self.program.environment.functions[node.name.text]
        if function.sought is not None and (name := self.common.constant(node.args[0])) is not None:
            text = runtime.passed(function, function.params[0])(name.known)
            return self._sought(function.sought, text, into or self.out.fresh())
        loose = self.takes_loosely(node, loose=loose)
        result = into or self.out.let(n.plain(None), "r")
        first = self._where_present(node, function, result, loose=loose)
        return MISSING if first is None else Operand(_result_shape(function, first), result, own=True)

    def takes_loosely(self, node: t.Call, *, loose: bool) -> bool:
        """Whether the first argument of a call may be an element where a list of one is meant."""
        return loose and self.program.environment.functions[node.name.text].result.hashed

    def is_strict(self, node: t.Call) -> bool:
        """Whether a call gives nothing without its first argument, which is computed first."""
        function = self.program.environment.functions[node.name.text]
        return function.sought is None and bool(function.params) and not function.params[0].optional

    def has_straight(self, node: t.Call) -> bool:
        """Whether a call may take its first argument unread."""
        return self.program.environment.functions[node.name.text].straight is not None

    def _code_for_all(self, node: t.Call, function: Function) -> Callable[[Any], Any] | None:
        """Code that takes the first argument as it stands in the event, whatever it is."""
        others = [self.common.constant(each) for each in node.args[1:]]
        constants = {number: each.known for number, each in enumerate(others, 1) if each is not None}
        if function.straight is None or len(constants) < len(others):
            return None
        return function.straight(Given(constants, self.program.settings, self.common.nothing_read))

    def _where_present(self, node: t.Call, function: Function, result: str, *, loose: bool) -> Shape | None:
        """Nothing is done for something that is not in the event and is needed."""
        ref = node.args[0] if node.args else None
        if not (isinstance(ref, t.Ref) and self.is_strict(node) and self.is_read_once(ref)):
            return self._arguments(node, function, result, [], loose=loose)
        with self.where_present(self.program.accesses[ref]) as found:
            code = self._code_for_all(node, function)
            if code is None:
                found.read(loose=loose)
                first = self._arguments(node, function, result, [], loose=loose)
            else:
                self.out.emit(n.assign(result, n.call(self.constant(code), n.name(found.raw))))
                with self.branch() as rest:
                    found.read(loose=loose)
                    first = self._arguments(node, function, result, [], loose=loose)
                self.out.emit(n.when(n.is_none(n.name(result)), rest))
        self.out.emit(n.when(found.test, found.body))
        return first

    def _arguments(
        self, node: t.Call, function: Function, result: str, before: list[Operand], *, loose: bool
    ) -> Shape | None:
        """One argument after the other; the first that is missing and must not be ends the call.

        Gives the shape of the first argument, None where the call never happens.
        """
        index = len(before)
        if index == len(node.args):
            self._run(node, function, result, before)
            return before[0].shape if before else NONE
        param = function.params[min(index, len(function.params) - 1)]
        operand = self._argument(function, param, self.value(node.args[index], loose=loose and index == 0))
        if operand.is_known and operand.known is None and not param.optional:
            return None
        if param.optional or not operand.shape.optional:
            return self._arguments(node, function, result, [*before, operand], loose=loose)
        with self.branch() as body:
            shape = self._arguments(node, function, result, [*before, operand], loose=loose)
        self.emit_if(self.is_present(operand), body)
        return shape

    def _argument(self, function: Function, param: Param, operand: Operand) -> Operand:
        if operand.is_known:
            value = runtime.passed(function, param)(operand.known)
            return MISSING if value is None else Operand(operand.shape, known=value)
        if _fits(function, param, operand.shape):
            return self._short_enough(function, operand)
        local = self.out.let(n.call(self.constant(runtime.passed(function, param)), self.load(operand)))
        return Operand(_passed_shape(param), local)

    def _short_enough(self, function: Function, operand: Operand) -> Operand:
        if operand.shape.base != "list" or function.whole_lists:
            return operand
        value = n.name(operand.local)
        length = n.call(self.constant(len), value)
        long = n.both(
            *([n.not_none(value)] if operand.shape.optional else []),
            n.compare(length, ">", self.constant(MAX_LIST)),
        )
        cut = n.choose(long, n.call(self.constant(runtime.shortened), value), value)
        return Operand(operand.shape, self.out.let(cut))

    # -------------------------------------------------------------- look-ups

    def _sought(self, sought: Sought, name: str | None, found: str) -> Operand:
        """A text by its name, among what came with the event, then in the event."""
        if name is None:
            return MISSING
        key = self.constant(name.lower() if sought.folded else name)
        values = n.attribute(n.name(ARRIVAL), sought.among)
        self.out.emit(n.assign(found, n.method(values, "get", key)))
        self._usable(found)
        if sought.behind:
            with self.branch() as body:
                steps = tuple(map(Key, sought.behind))
                owner = self._object(Access("event", "event", steps, ANY_KIND), steps)
                self.out.emit(n.assign(found, n.method(n.name(owner), "get", self.constant(name))))
                self._usable(found)
            self.emit_if(n.is_none(n.name(found)), body)
        return Operand(TEXT, found)

    def _usable(self, local: str) -> None:
        value = n.name(local)
        length = n.compare(n.plain(0), "<", n.call(self.constant(len), value), "<=", n.plain(MAX_TEXT))
        text = n.of_class(value, self.constant(str))
        unusable = n.both(n.not_none(value), n.negated(n.both(text, length)))
        self.out.emit(n.when(unusable, [n.assign(local, n.plain(None))]))

    # -------------------------------------------------------------- the call itself

    def _run(self, node: t.Call, function: Function, result: str, args: list[Operand]) -> None:
        first = args[0].shape.base if args else "none"
        spread = bool(function.params) and function.params[0].each and first != "text"
        if spread and first == "loose":
            self._loosely(function, result, args)
        elif spread or (function.result.base in ("any", "list", "object") and function.quick is None):
            self._generally(function, result, args)
        else:
            self._directly(function, result, args)
        self._note_nothing(node, function, result)

    def _directly(self, function: Function, result: str, args: list[Operand]) -> None:
        """The code itself, for one value."""
        target = self._target(function, args)
        self._set(result, target, args)
        if function.result.base in ("text", "url") and not function.result.hashed:
            value = n.name(result)
            length = n.call(self.constant(len), value)
            fits = n.compare(n.plain(0), "<", length, "<=", self.constant(MAX_TEXT))
            test = n.both(n.not_none(value), n.negated(fits))
            self.out.emit(n.when(test, [n.assign(result, n.plain(None))]))

    def _set(self, result: str, target: _Target, args: list[Operand]) -> None:
        self.out.emit(n.assign(result, n.call(self.constant(target.code), *self._passing(target, args))))

    def _passing(self, target: _Target, args: list[Operand]) -> list[ast.expr]:
        lead = [] if target.first is None else [n.name(target.first)]
        return lead + [self.load(arg) for arg, taken in zip(args, target.takes, strict=True) if taken]

    def _loosely(self, function: Function, result: str, args: list[Operand]) -> None:
        """One text as itself, a list element by element."""
        one, many = self._target(function, args), runtime.for_each
        with self.branch() as single:
            self._set(result, one, args)
        with self.branch() as several:
            rest = self._passing(one, args)
            lead = 0 if one.first is None else 1
            values, others = rest[lead], rest[:lead] + rest[lead + 1 :]
            mapped = many(_leading(one.code, lead), function)
            self.out.emit(n.assign(result, n.call(self.constant(mapped), values, *others)))
        test = n.of_class(self.load(args[0]), self.constant(str))
        self.out.emit(n.when(test, single, several))

    def _generally(self, function: Function, result: str, args: list[Operand]) -> None:
        context = n.name(self._context()) if function.context else n.plain(None)
        code = self.constant(runtime.called(function))
        self.out.emit(n.assign(result, n.call(code, context, *map(self.load, args))))

    def _target(self, function: Function, args: list[Operand]) -> _Target:
        given = Given(
            {index: each.known for index, each in enumerate(args) if each.is_known},
            self.program.settings,
            self.common.nothing_read,
        )
        quick = None if function.quick is None else function.quick(given)
        if quick is not None:
            takes = tuple(not each.is_known for each in args)
            return _Target(function, quick, takes, ARRIVAL if function.context else None)
        return _Target(function, function.code, (True,) * len(args), self._context_of(function))

    def _context_of(self, function: Function) -> str | None:
        return self._context() if function.context else None

    def _context(self) -> str:
        if "context" not in self.at_hand:
            made = n.call(self.constant(runtime.contexts(self.program.settings)), n.name(ARRIVAL))
            self.at_hand["context"] = Operand(ANY, self.out.let(made))
        return self.at_hand["context"].local

    def _note_nothing(self, node: t.Call, function: Function, result: str) -> None:
        """A match key that cannot be hashed is a loss worth counting."""
        if function.result.hashed and isinstance(node.args[0], t.Ref):
            path = readable(self.program.accesses[node.args[0]])
            note = self.note(path, f"{function.name} gives nothing for it")
            self.out.emit(n.when(n.is_none(n.name(result)), [note]))


def _leading(code: Callable[..., Any], lead: int) -> Callable[..., Any]:
    """The code with its element first and what it looks at behind."""
    return code if lead == 0 else lambda each, first, *rest: code(first, each, *rest)


def _fits(function: Function, param: Param, shape: Shape) -> bool:
    """Whether every value of the shape is passed as it is."""
    match param.kind.base:
        case "text" | "url":
            return shape.base == "text" or (param.each and shape.base == "loose")
        case "number":
            return shape.base == "number" and shape.settled
        case "any":
            return shape.base == "text" or (shape.base in ("number", "integer") and shape.settled)
        case "bool":
            return shape.base == "bool"
        case "list":
            return shape.base == "list" and shape.of is not None and _list_fits(param, shape.of)
        case _:
            return False


def _list_fits(param: Param, element: Shape) -> bool:
    wanted = param.kind.of.base if param.kind.of is not None else "any"
    if wanted == "any":
        return element.base in ("text", "object", "number", "integer", "bool")
    return element.base == wanted and (wanted == "text" or element.settled)


def _passed_shape(param: Param) -> Shape:
    base = "any" if param.each else param.kind.base
    return {"text": Shape("text"), "url": Shape("text"), "number": Shape("number", settled=True)}.get(
        base, ANY
    )


def _result_shape(function: Function, first: Shape) -> Shape:
    each = bool(function.params) and function.params[0].each
    if each and first.base != "text":
        return Shape("loose", settled=True) if first.base == "loose" and function.result.hashed else ANY
    return HASH if function.result.hashed else FUNCTION_SHAPES.get(function.result.base, ANY)
