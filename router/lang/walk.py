"""The meaning of the language, node by node: the executable specification, with an optional trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from router.lang import exact
from router.lang import tree as t
from router.lang.glob import matches
from router.lang.kinds import ANY, Kind, list_of
from router.lang.library import Context, Function, Param, Variables
from router.lang.outcome import Arrival, Note
from router.lang.program import Access, At, Key, Program
from router.lang.trace import Trace
from router.lang.values import MAX_LIST, MAX_TEXT, Reader, same

B = TypeVar("B")
_NO_JUNK = Reader()
_ARITHMETIC: dict[str, Callable[[Any, Any], int | float | None]] = {
    "+": exact.add, "-": exact.sub, "*": exact.mul, "/": exact.div,
}  # fmt: skip


class Evaluation:
    """Computes expressions for one arrival. Values are present or None; nothing here raises for any event."""

    def __init__(
        self,
        program: Program,
        arrival: Arrival,
        *,
        variables: Variables | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.program = program
        self.arrival = arrival
        self.context = Context(arrival, program.settings, variables)
        self.reader = Reader(program.settings.get("missing_values", frozenset()))
        self.trace = trace
        self.notes: dict[tuple[str, str], Note] = {}
        self._lets: dict[str, Any] = {}
        self._items: dict[str, Any] = {}

    # -------------------------------------------------------------- entry points

    def value(self, node: t.Expr) -> Any:
        """The value of an expression, None where it is missing."""
        found = _EVALUATORS[node.__class__](self, node)
        return None if found == "" else found

    def holds(self, node: t.Expr) -> bool:
        """A condition; missing is false."""
        return self.asked(node, self.value(node) is True)

    def text(self, node: t.Expr) -> str | None:
        found = self.value(node)
        return found if isinstance(found, str) else None

    def each(self, node: t.Each) -> Iterable[None]:
        """Bind the loop name to each element that passes `where`, in turn."""
        items = self.value(node.items)
        for item in items[:MAX_LIST] if isinstance(items, list) else ():
            self._items[node.item.text] = item
            if node.where is None or self.holds(node.where):
                yield
        self._items.pop(node.item.text, None)

    def branch(self, branches: Iterable[tuple[t.Expr, B]], otherwise: B) -> B:
        """The body behind the first condition that holds."""
        for condition, body in branches:
            if self.holds(condition):
                self.fired(condition)
                return body
        return otherwise

    def fired(self, node: t.Node) -> None:
        """Note for the trace that a branch, row or statement took effect."""
        if self.trace is not None:
            self.trace.fired.add(node)

    def asked(self, node: t.Node, answer: bool) -> bool:
        """The answer, noted for the trace."""
        if self.trace is not None:
            self.trace.held.setdefault(node, set()).add(answer)
        return answer

    def note(self, path: str, why: str) -> None:
        self.notes[path, why] = Note(path, why)

    # -------------------------------------------------------------- references

    def _ref(self, node: t.Ref) -> Any:
        access = self.program.accesses[node]
        value, why = self._read(access, self._root(access))
        if why and access.root != "let":
            self.note(readable(access), why)
        if self.trace is not None and value is None:
            self.trace.whys[node] = why or self._why_missing(access)
        return value

    def _why_missing(self, access: Access) -> str:
        """For people: a let is missing because its expression is."""
        if access.root == "let" and self.trace is not None:
            return self.trace.whys.get(self.program.lets[access.name].value, "missing")
        raw = self._root(access)
        for step in access.steps:
            raw = _step(raw, step.name) if isinstance(step, Key) else element(raw, step.number or 0)
        return (
            "absent"
            if raw is None
            else "empty"
            if not raw or raw.__class__ is not str
            else "stands for nothing"
        )

    def _root(self, access: Access) -> Any:
        if access.root == "event":
            return self.arrival.event
        if access.root == "item":
            return self._items.get(access.name)
        if access.name not in self._lets:
            let = self.program.lets[access.name]
            self.fired(let)
            self._lets[access.name] = self.value(let.value)
        return self._lets[access.name]

    def _read(self, access: Access, raw: Any) -> tuple[Any, str]:
        if access.root == "let" and not access.steps:
            return raw, ""
        if access.is_column:
            return column(self.reader, raw, access.steps, access.kind), ""
        for step in access.steps:
            raw = _step(raw, step.name) if isinstance(step, Key) else element(raw, step.number or 0)
        return self.reader.read(raw, access.kind)

    # -------------------------------------------------------------- calls

    def _call(self, node: t.Call) -> Any:
        function = self.program.environment.functions[node.name.text]
        args: list[Any] = []
        for index, arg in enumerate(node.args):
            param = function.params[min(index, len(function.params) - 1)]
            value = argument(function, param, self.value(arg))
            if value is None and not param.optional:
                self._missing_argument(node, arg)
                return None
            args.append(value)
        result = applied(function, self.context, args)
        if result is None:
            self._nothing(node, function)
        return result

    def _nothing(self, node: t.Call, function: Function) -> None:
        """A match key that cannot be hashed is a loss worth counting; an absent cookie is not."""
        unfit = function.result.hashed
        if unfit and isinstance(node.args[0], t.Ref):
            self.note(readable(self.program.accesses[node.args[0]]), f"{function.name} gives nothing for it")
        if self.trace is not None:
            seeks = function.context and not unfit
            self.trace.whys[node] = "not found" if seeks else "gives nothing for this value"

    def _missing_argument(self, node: t.Call, arg: t.Expr) -> None:
        if self.trace is not None:
            self.trace.whys[node] = f"{arg.span.text}: {self.trace.whys.get(arg, 'missing')}"

    # -------------------------------------------------------------- choices

    def _coalesce(self, node: t.Coalesce) -> Any:
        for index, choice in enumerate(node.choices):
            value = self.value(choice)
            if value is not None:
                if self.trace is not None:
                    self.trace.chosen[node] = index
                    self.trace.hits.setdefault(node, set()).add(index)
                return value
        if self.trace is not None:
            self.trace.hits.setdefault(node, set()).add(None)
            self.trace.whys[node] = "every alternative is missing"
        return None

    def _if(self, node: t.If) -> Any:
        branch = node.then if self.holds(node.condition) else node.otherwise
        value = self.value(branch)
        if self.trace is not None:
            self.trace.fired.add(branch)
            if value is None:
                self.trace.whys[node] = self.trace.whys.get(branch, "missing")
        return value

    def _match(self, node: t.Match) -> Any:
        subject = self.value(node.subject)
        for arm in node.arms if subject is not None else ():
            if not arm.patterns or any(same(subject, pattern.value) for pattern in arm.patterns):
                if self.trace is not None:
                    self.trace.fired.add(arm)
                return self.value(arm.value)
        if self.trace is not None:
            missing = self.trace.whys.get(node.subject, "missing")
            self.trace.whys[node] = missing if subject is None else "no arm matches"
        return None

    # -------------------------------------------------------------- conditions

    def _or(self, node: t.Or) -> bool:
        for term in node.terms:  # noqa: SIM110 - a generator would take a frame more for each level
            if self.value(term) is True:
                return True
        return False

    def _and(self, node: t.And) -> bool:
        for term in node.terms:  # noqa: SIM110 - as above
            if self.value(term) is not True:
                return False
        return True

    def _compare(self, node: t.Compare) -> bool:
        left, right = self.value(node.left), self.value(node.right)
        if node.op == "!=":
            return left is None or right is None or not same(left, right)
        return left is not None and right is not None and COMPARE[node.op](left, right)

    # -------------------------------------------------------------- literals and arithmetic

    def _list(self, node: t.ListOf) -> list[Any] | None:
        found = [value for each in node.items if (value := self.value(each)) is not None]
        return found or None

    def _object(self, node: t.ObjectOf) -> dict[str, Any] | None:
        found = {key.text: value for key, each in node.pairs if (value := self.value(each)) is not None}
        return found or None

    def _arithmetic(self, node: t.Arithmetic) -> int | float | None:
        left, right = self._number(node.left), self._number(node.right)
        return None if left is None or right is None else _ARITHMETIC[node.op](left, right)

    def _negate(self, node: t.Negate) -> int | float | None:
        number = self._number(node.value)
        return None if number is None else exact.neg(number)

    def _number(self, node: t.Expr) -> int | float | None:
        value = self.value(node)
        return value if value.__class__ is int or value.__class__ is float else None


_EVALUATORS: dict[type, Callable[[Evaluation, Any], Any]] = {
    t.Literal: lambda run, node: node.value,
    t.ListOf: Evaluation._list,
    t.ObjectOf: Evaluation._object,
    t.Ref: Evaluation._ref,
    t.Call: Evaluation._call,
    t.Coalesce: Evaluation._coalesce,
    t.If: Evaluation._if,
    t.Or: Evaluation._or,
    t.And: Evaluation._and,
    t.Not: lambda run, node: not run.holds(node.term),
    t.Compare: Evaluation._compare,
    t.Presence: lambda run, node: (run.value(node.value) is not None) == node.present,
    t.Arithmetic: Evaluation._arithmetic,
    t.Negate: Evaluation._negate,
    t.Match: Evaluation._match,
    t.BrokenExpr: lambda run, node: None,
}


def _step(raw: Any, name: str) -> Any:
    return raw.get(name) if raw.__class__ is dict else None


def element(raw: Any, number: int) -> Any:
    """One element; what is no list counts as a list of one."""
    if raw.__class__ is not list:
        raw = [raw]
    return raw[number] if number < len(raw) else None


def column(reader: Reader, raw: Any, steps: tuple[Key | At, ...], kind: Kind) -> list[Any] | None:
    """The leaves of every element, in order; what is absent or does not fit is left out."""
    leaves = [raw]
    for step in steps:
        if isinstance(step, Key):
            leaves = [_step(leaf, step.name) for leaf in leaves]
        elif step.number is not None:
            leaves = [element(leaf, step.number) for leaf in leaves]
        else:
            leaves = [each for leaf in leaves for each in (leaf if leaf.__class__ is list else [leaf])]
    found = [value for leaf in leaves if (value := reader.read(leaf, kind)[0]) is not None]
    return found or None


def argument(function: Function, param: Param, value: Any) -> Any:
    """A value as a parameter takes it, None where it does not fit."""
    if value.__class__ is list:
        if not function.whole_lists:
            value = value[:MAX_LIST]
        if param.each:
            return _NO_JUNK.read(value, list_of(param.kind))[0]
    return None if value is None else _NO_JUNK.read(value, param.kind)[0]


def applied(function: Function, context: Context, args: list[Any]) -> Any:
    """The result of a function for arguments that fit, within the limits of values."""
    lead = (context,) if function.context else ()
    if function.params and function.params[0].each and args[0].__class__ is list:
        results = [function.code(*lead, each, *args[1:]) for each in args[0]]
        return [each for each in results if each is not None] or None
    return _bounded(function.code(*lead, *args))


def _bounded(value: Any) -> Any:
    return None if value == "" or (value.__class__ is str and len(value) > MAX_TEXT) else value


def _ordered(left: Any, right: Any) -> bool:
    numbers = (int, float)
    return (left.__class__ in numbers and right.__class__ in numbers) or (
        left.__class__ is str and right.__class__ is str
    )


def _texts(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: left.__class__ is str and right.__class__ is str and test(left, right)


def _contains(left: Any, right: Any) -> bool:
    if left.__class__ is list:
        return any(same(each, right) for each in left)
    return left.__class__ is str and right.__class__ is str and right in left


COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": same,
    "<": lambda left, right: _ordered(left, right) and left < right,
    "<=": lambda left, right: _ordered(left, right) and left <= right,
    ">": lambda left, right: _ordered(left, right) and left > right,
    ">=": lambda left, right: _ordered(left, right) and left >= right,
    "in": lambda left, right: right.__class__ is list and any(same(each, left) for each in right),
    "contains": _contains,
    "starts_with": _texts(str.startswith),
    "ends_with": _texts(str.endswith),
    "matches": _texts(matches),
}


def readable(access: Access) -> str:
    """`event.items[].price`, as a rule would write it; names only from the rule files, never from events."""
    text = access.name
    for step in access.steps:
        if isinstance(step, Key):
            text += f".{step.name}"
        else:
            text += "[]" if step.number is None else f"[{step.number}]"
    return text


def convert(value: Any, kind: Kind, *, many: bool = False) -> tuple[Any, str]:
    """A computed value as a payload field takes it: (value, ""), or (None, why)."""
    if value.__class__ is list:
        value = value[:MAX_LIST]
        if many:
            kind = list_of(kind)
    return _NO_JUNK.read(value, kind) if kind is not ANY else (value, "")
