"""A function while it is written: statements, values that are at hand, and what is known of them."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from router.lang import tree as t
from router.lang.compiled import nodes as n
from router.lang.compiled.emitter import Code, Emitter
from router.lang.compiled.seam import Finisher
from router.lang.compiled.shapes import NONE, Shape, constant_shape
from router.lang.outcome import Arrival
from router.lang.program import Program
from router.lang.traverse import everything
from router.lang.values import Reader
from router.lang.walk import Evaluation

EVENT, ARRIVAL, NOTES, MEMO, HEAD = "event", "arrival", "notes", "memo", "head"
"""The parameters of generated functions: the event, its arrival, what was left out, names that were computed
before, and what the target has ready for the send."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that is at hand: in a local, or known already."""

    shape: Shape
    local: str = ""
    known: Any = None
    own: bool = False
    """Whether the local holds this value only, so that it may be changed in place."""

    @property
    def is_known(self) -> bool:
        return not self.local


MISSING = Operand(NONE)


def known(value: Any) -> Operand:
    return Operand(constant_shape(value), known=value)


@dataclass(slots=True)
class Common:
    """What the functions of one plan share: the program, the target, and names that are functions."""

    program: Program
    finisher: Finisher
    reader: Reader = field(init=False)
    nothing_read: frozenset[str] = field(init=False)
    """Texts that are missing wherever they are read."""
    names: dict[str, tuple[Callable[..., Any], Shape]] = field(default_factory=dict)
    codes: list[Code] = field(default_factory=list)
    constants: dict[t.Expr, Operand | None] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reader = Reader(self.program.settings.get("missing_values", frozenset()))
        self.nothing_read = self.reader.junk | {""}

    def weight(self, name: str) -> int:
        """How much code a name stands for, with the names in it."""
        if name not in self.weights:
            self.weights[name] = sum(map(self._weight, everything(self.program.lets[name].value)))
        return self.weights[name]

    def _weight(self, node: t.Expr) -> int:
        access = self.program.accesses[node] if isinstance(node, t.Ref) else None
        return 1 if access is None or access.root != "let" else 1 + self.weight(access.name)

    def constant(self, node: t.Expr) -> Operand | None:
        """The value of an expression that is the same for all events, by the walker itself."""
        if node not in self.constants:
            value = Evaluation(self.program, Arrival({}, 0)).value(node) if self._is_constant(node) else None
            self.constants[node] = known(value) if self._is_constant(node) else None
        return self.constants[node]

    def settled(self, node: t.Expr) -> bool | None:
        """The answer of a condition that is the same for all events."""
        constant = self.constant(node)
        return None if constant is None else constant.known is True

    def _is_constant(self, node: t.Expr) -> bool:
        return all(map(self._is_constant_part, everything(node)))

    def _is_constant_part(self, node: t.Expr) -> bool:
        if isinstance(node, t.Ref):
            access = self.program.accesses[node]
            return access.root == "let" and self.constant(self.program.lets[access.name].value) is not None
        if isinstance(node, t.Call):
            return not self.program.environment.functions[node.name.text].context
        return True


class Writer(ABC):
    """Writes one function. What is computed once is at hand until the block ends that it was written in."""

    def __init__(self, common: Common) -> None:
        self.common = common
        self.program = common.program
        self.out = Emitter()
        self.at_hand: dict[object, Operand] = {}
        self.around: list[dict[object, Operand]] = []
        """What is at hand in the blocks around the present one, the outermost first."""
        self.uses: Counter[object] = Counter()
        """How often each path is read, and each object on the way to one, where that was counted."""

    @property
    def depth(self) -> int:
        """How many branches are being written."""
        return len(self.around)

    @abstractmethod
    def value(self, node: t.Expr, *, loose: bool = False) -> Operand:
        """Writes what computes an expression. `loose` takes an element where a list of one is meant."""

    @abstractmethod
    def test(self, node: t.Expr) -> ast.expr:
        """Writes what is needed before a condition, and gives the condition."""

    def load(self, operand: Operand) -> ast.expr:
        return self.out.constant(operand.known) if operand.is_known else n.name(operand.local)

    def constant(self, value: Any) -> ast.expr:
        return self.out.constant(value)

    @contextmanager
    def branch(self) -> Iterator[list[ast.stmt]]:
        """A block that may not run: what comes to hand inside is not at hand after it."""
        self.around.append(self.at_hand)
        self.at_hand = dict(self.at_hand)
        try:
            with self.out.block() as body:
                yield body
        finally:
            self.at_hand = self.around.pop()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Statements written inside run before all branches that are being written, whichever is taken."""
        body, around, inside = self.out.body, self.around, self.at_hand
        outer = around[0]
        known = set(outer)
        self.out.body, self.around, self.at_hand = self.out.outermost, [], outer
        try:
            yield
        finally:
            self.out.body, self.around, self.at_hand = body, around, inside
            found = {key: each for key, each in outer.items() if key not in known}
            for block in (*around[1:], inside):
                block.update(found)

    def emit_if(self, test: ast.expr, body: list[ast.stmt], otherwise: list[ast.stmt] | None = None) -> None:
        """Writes a choice between two blocks; what can never run is not written."""
        always = test.value if isinstance(test, ast.Constant) else None
        if always is not None:
            self.out.body += (body if always else otherwise) or []
        elif body:
            self.out.emit(n.when(test, body, otherwise))
        elif otherwise:
            self.out.emit(n.when(n.negated(test), otherwise))

    def is_present(self, operand: Operand) -> ast.expr:
        """A test whether a value is there."""
        if operand.is_known:
            return n.plain(operand.known is not None)
        return n.not_none(n.name(operand.local)) if operand.shape.optional else n.plain(True)

    def note(self, path: str, why: str) -> ast.stmt:
        return n.run(n.method(n.name(NOTES), "append", self.constant((path, why))))

    def finished(self, *parameters: str) -> Code:
        code = self.out.function(parameters)
        self.common.codes.append(code)
        return code
