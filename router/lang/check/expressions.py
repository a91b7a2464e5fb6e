"""The kind of every expression, and what every reference reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from router.lang import tree as t
from router.lang.check.constants import Constants, constant_truth
from router.lang.check.fitting import UNKNOWN, argument_fits, comparable, literal_kind, personal, unify
from router.lang.check.schema_search import find
from router.lang.check.scope import Checking
from router.lang.check.steps import follow
from router.lang.diagnostics import Fix
from router.lang.kinds import ANY, BOOL, NUMBER, TEXT, Kind, list_of
from router.lang.library import Function, Param
from router.lang.messages import cases as say_case
from router.lang.messages import kinds as say
from router.lang.messages import lints
from router.lang.messages import names as say_name
from router.lang.suggest import closest

_NUMERIC = frozenset({"number", "integer", "any", "missing"})
_TEXTUAL = frozenset({"text", "url", "any", "missing"})
_ORDERED = frozenset({"number", "integer", "time", "text", "any", "missing"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may use: list elements by name, and when it is computed."""

    items: Mapping[str, Kind]
    when: Literal["event", "load", "test"] = "event"
    secrets: bool = False

    def with_item(self, name: str, kind: Kind) -> Scope:
        return replace(self, items={**self.items, name: kind})


EVENT = Scope({})
LOAD = Scope({}, "load")


