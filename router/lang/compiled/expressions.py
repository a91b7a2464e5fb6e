"""Expressions: everything that has a value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

from router.lang import exact
from router.lang import tree as t
from router.lang.compiled import nodes as n
from router.lang.compiled import runtime
from router.lang.compiled.conditions import SHORT, Conditions
from router.lang.compiled.emitter import NotCompiledError
from router.lang.compiled.lines import Line, expressions
from router.lang.compiled.shapes import ANY, NONE, Shape, joined
from router.lang.compiled.writing import ARRIVAL, EVENT, MEMO, MISSING, NOTES, Common, Operand
from router.lang.program import Access, At, Key
from router.lang.traverse import everything
from router.lang.values import same

_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": exact.add, "-": exact.sub, "*": exact.mul, "/": exact.div,
}  # fmt: skip
_NUMBER: Final = Shape("number", settled=True)
RUN: Final = (EVENT, ARRIVAL, NOTES, MEMO)
"""What every generated function takes first."""


class Expressions(Conditions):
    """Writes what `Evaluation.value` does."""

    def value(self, node: t.Expr, *, loose: bool = False) -> Operand:
        constant = self.common.constant(node)
        if constant is not None:
            return constant
        match node:
            case t.Ref():
                return self.reference(node, loose=loose)
            case t.Call():
                return self.call(node, loose=loose)
            case t.Coalesce():
                return self._coalesce(node, loose=loose)
            case t.If():
                return self._if(node, loose=loose)
            case t.Match():
                return self._match(node)
            case t.Or() | t.And() | t.Not() | t.Compare() | t.Presence():
                return self.truth(node)
            case t.Arithmetic():
                return self._arithmetic(node)
            case t.Negate():
                return self._negate(node)
            case t.ListOf():
                return self._list(node)
            case t.ObjectOf():
                return self._object_of(node)
            case t.Literal() | t.BrokenExpr():
                raise NotCompiledError(type(node).__name__)

    # -------------------------------------------------------------- what is read

    def count_uses(self, lines: Iterable[Line]) -> None:
        """Counts what the lines read, and the objects on the way there."""
        for node in expressions(lines):
            self.count(node)

    def count(self, root: t.Expr) -> None:
        """Counts what an expression reads."""
        for node in everything(root):
            match node:
                case t.Ref():
                    self._count_path(self.program.accesses[node])
                case t.Call() if sought := self.program.environment.functions[node.name.text].sought:
                    steps = tuple(map(Key, sought.behind))
                    self._count_steps("event", "event", steps)

    def _count_path(self, access: Access) -> None:
        if access.root != "let":
            self._count_steps(access.root, access.name, access.steps)
        elif self.common.weight(access.name) <= SHORT:
            self.count(self.program.lets[access.name].value)

    def _count_steps(self, root: str, name: str, steps: tuple[Key | At, ...]) -> None:
        for end in range(1, len(steps) + 1):
            self.uses[root, name, steps[:end]] += 1

    def touch(self, node: t.Expr) -> None:
        """Writes what an expression reads, which may be noted, where nobody asks for its value."""
        match node:
            case t.Compare():
                self.touch(node.left)
                self.touch(node.right)
            case t.Call() if len(node.args) == 1 and self.is_strict(node) and not self._may_note(node):
                self.touch(node.args[0])
            case t.Ref() if (name := self._short_name(node)) is not None:
                if ("touched", name) not in self.at_hand:
                    self.at_hand["touched", name] = MISSING
                    self.touch(self.program.lets[name].value)
            case _:
                self.value(node)

    def _may_note(self, node: t.Call) -> bool:
        return self.program.environment.functions[node.name.text].result.hashed

    def _short_name(self, node: t.Ref) -> str | None:
        access = self.program.accesses[node]
        is_short = access.root == "let" and not access.steps and self.common.weight(access.name) <= SHORT
        return access.name if is_short else None

    # -------------------------------------------------------------- names

    def name(self, name: str) -> Operand:
        """A let: written out where it is short, else computed by a function of its own and kept."""
        if ("let", name) not in self.at_hand:
            # Its local is read again, and must not be changed in place.
            self.at_hand["let", name] = replace(self._named(name), own=False)
        return self.at_hand["let", name]

    def _named(self, name: str) -> Operand:
        let = self.program.lets[name]
        if self.common.weight(name) <= SHORT:
            with self.out.at(let.value.span):
                return self.value(let.value)
        code, shape = kept_name(self.common, name)
        return Operand(shape, self.out.let(n.call(self.constant(code), *map(n.name, RUN)), "v"))

    # -------------------------------------------------------------- choices

    def _coalesce(self, node: t.Coalesce, *, loose: bool) -> Operand:
        present = [each for each in node.choices if not self._is_missing(each)]
        if not present:
            return MISSING
        result = self.out.fresh("r")
        if self._goes_into(present[0]):
            self.out.emit(n.assign(result, n.plain(None)))
        shapes = self._choices(present, result, loose=loose)
        shape = joined([each.or_missing() for each in shapes])
        return Operand(shape if shapes[-1].optional else shape.present(), result, own=True)

    def _is_missing(self, node: t.Expr) -> bool:
        constant = self.common.constant(node)
        return constant is not None and constant.known is None

    def _goes_into(self, node: t.Expr) -> bool:
        """Whether an alternative can be written to where the whole goes, when that is missing so far."""
        if isinstance(node, t.Ref):
            return self.is_read_once(node)
        return isinstance(node, t.Call) and self.common.constant(node) is None

    def _written_into(self, node: t.Expr, result: str, *, loose: bool) -> Operand:
        if isinstance(node, t.Call):
            return self.call(node, loose=loose, into=result)
        with self.where_present(self.program.accesses[cast(t.Ref, node)], result) as found:
            operand = found.read(loose=loose)
        self.out.emit(n.when(found.test, found.body))
        return operand

    def _choices(self, choices: Sequence[t.Expr], result: str, *, loose: bool) -> list[Shape]:
        """Each alternative is computed only when those before it are missing."""
        if not choices:
            return []
        if self._goes_into(node := choices[0]):
            operand = self._written_into(node, result, loose=loose)
        else:
            operand = self.value(node, loose=loose)
        if operand.local != result:
            self.out.emit(n.assign(result, self.load(operand)))
        if not operand.shape.optional:
            return [operand.shape]
        with self.branch() as body:
            shapes = self._choices(choices[1:], result, loose=loose)
        self.emit_if(n.is_none(n.name(result)), body)
        return [operand.shape, *shapes]

    def _if(self, node: t.If, *, loose: bool) -> Operand:
        condition = self.common.constant(node.condition)
        if condition is not None:
            return self.value(node.then if condition.known is True else node.otherwise, loose=loose)
        test = self.test(node.condition)
        result = self.out.fresh("r")
        with self.branch() as then:
            one = self._into(result, node.then, loose=loose)
        with self.branch() as otherwise:
            other = self._into(result, node.otherwise, loose=loose)
        self.out.emit(n.when(test, then, otherwise))
        return Operand(_either(one, other), result)

    def _into(self, result: str, node: t.Expr, *, loose: bool = False) -> Shape:
        operand = self.value(node, loose=loose)
        self.out.emit(n.assign(result, self.load(operand)))
        return operand.shape

    def _match(self, node: t.Match) -> Operand:
        subject = self.value(node.subject)
        if subject.is_known and subject.known is None:
            return MISSING
        result = self.out.let(n.plain(None), "r")
        table = self._table(node) if subject.shape.base == "text" else None
        if table is not None:
            return self._looked_up(result, subject, *table)
        with self.branch() as body:
            shapes = self._arms(node.arms, subject, result)
        self.emit_if(self.is_present(subject), body)
        return Operand(joined([NONE, *shapes]).or_missing(), result)

    def _table(self, node: t.Match) -> tuple[dict[str, Any], Any] | None:
        """The values by text, and the one for all others, where all are known."""
        found: dict[str, Any] = {}
        for arm in node.arms:
            value = self.common.constant(arm.value)
            if value is None:
                return None
            if not arm.patterns:
                return found, value.known
            if not all(isinstance(pattern.value, str) for pattern in arm.patterns):
                return None
            for pattern in arm.patterns:
                found.setdefault(str(pattern.value), value.known)
        return found, None

    def _looked_up(self, result: str, subject: Operand, table: dict[str, Any], other: Any) -> Operand:
        found = n.method(self.constant(table), "get", self.load(subject), self.constant(other))
        self.emit_if(self.is_present(subject), [n.assign(result, found)])
        shapes = [self.known_shape(each) for each in [*table.values(), other]]
        return Operand(joined([NONE, *shapes]).or_missing(), result)

    def known_shape(self, value: Any) -> Shape:
        """The shape of a value that is known, when it is one of several that something can be."""
        nothing = self.common.finisher.nothing
        if isinstance(value, str) and 0 < len(value) <= 8192:
            return Shape("text", optional=False, settled=value not in nothing)
        return NONE if value is None else ANY

    def _arms(self, arms: tuple[t.Arm, ...], subject: Operand, result: str) -> list[Shape]:
        """The first arm that fits; no pattern fits every value."""
        if not arms:
            return []
        arm = arms[0]
        if not arm.patterns:
            return [self._into(result, arm.value)]
        fits = [
            n.call(self.constant(same), self.load(subject), self.constant(pattern.value))
            for pattern in arm.patterns
        ]
        with self.branch() as body:
            shape = self._into(result, arm.value)
        with self.branch() as otherwise:
            shapes = self._arms(arms[1:], subject, result)
        self.out.emit(n.when(n.either(*fits), body, otherwise))
        return [shape, *shapes]

    # -------------------------------------------------------------- numbers

    def _arithmetic(self, node: t.Arithmetic) -> Operand:
        left, right = self._number(node.left), self._number(node.right)
        if left is None or right is None:
            return MISSING
        there = [self.is_present(each) for each in (left, right) if each.shape.optional]
        made = n.call(self.constant(_ARITHMETIC[node.op]), self.load(left), self.load(right))
        return Operand(
            _NUMBER, self.out.let(n.choose(n.both(*there), made, n.plain(None)) if there else made)
        )

    def _negate(self, node: t.Negate) -> Operand:
        number = self._number(node.value)
        if number is None:
            return MISSING
        made = n.call(self.constant(exact.neg), self.load(number))
        return Operand(_NUMBER, self.out.let(n.choose(self.is_present(number), made, n.plain(None))))

    def _number(self, node: t.Expr) -> Operand | None:
        """An operand that is a number or missing; None where it never is one."""
        operand = self.value(node)
        if operand.is_known:
            return operand if type(operand.known) in (int, float) else None
        if operand.shape.base in ("number", "integer", "time"):
            return operand
        local = self.out.let(n.call(self.constant(_number_only), self.load(operand)))
        return Operand(Shape("number"), local)

    # -------------------------------------------------------------- lists and objects

    def _list(self, node: t.ListOf) -> Operand:
        result = self.out.let(n.new_list(), "r")
        for each in node.items:
            self._when_present(each, lambda value: n.run(n.method(n.name(result), "append", value)))
        return self._or_none(result, "list")

    def _object_of(self, node: t.ObjectOf) -> Operand:
        result = self.out.let(n.new_dict(), "r")
        for key, each in node.pairs:
            # A key written twice takes the place of the first, as in the walker's dictionary.
            self._when_present(each, partial(n.put, n.name(result), self.constant(key.text)))
        return self._or_none(result, "object")

    def _when_present(self, node: t.Expr, put: Callable[[ast.expr], ast.stmt]) -> None:
        operand = self.value(node)
        if operand.is_known and operand.known is None:
            return
        statement = put(self.load(operand))
        self.out.emit(n.when(self.is_present(operand), [statement]) if operand.shape.optional else statement)

    def _or_none(self, result: str, base: Any) -> Operand:
        self.out.emit(n.assign(result, n.either(n.name(result), n.plain(None))))
        return Operand(Shape(base), result)


def _either(one: Shape, other: Shape) -> Shape:
    if one.base == "none" or other.base == "none":
        return joined([one, other]).or_missing()
    return joined([one, other])


def _number_only(value: Any) -> Any:
    return value if value.__class__ is int or value.__class__ is float else None


def kept_name(common: Common, name: str) -> tuple[Callable[..., Any], Shape]:
    """A function that computes a let once for an event, and the shape of its value."""
    if name not in common.names:
        writer, let = Expressions(common), common.program.lets[name]
        writer.count(let.value)
        with writer.out.at(let.value.span):
            key = writer.constant(name)
            before = writer.out.let(n.method(n.name(MEMO), "get", key, writer.constant(runtime.UNSET)))
            is_new = n.compare(n.name(before), "is not", writer.constant(runtime.UNSET))
            writer.out.emit(n.when(is_new, [n.returned(n.name(before))]))
            operand = writer.value(let.value)
            writer.out.emit(n.put(n.name(MEMO), key, writer.load(operand)))
            writer.out.emit(n.returned(writer.load(operand)))
        common.names[name] = writer.finished(*RUN).run, operand.shape
    return common.names[name]
