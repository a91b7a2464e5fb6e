"""Values on their way into payload fields: converted as declared, finished as the target sends them."""

from __future__ import annotations

import ast
from typing import Final

from router.lang.compiled import nodes as n
from router.lang.compiled import runtime
from router.lang.compiled.expressions import Expressions
from router.lang.compiled.reading import MILLIS_FROM, longest
from router.lang.compiled.seam import Fitting, Receiving
from router.lang.compiled.shapes import ANY, Shape, read_shape
from router.lang.compiled.writing import NOTES, Common, Operand
from router.lang.environment import Field
from router.lang.kinds import Kind
from router.lang.values import MAX_LIST

LEFT: Final = "left"
"""The local with what could not be sent."""
_PLAIN: Final = frozenset({"integer", "number", "bool", "time"})


class Fields(Expressions):
    """Writes conversions into fields of one source, and what is done to a field when the payload is made."""

    def __init__(self, common: Common, source: str) -> None:
        super().__init__(common)
        self.source = source

    # -------------------------------------------------------------- conversion

    def converted(self, operand: Operand, field: Field) -> Operand:
        """The value as the field takes it, missing where it does not fit."""
        slow = runtime.in_field(field, self.program.environment.target, self.source)
        if operand.is_known:
            return self._known(operand, slow)
        shape = operand.shape
        if field.many and shape.base == "loose":
            return self._otherwise(
                operand, slow, n.of_class(n.name(operand.local), self.constant(list)), shape
            )
        kind = field.kind
        unusual = self._unusual_for(operand, kind)
        if unusual is False:
            return operand
        after = shape if kind.base == "list" and unusual is not True else self._field_shape(field)
        return self._otherwise(operand, slow, None if unusual is True else unusual, after)

    def _known(self, operand: Operand, slow: runtime.Read) -> Operand:
        notes: runtime.Notes = []
        value = None if operand.known is None else slow(operand.known, notes)
        for path, why in notes:
            self.out.emit(self.note(path, why))
        return Operand(self.known_shape(value), known=value)

    def _otherwise(
        self, operand: Operand, slow: runtime.Read, unusual: ast.expr | None, after: Shape
    ) -> Operand:
        """The value itself, except where a test says that it is unusual."""
        local = operand.local if operand.own else self.out.let(n.name(operand.local), "f")
        of_class = unusual is not None and _is_of_class(unusual)
        tests = [self.is_present(operand)] if operand.shape.optional and not of_class else []
        test = n.both(*tests, *([unusual] if unusual is not None else [])) if tests or unusual else None
        convert = n.assign(local, n.call(self.constant(slow), n.name(local), n.name(NOTES)))
        self.out.emit(convert if test is None else n.when(test, [convert]))
        return Operand(after.or_missing(), local)

    def _unusual_for(self, operand: Operand, kind: Kind) -> ast.expr | bool:
        """When a value must be converted: always, never, or a test."""
        shape, value = operand.shape, n.name(operand.local)
        match kind.base, shape.base:
            case (("text" | "url"), "text") if kind.options:
                return n.compare(value, "not in", self.constant(frozenset(kind.options)))
            case (("text" | "url"), "text") | ("bool", "bool"):
                return False
            case ("number", "number" | "integer") | ("integer", "integer") if shape.settled:
                return False
            case "integer", "number" if shape.settled:
                return n.of_class(value, self.constant(float))
            case (("number" | "integer"), ("number" | "integer")):
                return self.unusual_number(value, whole=kind.base == "integer")
            case "time", "time":
                return n.negated(n.compare(n.plain(0), "<=", value, "<", self.constant(MILLIS_FROM)))
            case "list", "list" if _same_elements(kind, shape):
                return n.compare(n.call(self.constant(len), value), ">", self.constant(MAX_LIST))
            case "any", "text" | "number" | "integer" | "bool" | "time":
                return False
        return True

    def _field_shape(self, field: Field) -> Shape:
        if field.many:
            return Shape("loose")
        if field.kind.base == "list" and field.kind.of is not None and field.kind.of.base == "object":
            return ANY
        return read_shape(field.kind, self.common.finisher.nothing)

    # -------------------------------------------------------------- finishing

    def is_final(self, shape: Shape, receiving: Receiving) -> bool:
        """Whether values of the shape are sent as they are."""
        if shape.base in _PLAIN:
            return True
        if receiving.fitting is not None:
            return False
        if shape.base == "list":
            return shape.of is not None and shape.of.settled and shape.of.base in ("text", "number", "object")
        return shape.base == "text" and shape.settled

    def put_finished(self, owner: str, name: str, operand: Operand, receiving: Receiving) -> None:
        """Writes what puts a value into its group, or into `left_out`."""
        if operand.is_known:
            self._put_known(owner, name, operand, receiving)
            return
        put = n.put(n.name(owner), self.constant(name), self.load(operand))
        if self.is_final(operand.shape, receiving):
            self._emit_present(operand, [put])
        elif operand.shape.base == "text":
            self._emit_present(operand, self._put_text(owner, name, operand, receiving))
        elif operand.shape.base == "loose" and operand.shape.settled and receiving.fitting is None:
            text = n.of_class(self.load(operand), self.constant(str))
            long_way = [n.when(self.is_present(operand), self._put_cleaned(owner, name, operand, receiving))]
            self.out.emit(n.when(text, [put], long_way))
        else:
            self._emit_present(operand, self._put_cleaned(owner, name, operand, receiving))

    def _emit_present(self, operand: Operand, body: list[ast.stmt]) -> None:
        if operand.shape.optional:
            self.out.emit(n.when(self.is_present(operand), body))
        else:
            for statement in body:
                self.out.emit(statement)

    def _put_known(self, owner: str, name: str, operand: Operand, receiving: Receiving) -> None:
        left: list[tuple[str, str]] = []
        value = None if operand.known is None else receiving.clean(operand.known, left)
        for line in left:
            self.out.emit(n.run(n.method(n.name(LEFT), "append", self.constant(line))))
        if value is not None:
            self.out.emit(n.put(n.name(owner), self.constant(name), self.constant(value)))

    def _put_text(self, owner: str, name: str, operand: Operand, receiving: Receiving) -> list[ast.stmt]:
        value = self.load(operand)
        put = n.put(n.name(owner), self.constant(name), value)
        nothing = self._is_nothing(value)
        cleaned = self._put_cleaned(owner, name, operand, receiving)
        if receiving.fitting is None:
            return [n.when(nothing, cleaned, [put])]
        fits = self._put_fitted(owner, name, operand, receiving, receiving.fitting)
        body = fits if operand.shape.settled else [n.when(nothing, cleaned, fits)]
        signs = self._signs(value, receiving.fitting, settled=operand.shape.settled)
        return [n.when(n.either(*signs), [put], body)] if signs else body

    def _is_nothing(self, value: ast.expr) -> ast.expr:
        """Whether a text is one that is never sent; those are short."""
        texts = self.common.finisher.nothing
        short = n.compare(n.call(self.constant(len), value), "<=", n.plain(longest(texts)))
        return n.both(short, n.compare(value, "in", self.constant(texts)))

    def _put_fitted(
        self, owner: str, name: str, operand: Operand, receiving: Receiving, fitting: Fitting
    ) -> list[ast.stmt]:
        value, found = self.load(operand), self.out.fresh("w")
        fits = n.assign(found, n.call(self.constant(fitting.fit), value))
        refused = n.tuple_of(self.constant(receiving.path), n.attribute(n.name(found), "reason"))
        return [
            fits,
            n.when(
                n.of_class(n.name(found), self.constant(str)),
                [n.when(n.name(found), [n.put(n.name(owner), self.constant(name), n.name(found))])],
                [n.run(n.method(n.name(LEFT), "append", refused))],
            ),
        ]

    def _signs(self, value: ast.expr, fitting: Fitting, *, settled: bool) -> list[ast.expr]:
        """Tests that only a text passes which fits as it is, and which is none of those never sent."""
        signs: list[ast.expr] = []
        for start in fitting.starts:
            behind = start[:-1] + chr(ord(start[-1]) + 1)
            signs.append(n.compare(self.constant(start), "<=", value, "<", self.constant(behind)))
        if fitting.known:
            signs.append(n.compare(value, "in", self.constant(fitting.known)))
        if fitting.at_most:
            least = 0 if settled else longest(self.common.finisher.nothing)
            length = n.call(self.constant(len), value)
            fits = n.compare(n.plain(least), "<", length, "<=", n.plain(fitting.at_most))
            others = [n.compare(value, "!=", self.constant(each)) for each in sorted(fitting.never)]
            signs.append(n.both(fits, *others))
        return signs

    def _put_cleaned(self, owner: str, name: str, operand: Operand, receiving: Receiving) -> list[ast.stmt]:
        found = self.out.fresh("w")
        cleaned = n.call(self.constant(receiving.clean), self.load(operand), n.name(LEFT))
        put = n.put(n.name(owner), self.constant(name), n.name(found))
        return [n.assign(found, cleaned), n.when(n.not_none(n.name(found)), [put])]


def _is_of_class(test: ast.expr) -> bool:
    """Whether a test asks for a class, so that nothing missing passes it."""
    asked = isinstance(test, ast.Compare) and isinstance(test.left, ast.Attribute)
    return asked and isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is)


def _same_elements(kind: Kind, shape: Shape) -> bool:
    """Texts stay texts, and numbers as they were read numbers; other elements are converted."""
    if kind.of is None or shape.of is None or kind.of.options:
        return False
    same = kind.of.base == shape.of.base
    return same and (kind.of.base == "text" or (kind.of.base == "number" and shape.of.settled))