class Expressions:
    """Checks expressions and remembers their kinds in `checking.kinds`."""

    def __init__(self, checking: Checking) -> None:
        self.checking = checking
        self.constants = Constants(checking.names.lets)

    def kind(self, node: t.Expr, scope: Scope = EVENT) -> Kind:
        kind = self._kind(node, scope)
        self.checking.kinds[node] = kind
        return kind

    def condition(self, node: t.Expr, scope: Scope = EVENT) -> None:
        """Check an expression where only true or false makes sense."""
        kind = self.kind(node, scope)
        if kind.base not in ("bool", "any", "missing"):
            self.checking.report(say.not_a_condition(node.span, kind))
            return
        fixed = constant_truth(node)
        if fixed is not None:
            self.checking.report(lints.constant_condition(node.span, fixed))

    def event_name(self, node: t.Expr) -> None:
        """Check what `custom( )` is given: the target shows event names to people, so no personal data."""
        kind = self.kind(node, EVENT)
        if kind.base not in _TEXTUAL:
            self.checking.report(say.wrong_operand(node.span, "custom", "text", kind))
        elif personal(kind):
            self.checking.report(say.personal_name(node.span))

    def _kind(self, node: t.Expr, scope: Scope) -> Kind:
        match node:
            case t.Literal():
                return literal_kind(node.value)
            case t.ListOf():
                return list_of(unify([self.kind(each, scope) for each in node.items]))
            case t.ObjectOf():
                return self._object(node, scope)
            case t.Ref():
                return self._ref(node, scope)
            case t.Call():
                return self._call(node, scope)
            case t.Coalesce():
                return self._coalesce(node, scope)
            case t.If():
                self.condition(node.condition, scope)
                return unify([self.kind(node.then, scope), self.kind(node.otherwise, scope)])
            case t.Or() | t.And():
                for term in node.terms:
                    self.condition(term, scope)
                return BOOL
            case t.Not():
                self.condition(node.term, scope)
                return BOOL
            case t.Compare():
                return self._compare(node, scope)
            case t.Presence():
                self.kind(node.value, scope)
                return BOOL
            case t.Arithmetic():
                sides = [self._operand(each, node.op, scope) for each in (node.left, node.right)]
                return NUMBER.marked(pii=any(sides))
            case t.Negate():
                return NUMBER.marked(pii=self._operand(node.value, "-", scope))
            case t.Match():
                return self._match(node, scope)
            case t.BrokenExpr():
                return UNKNOWN
            case _:
                assert_never(node)

    # -------------------------------------------------------------- parts

    def _object(self, node: t.ObjectOf, scope: Scope) -> Kind:
        fields = {key.text: self.kind(value, scope) for key, value in node.pairs}
        return Kind("object", fields=fields, pii=any(kind.pii for kind in fields.values()))

    def _operand(self, node: t.Expr, op: str, scope: Scope) -> bool:
        """Check a side of a sum or product; is it personal data?"""
        kind = self.kind(node, scope)
        if kind.base not in _NUMERIC:
            self.checking.report(say.wrong_operand(node.span, op, "numbers", kind))
        return personal(kind)

    def _coalesce(self, node: t.Coalesce, scope: Scope) -> Kind:
        kinds = [self.kind(each, scope) for each in node.choices]
        for index, choice in enumerate(node.choices[:-1]):
            if not self.constants.can_be_missing(choice):
                dead = node.choices[index + 1]
                self.checking.report(lints.dead_fallback(dead.span, choice.span, _swapped(node)))
                break
        return unify(kinds)

    def _match(self, node: t.Match, scope: Scope) -> Kind:
        subject = self.kind(node.subject, scope)
        for arm in node.arms:
            for pattern in arm.patterns:
                if not comparable(subject, literal_kind(pattern.value)):
                    self.checking.report(
                        say.not_comparable(pattern.span, subject, literal_kind(pattern.value), "match")
                    )
        return unify([self.kind(arm.value, scope) for arm in node.arms])

    def _compare(self, node: t.Compare, scope: Scope) -> Kind:
        left, right = self.kind(node.left, scope), self.kind(node.right, scope)
        match node.op:
            case "==" | "!=":
                if not comparable(left, right):
                    self.checking.report(say.not_comparable(node.span, left, right, node.op))
                self._option(node.left, left, node.right)
                self._option(node.right, right, node.left)
            case "<" | "<=" | ">" | ">=":
                for side, kind in ((node.left, left), (node.right, right)):
                    if kind.base not in _ORDERED:
                        self.checking.report(
                            say.wrong_operand(side.span, node.op, "numbers, times and text", kind)
                        )
                if not comparable(left, right):
                    self.checking.report(say.not_comparable(node.span, left, right, node.op))
            case "in":
                self._membership(node, left, right)
            case "contains":
                if left.base == "list":
                    if left.of and not comparable(left.of, right):
                        self.checking.report(say.not_comparable(node.span, left.of, right, node.op))
                else:
                    self._texts(node, left, right)
            case "matches":
                self._texts(node, left, TEXT)
                if not (isinstance(node.right, t.Literal) and isinstance(node.right.value, str)):
                    self.checking.report(say.pattern_not_literal(node.right.span))
            case _:
                self._texts(node, left, right)
        return BOOL

    def _texts(self, node: t.Compare, left: Kind, right: Kind) -> None:
        for side, kind in ((node.left, left), (node.right, right)):
            if kind.base not in _TEXTUAL:
                self.checking.report(say.wrong_operand(side.span, node.op, "text", kind))

    def _membership(self, node: t.Compare, left: Kind, right: Kind) -> None:
        if right.base not in ("list", "any", "missing"):
            self.checking.report(say.wrong_operand(node.right.span, "in", "a list", right))
        elif right.of and not comparable(left, right.of):
            self.checking.report(say.not_comparable(node.span, left, right.of, "in"))

    def _option(self, side: t.Expr, kind: Kind, other: t.Expr) -> None:
        """`event.x == "wbe"` never holds where x is one of ("web", "app")."""
        if kind.options and isinstance(other, t.Literal) and isinstance(other.value, str):
            self.option(other, kind)

    def option(self, node: t.Literal, kind: Kind) -> None:
        value = str(node.value)
        if value not in kind.options:
            near = closest(value, kind.options)
            self.checking.report(say.not_an_option(node.span, value, kind.options, near))

    # -------------------------------------------------------------- references

    def _ref(self, node: t.Ref, scope: Scope) -> Kind:
        name = node.name.text
        if name in scope.items:
            return follow(self.checking, node, "item", scope.items[name])
        if name == "event":
            return self._event(node, scope)
        if name in self.checking.names.lets:
            return self._let(node, scope)
        if not self.checking.names.excuses(name):
            self._unknown_name(node, scope)
        return UNKNOWN

    def _event(self, node: t.Ref, scope: Scope) -> Kind:
        schema = self.checking.names.schema
        if scope.when != "event":
            self._no_event(node, scope)
        elif schema is not None:
            return follow(self.checking, node, "event", schema)
        else:
            self.checking.report_no_schema(node)
        return UNKNOWN

    def _no_event(self, node: t.Ref, scope: Scope) -> None:
        if scope.when == "load":
            self.checking.report(say.constant_only(node.span, "this"))
        else:
            self.checking.report(say_case.not_for_tests(node.span, "event to read"))

    def _let(self, node: t.Ref, scope: Scope) -> Kind:
        if scope.when != "event" and self.constants.reads_event(node):
            self._no_event(node, scope)
        return follow(self.checking, node, "let", self.let_kind(node.name.text))

    def let_kind(self, name: str) -> Kind:
        """The kind of a named value, checked where it is first needed."""
        value = self.checking.names.lets[name].value
        known = self.checking.kinds.get(value)
        return self.kind(value, EVENT) if known is None else known

    def _unknown_name(self, node: t.Ref, scope: Scope) -> None:
        name = node.name.text
        schema = self.checking.names.schema
        below = [step.text for step in node.steps if isinstance(step, t.Word)]
        path = f"event.{name}" if schema and find(schema, [name, *below]) else None
        known = [*self.checking.names.lets, *scope.items, "event"]
        span = node.span if path and not below else node.name.span
        self.checking.report(say_name.unknown_name(span, name, path, known))

    # -------------------------------------------------------------- calls

    def _call(self, node: t.Call, scope: Scope) -> Kind:
        functions = self.checking.environment.functions
        function = functions.get(node.name.text)
        kinds = [self.kind(arg, scope) for arg in node.args]
        if function is None:
            self.checking.report(say_name.unknown_function(node.name.span, node.name.text, functions))
            return UNKNOWN
        self._time_of_call(node, function, scope)
        if not _takes(function, len(kinds)):
            self.checking.report(say.wrong_arguments(node.span, function.signature, len(kinds)))
            return function.result
        return self._result(node, function, kinds)

    def _time_of_call(self, node: t.Call, function: Function, scope: Scope) -> None:
        if function.load_time and scope.when != "load":
            self.checking.report(say.load_time_only(node.span, function.name))
        elif function.name == "secret" and not scope.secrets:
            self.checking.report(say.secret_outside_token(node.span))
        elif function.context and not function.load_time and scope.when == "load":
            self.checking.report(say.constant_only(node.span, "this"))

    def _result(self, node: t.Call, function: Function, kinds: list[Kind]) -> Kind:
        params = [function.params[min(i, len(function.params) - 1)] for i in range(len(kinds))]
        lifted = False
        for arg, kind, param in zip(node.args, kinds, params, strict=True):
            each = param.each and kind.base == "list"
            lifted = lifted or each
            if not argument_fits((kind.of or ANY) if each else kind, param.kind):
                wrong = say.wrong_argument(arg.span, function.name, param.name, param.kind, kind)
                self.checking.report(wrong)
        result = function.result
        if result.base == "any" and kinds:
            result = _element_result(kinds[0])
        if function.keeps_pii and not result.hashed and _carries(result, kinds, params):
            result = replace(result, pii=True)
        return list_of(result) if lifted else result


def _takes(function: Function, count: int) -> bool:
    needed = sum(not (param.optional or param.rest) for param in function.params)
    endless = bool(function.params) and function.params[-1].rest
    return needed <= count and (endless or count <= len(function.params))


def _element_result(first: Kind) -> Kind:
    """`first`, `last` and the like give what their list holds."""
    return first.of or ANY if first.base == "list" else ANY


def _carries(result: Kind, kinds: list[Kind], params: list[Param]) -> bool:
    """Is the result personal data? A number made of a text or a list is its size, and tells nobody who."""
    pairs = [(kind, param.kind) for kind, param in zip(kinds, params, strict=True) if personal(kind)]
    match result.base:
        case "text" | "url" | "list" | "any" | "object":
            return bool(pairs)
        case "number" | "integer":
            return any(wanted.base in ("number", "any") or wanted.of == NUMBER for _, wanted in pairs)
        case _:
            return False


def _swapped(node: t.Coalesce) -> Fix | None:
    if len(node.choices) != 2:
        return None
    first, second = node.choices
    return Fix(first.span.to(second.span), f"{second.span.text} ?? {first.span.text}")
