"""Paths of events: objects fetched once, values read as they are declared."""

from __future__ import annotations

import ast
from typing import Final

from router.lang import tree as t
from router.lang.compiled import nodes as n
from router.lang.compiled import runtime
from router.lang.compiled.shapes import OBJECTS, Shape, read_shape
from router.lang.compiled.writing import EVENT, MISSING, NOTES, Operand, Writer
from router.lang.kinds import Kind
from router.lang.program import Access, At, Key
from router.lang.values import MAX_TEXT
from router.lang.walk import element, readable

Steps = tuple[Key | At, ...]

MILLIS_FROM: Final = 10**11
_MICROS_FROM: Final = 10**14
_WHOLE: Final = 2**53


class Reads(Writer):
    """Writes what `Evaluation` does for a reference."""

    def reference(self, node: t.Ref, *, loose: bool) -> Operand:
        access = self.program.accesses[node]
        if access.root == "let" and not access.steps:
            return self.name(access.name)
        loose = loose and _is_loose(access.kind) and not access.is_column
        key = (access.root, access.name, access.steps, loose)
        if key not in self.at_hand:
            self.at_hand[key] = self._read(access, loose=loose)
        return self.at_hand[key]

    def name(self, name: str) -> Operand:
        """A let: in place where it is short or certain to be needed, else by a function that keeps it."""
        raise NotImplementedError(name)

    # -------------------------------------------------------------- from root to leaf

    def _read(self, access: Access, *, loose: bool) -> Operand:
        root = self.name(access.name) if access.root == "let" else None
        if root is not None and root.is_known and root.known is None:
            return MISSING
        if access.is_column:
            return self._column(access)
        label = None if access.root == "let" else readable(access)
        if access.steps and isinstance(last := access.steps[-1], Key):
            return self._member(access, last.name, label, loose=loose)
        raw = self._raw(access, access.steps)
        if not access.steps:
            raw = self.out.let(n.name(raw))
        return self._typed(raw, access.kind, label, loose=loose)

    def _member(self, access: Access, name: str, label: str | None, *, loose: bool) -> Operand:
        """What an object has under a name; what it does not have needs no further look."""
        owner, key = n.name(self._object(access, access.steps[:-1])), self.constant(name)
        raw = self.out.fresh("t")
        with self.out.block() as body:
            self.out.emit(n.assign(raw, n.item(owner, key)))
            operand = self._typed(raw, access.kind, label, loose=loose)
        self.out.emit(n.when(n.compare(key, "in", owner), body, [n.assign(raw, n.plain(None))]))
        return operand

    def _column(self, access: Access) -> Operand:
        at = next(i for i, step in enumerate(access.steps) if isinstance(step, At) and step.number is None)
        raw = self._raw(access, access.steps[:at])
        read = runtime.columns(self.common.reader, access.steps[at:], access.kind)
        found = self.out.let(
            n.choose(n.not_none(n.name(raw)), n.call(self.constant(read), n.name(raw)), n.plain(None))
        )
        return Operand(Shape("list", of=self._shape(access.kind).present()), found)

    def _raw(self, access: Access, steps: Steps) -> str:
        """A local with what lies at a path, unread."""
        if not steps:
            return self._root(access)
        *before, last = steps
        if isinstance(last, Key):
            owner = self._object(access, tuple(before))
            return self.out.let(n.method(n.name(owner), "get", self.constant(last.name)))
        owner = self._raw(access, tuple(before))
        number = n.plain(last.number or 0)
        return self.out.let(n.call(self.constant(element), n.name(owner), number))

    def _root(self, access: Access) -> str:
        if access.root == "event":
            return EVENT
        operand = self.at_hand["item", access.name] if access.root == "item" else self.name(access.name)
        return operand.local or self.out.let(self.load(operand))

    def _object(self, access: Access, steps: Steps) -> str:
        """A local with the object at a path; an empty one stands for what is no object."""
        if not steps and (access.root == "event" or self._root_shape(access).base == "object"):
            return self._root(access)
        key = ("object", access.root, access.name, steps)
        if key not in self.at_hand:
            raw = self._raw(access, steps)
            local = raw if steps else self.out.let(n.name(raw))
            test = n.of_class(n.name(local), self.constant(dict), negated=True)
            self.out.emit(n.when(test, [n.assign(local, self.constant(runtime.EMPTY))]))
            self.at_hand[key] = Operand(Shape("object", optional=False), local)
        return self.at_hand[key].local

    def _root_shape(self, access: Access) -> Shape:
        if access.root == "item":
            shape = self.at_hand["item", access.name].shape
            return shape if not shape.optional else Shape("any")
        return Shape("any")

    # -------------------------------------------------------------- typed

    def _typed(self, raw: str, kind: Kind, label: str | None, *, loose: bool) -> Operand:
        """Reads the local in place: the ordinary value passes a short test, any other goes the long way."""
        if kind.base == "missing":
            return MISSING
        reader = self.common.reader
        if kind.base == "list" and kind.of is not None and kind.of.base == "object":
            slow = runtime.objects(reader, kind, label)
        else:
            slow = runtime.noted(reader, kind, label)
        if kind.base == "time":
            self._time(raw, slow)
        else:
            unusual = self._unusual(n.name(raw), kind, loose=loose)
            test = n.both(n.not_none(n.name(raw)), unusual) if unusual else n.not_none(n.name(raw))
            self._slowly(test, raw, slow)
        if loose:
            return Operand(Shape("loose", settled=self._shape(kind.of or kind).settled), raw)
        shape = self._shape(kind)
        return Operand(OBJECTS if shape.of == OBJECTS.of else shape, raw)

    def _slowly(self, test: ast.expr, local: str, slow: runtime.Read) -> None:
        self.out.emit(n.when(test, [self._slow(local, slow)]))

    def _slow(self, local: str, slow: runtime.Read) -> ast.stmt:
        return n.assign(local, n.call(self.constant(slow), n.name(local), n.name(NOTES)))

    def _unusual(self, value: ast.expr, kind: Kind, *, loose: bool) -> ast.expr | None:
        """A test that only values fail which are read as they are; None where all go the long way."""
        match kind.base:
            case "text" | "url" if kind.options:
                usual = frozenset(kind.options) - self.common.reader.junk - {""}
                fits = n.compare(value, "not in", self.constant(usual))
                return n.either(n.of_class(value, self.constant(str), negated=True), fits)
            case "text" | "url":
                return self._unusual_text(value)
            case "list" if loose:
                return self._unusual_text(value)
            case "number" | "integer":
                return self.unusual_number(value, whole=kind.base == "integer")
            case "bool":
                return n.of_class(value, self.constant(bool), negated=True)
            case "object":
                present = n.call(self.constant(runtime.present_object(self.common.reader)), value)
                return n.either(n.of_class(value, self.constant(dict), negated=True), n.negated(present))
            case _:
                return None

    def _unusual_text(self, value: ast.expr) -> ast.expr:
        nothing = self.common.nothing_read
        return n.either(
            n.of_class(value, self.constant(str), negated=True),
            n.compare(value, "in", self.constant(nothing)),
            n.compare(n.call(self.constant(len), value), ">", self.constant(MAX_TEXT)),
        )

    def unusual_number(self, value: ast.expr, *, whole: bool) -> ast.expr:
        """A fraction stays as it is, and a whole number; NaN and infinity leave nothing above 0 by `% 1`."""
        bounds = n.compare(n.plain(-_WHOLE), "<", value, "<", n.plain(_WHOLE))
        integer = n.both(n.of_class(value, self.constant(int)), bounds)
        if whole:
            return n.negated(integer)
        part = n.arithmetic(value, ast.Mod(), n.plain(1))
        fraction = n.both(n.of_class(value, self.constant(float)), n.compare(part, ">", n.plain(0)))
        return n.negated(n.either(fraction, integer))

    def _time(self, raw: str, slow: runtime.Read) -> None:
        value, whole = n.name(raw), n.of_class(n.name(raw), self.constant(int))
        millis = n.compare(self.constant(MILLIS_FROM), "<=", value, "<", self.constant(_MICROS_FROM))
        seconds = n.compare(n.plain(0), "<=", value, "<", self.constant(MILLIS_FROM))
        divided = n.arithmetic(value, ast.FloorDiv(), self.constant(1000))
        with self.out.block() as body:
            with self.out.block() as otherwise:
                self.out.emit(
                    n.when(
                        n.negated(n.both(n.of_class(value, self.constant(int)), seconds)),
                        [self._slow(raw, slow)],
                    )
                )
            self.out.emit(n.when(n.both(whole, millis), [n.assign(raw, divided)], otherwise))
        self.out.emit(n.when(n.not_none(value), body))

    def _shape(self, kind: Kind) -> Shape:
        return read_shape(kind, self.common.finisher.nothing - self.common.reader.junk)


def _is_loose(kind: Kind) -> bool:
    """A list of texts, of which a single one is often sent as itself."""
    return kind.base == "list" and kind.of is not None and kind.of.base == "text" and not kind.of.options
