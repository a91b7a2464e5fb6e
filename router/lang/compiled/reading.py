"""Paths of events: objects fetched once, values read as they are declared."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
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
_SHARED: Final = 3
"""An object of which so much is read is fetched once, whether or not it is needed."""


@dataclass(frozen=True, slots=True)
class Found:
    """The test whether something is in the event, the block that runs then, and the local that has it there.

    `read` writes what brings it to hand, as it is declared.
    """

    test: ast.expr
    body: list[ast.stmt]
    raw: str
    read: Callable[..., Operand]


class Reads(Writer):
    """Writes what `Evaluation` does for a reference."""

    def reference(self, node: t.Ref, *, loose: bool) -> Operand:
        access = self.program.accesses[node]
        if access.root == "let" and not access.steps:
            return self.name(access.name)
        key, loose = _key(access, loose=loose)
        if key not in self.at_hand:
            self.at_hand[key] = self._read(access, loose=loose)
        return self.at_hand[key]

    @contextmanager
    def where_present(self, access: Access, into: str | None = None) -> Iterator[Found]:
        """For something that is read once: a block that runs where it is there, in the local `into`."""
        owner = n.name(self._object(access, access.steps[:-1]))
        name = self.constant(_last(access))
        with self.branch() as body:
            raw = into or self.out.fresh("t")
            self.out.emit(n.assign(raw, n.item(owner, name)))
            yield Found(n.compare(name, "in", owner), body, raw, partial(self._found, access, raw))

    def _found(self, access: Access, raw: str, *, loose: bool) -> Operand:
        key, loose = _key(access, loose=loose)
        operand = self._typed(raw, access.kind, readable(access), loose=loose)
        self.at_hand[key] = replace(operand, own=not loose)
        return operand

    def is_read_once(self, node: t.Ref) -> bool:
        """Whether a reference is the only one to a member of an object in the event or in an element."""
        access = self.program.accesses[node]
        member = access.root != "let" and not access.is_column and _last(access) is not None
        path = (access.root, access.name, access.steps)
        return member and self.uses[path] == 1 and not self.at_hand.keys() & {(*path, True), (*path, False)}

    @abstractmethod
    def name(self, name: str) -> Operand:
        """A let: in place where it is short or certain to be needed, else by a function that keeps it."""

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
        with self.out.block() as body:
            raw = self.out.let(n.item(owner, key))
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
            if self.depth and access.root == "event" and self.uses[key[1:]] >= _SHARED:
                with self.outside():
                    self.at_hand[key] = self._fetched(access, steps)
            else:
                self.at_hand[key] = self._fetched(access, steps)
        return self.at_hand[key].local

    def _fetched(self, access: Access, steps: Steps) -> Operand:
        if self._is_way(access, steps):
            return self._behind(access, steps)
        raw = self._raw(access, steps)
        local = raw if steps else self.out.let(n.name(raw))
        test = n.of_class(n.name(local), self.constant(dict), negated=True)
        self.out.emit(n.when(test, [n.assign(local, self.constant(runtime.EMPTY))]))
        return Operand(Shape("object", optional=False), local)

    def _is_way(self, access: Access, steps: Steps) -> bool:
        """Whether there is an object before the last from which nothing else is read."""
        root, before = (access.root, access.name), steps[:-1]
        if not (before and all(isinstance(each, Key) for each in steps[-2:])):
            return False
        return ("object", *root, before) not in self.at_hand and (
            self.uses[*root, before] <= self.uses[*root, steps]
        )

    def _behind(self, access: Access, steps: Steps) -> Operand:
        """The last of two objects; it is looked for only where the first is there."""
        owner, first, last = n.name(self._object(access, steps[:-2])), *map(self._name_of, steps[-2:])
        local = self.out.let(self.constant(runtime.EMPTY))
        empty = n.assign(local, self.constant(runtime.EMPTY))
        with self.out.block() as body:
            way = n.name(self.out.let(n.item(owner, first)))
            with self.out.block() as inside:
                self.out.emit(n.assign(local, n.method(way, "get", last)))
                self.out.emit(n.when(n.of_class(n.name(local), self.constant(dict), negated=True), [empty]))
            self.out.emit(n.when(n.of_class(way, self.constant(dict)), inside))
        self.out.emit(n.when(n.compare(first, "in", owner), body))
        return Operand(Shape("object", optional=False), local)

    def _name_of(self, step: Key | At) -> ast.expr:
        return self.constant(step.name if isinstance(step, Key) else step.number)

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
        elif loose or (kind.base in ("text", "url") and not kind.options):
            self._text(raw, slow)
        else:
            tests = [n.not_none(n.name(raw))]
            if (unusual := self._unusual(n.name(raw), kind)) is not None:
                tests.insert(0 if kind.base == "bool" else 1, unusual)
            test = n.both(*tests)
            self.out.emit(n.when(test, [self._slow(raw, slow)]))
        if loose:
            return Operand(Shape("loose", settled=self._shape(kind.of or kind).settled), raw)
        shape = self._shape(kind)
        return Operand(OBJECTS if shape.of == OBJECTS.of else shape, raw)

    def _slow(self, local: str, slow: runtime.Read) -> ast.stmt:
        return n.assign(local, n.call(self.constant(slow), n.name(local), n.name(NOTES)))

    def _unusual(self, value: ast.expr, kind: Kind) -> ast.expr | None:
        """A test that only values fail which are read as they are; None where all go the long way."""
        match kind.base:
            case "text" | "url":
                usual = frozenset(kind.options) - self.common.reader.junk - {""}
                fits = n.compare(value, "not in", self.constant(usual))
                return n.either(n.of_class(value, self.constant(str), negated=True), fits)
            case "number" | "integer":
                return self.unusual_number(value, whole=kind.base == "integer")
            case "bool":
                return n.both(*(n.compare(value, "is not", n.plain(each)) for each in (True, False)))
            case "object":
                present = n.call(self.constant(runtime.present_object(self.common.reader)), value)
                return n.either(n.of_class(value, self.constant(dict), negated=True), n.negated(present))
            case _:
                return None

    def _text(self, raw: str, slow: runtime.Read) -> None:
        """Texts that stand for nothing are short: only short ones are looked for among them."""
        value = n.name(raw)
        length = n.call(self.constant(len), value)
        nothing = self.common.nothing_read
        with self.out.block() as other:
            self.out.emit(n.when(n.not_none(value), [self._slow(raw, slow)]))
        with self.out.block() as long:
            self.out.emit(n.when(n.compare(length, ">", self.constant(MAX_TEXT)), [self._slow(raw, slow)]))
        with self.out.block() as text:
            none = n.when(n.compare(value, "in", self.constant(nothing)), [n.assign(raw, n.plain(None))])
            self.out.emit(n.when(n.compare(length, ">", n.plain(longest(nothing))), long, [none]))
        self.out.emit(n.when(n.of_class(value, self.constant(str), negated=True), other, text))

    def unusual_number(self, value: ast.expr, *, whole: bool) -> ast.expr:
        """A fraction stays as it is, and a whole number; NaN and infinity are not 0 without themselves."""
        bounds = n.compare(n.plain(-_WHOLE), "<", value, "<", n.plain(_WHOLE))
        integer = n.both(n.of_class(value, self.constant(int)), bounds)
        if whole:
            return n.negated(integer)
        part = n.negated(n.method(value, "is_integer"))
        finite = n.compare(n.arithmetic(value, ast.Sub(), value), "==", n.plain(0.0))
        fraction = n.both(n.of_class(value, self.constant(float)), part, finite)
        return n.negated(n.either(integer, fraction))

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


def _key(access: Access, *, loose: bool) -> tuple[object, bool]:
    """By which a value is at hand, and whether it is read loosely."""
    loose = loose and _is_loose(access.kind) and not access.is_column
    return (access.root, access.name, access.steps, loose), loose


def _last(access: Access) -> str | None:
    """The name that a path ends in, if it ends in one."""
    last = access.steps[-1] if access.steps else None
    return last.name if isinstance(last, Key) else None


def longest(texts: frozenset[str]) -> int:
    """The length of the longest of texts that are no longer than rules read."""
    return max((len(each) for each in texts if len(each) <= MAX_TEXT), default=0)


def _is_loose(kind: Kind) -> bool:
    """A list of texts, of which a single one is often sent as itself."""
    return kind.base == "list" and kind.of is not None and kind.of.base == "text" and not kind.of.options
