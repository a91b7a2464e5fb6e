"""The kind of every expression, and what every reference reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from router.lang import tree as t
from router.lang.check.scope import Checking
from router.lang.diagnostics import Fix
from router.lang.kinds import ANY, BOOL, MISSING, NUMBER, TEXT, Kind, list_of
from router.lang.library import Function
from router.lang.messages import kinds as say
from router.lang.messages import lints
from router.lang.messages import names as say_name
from router.lang.messages import rules as say_rule
from router.lang.program import Access, At, Key
from router.lang.source import Span
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
        self._open_lets: list[str] = []

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

    def _kind(self, node: t.Expr, scope: Scope) -> Kind:
        match node:
            case t.Literal():
                return _literal_kind(node.value)
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
                self._operand(node.left, node.op, scope)
                self._operand(node.right, node.op, scope)
                return NUMBER
            case t.Negate():
                self._operand(node.value, "-", scope)
                return NUMBER
            case t.Match():
                return self._match(node, scope)
            case t.BrokenExpr():
                return ANY
            case _:
                assert_never(node)

    # -------------------------------------------------------------- parts

    def _object(self, node: t.ObjectOf, scope: Scope) -> Kind:
        fields = {key.text: self.kind(value, scope) for key, value in node.pairs}
        return Kind("object", fields=fields, pii=any(kind.pii for kind in fields.values()))

    def _operand(self, node: t.Expr, op: str, scope: Scope) -> None:
        kind = self.kind(node, scope)
        if kind.base not in _NUMERIC:
            self.checking.report(say.wrong_operand(node.span, op, "numbers", kind))

    def _coalesce(self, node: t.Coalesce, scope: Scope) -> Kind:
        kinds = [self.kind(each, scope) for each in node.choices]
        for index, choice in enumerate(node.choices[:-1]):
            if not self.can_be_missing(choice):
                dead = node.choices[index + 1]
                self.checking.report(lints.dead_fallback(dead.span, choice.span, _swapped(node)))
                break
        return unify(kinds)

    def _match(self, node: t.Match, scope: Scope) -> Kind:
        subject = self.kind(node.subject, scope)
        for arm in node.arms:
            for pattern in arm.patterns:
                if not comparable(subject, _literal_kind(pattern.value)):
                    self.checking.report(
                        say.not_comparable(pattern.span, subject, _literal_kind(pattern.value), "match")
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
            return self._steps(node, "item", scope.items[name])
        if name == "event":
            return self._event(node, scope)
        if name in self.checking.names.lets:
            return self._let(node, scope)
        if name not in self.checking.names.broken:
            self._unknown_name(node, scope)
        return ANY

    def _event(self, node: t.Ref, scope: Scope) -> Kind:
        if scope.when == "load":
            self.checking.report(say.constant_only(node.span, "this"))
            return ANY
        if scope.when == "test":
            return ANY
        schema = self.checking.names.schema
        if schema is None:
            self.checking.report(say_name.no_schema(node.span))
            return ANY
        return self._steps(node, "event", schema)

    def _let(self, node: t.Ref, scope: Scope) -> Kind:
        name = node.name.text
        if name in self._open_lets:
            self.checking.report(say_rule.let_cycle(node.name.span, name))
            return ANY
        return self._steps(node, "let", self.let_kind(name, scope))

    def let_kind(self, name: str, scope: Scope = EVENT) -> Kind:
        let = self.checking.names.lets[name]
        known = self.checking.kinds.get(let.value)
        if known is None or scope.when == "load":
            self._open_lets.append(name)
            known = self.kind(let.value, replace(scope, items={}))
            self._open_lets.pop()
        return known

    def _unknown_name(self, node: t.Ref, scope: Scope) -> None:
        name = node.name.text
        schema = self.checking.names.schema
        below = [step.text for step in node.steps if isinstance(step, t.Word)]
        path = f"event.{name}" if schema and _find(schema, [name, *below]) else None
        known = [*self.checking.names.lets, *scope.items, "event"]
        span = node.span if path and not below else node.name.span
        self.checking.report(say_name.unknown_name(span, name, path, known))

    def _steps(self, node: t.Ref, root: Literal["event", "let", "item"], kind: Kind) -> Kind:
        steps: list[Key | At] = []
        declared: Span | None = None
        column = False
        path = node.name.text
        schema_path = ""
        for step in node.steps:
            if isinstance(step, t.Word):
                found = self._key(node, step, kind, path, root)
                steps.append(Key(step.text))
                schema_path = f"{schema_path}.{step.text}" if schema_path else step.text
                declared = self.checking.names.declared.get(schema_path) if root == "event" else None
            else:
                found = self._element(step, kind, path)
                steps.append(At(step.number if isinstance(step, t.Index) else None))
                column = column or isinstance(step, t.Column)
            if found is None:
                return ANY
            kind, path = found, node.span.source.text[node.span.start : step.span.end]
        access = Access(root, node.name.text, tuple(steps), kind, declared)
        self.checking.accesses[node] = access
        return list_of(kind) if column else kind

    def _key(self, node: t.Ref, step: t.Word, kind: Kind, path: str, root: str) -> Kind | None:
        if kind.base == "any":
            return ANY
        if kind.base == "list":
            self.checking.report(say_name.field_of_list(step.span, path, step.text))
            return None
        if kind.base != "object":
            self.checking.report(say_name.no_parts(step.span, path, say.noun(kind)))
            return None
        fields = kind.fields or {}
        if step.text in fields:
            return fields[step.text]
        self._unknown_field(node, step, path, root, list(fields))
        return None

    def _unknown_field(self, node: t.Ref, step: t.Word, path: str, root: str, siblings: list[str]) -> None:
        before = path.partition(".")[2]
        elsewhere = None
        if root == "event" and self.checking.names.schema:
            leaf = [each.text for each in node.steps if isinstance(each, t.Word)][-1]
            found = _same_leaf(self.checking.names.schema, leaf)
            elsewhere = (node.span, f"event.{found}") if found else None
        name = node.name.text
        self.checking.report(
            say_name.unknown_event_field(step.span, name, before, step.text, siblings, elsewhere)
        )

    def _element(self, step: t.Column | t.Index, kind: Kind, path: str) -> Kind | None:
        if kind.base == "any":
            return ANY
        if kind.base == "list":
            return kind.of or ANY
        self.checking.report(say_name.no_parts(step.span, path, say.noun(kind)))
        return None

    # -------------------------------------------------------------- calls

    def _call(self, node: t.Call, scope: Scope) -> Kind:
        functions = self.checking.environment.functions
        function = functions.get(node.name.text)
        kinds = [self.kind(arg, scope) for arg in node.args]
        if function is None:
            self.checking.report(say_name.unknown_function(node.name.span, node.name.text, functions))
            return ANY
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
        lifted = False
        for index, (arg, kind) in enumerate(zip(node.args, kinds, strict=True)):
            param = function.params[min(index, len(function.params) - 1)]
            inner = kind
            if param.each and kind.base == "list":
                lifted, inner = True, kind.of or ANY
            if not argument_fits(inner, param.kind):
                self.checking.report(
                    say.wrong_argument(arg.span, function.name, param.name, param.kind, kind)
                )
        result = function.result
        if result.base == "any" and kinds:
            result = _element_result(function, kinds)
        if not result.hashed and function.keeps_pii and result.base in ("text", "url", "list", "any"):
            result = replace(result, pii=any(kind.pii for kind in kinds))
        return list_of(result) if lifted else result

    # -------------------------------------------------------------- missing

    def can_be_missing(self, node: t.Expr) -> bool:
        """False only where a value is certain, whatever the event holds."""
        match node:
            case t.Literal():
                return node.value is None or node.value == ""
            case t.Or() | t.And() | t.Not() | t.Compare() | t.Presence():
                return False
            case t.ListOf():
                return all(self.can_be_missing(each) for each in node.items)
            case t.Coalesce():
                return all(self.can_be_missing(each) for each in node.choices)
            case t.If():
                return self.can_be_missing(node.then) or self.can_be_missing(node.otherwise)
            case t.Call():
                return node.name.text != "now"
            case t.Ref():
                let = self.checking.names.lets.get(node.name.text)
                unseen = node.name.text not in self._open_lets
                return not (let and not node.steps and unseen and not self.can_be_missing(let.value))
            case _:
                return True


def _literal_kind(value: str | int | float | bool | None) -> Kind:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return BOOL
    return TEXT if isinstance(value, str) else NUMBER


def unify(kinds: Iterable[Kind]) -> Kind:
    """The kind of a value that is one of these; differing kinds give `any`, with the marks kept."""
    present = [kind for kind in kinds if kind.base != "missing"]
    if not present:
        return MISSING
    first = present[0]
    pii, hashed = any(kind.pii for kind in present), all(kind.hashed for kind in present)
    bases = {kind.base for kind in present}
    if bases == {"list"}:
        return replace(list_of(unify([kind.of or ANY for kind in present])), pii=pii, hashed=hashed)
    if bases == {"object"} and len(present) > 1:
        fields: dict[str, Kind] = {}
        for kind in present:
            for name, each in (kind.fields or {}).items():
                fields[name] = unify([fields[name], each]) if name in fields else each
        return Kind("object", fields=fields, pii=pii)
    if len(bases) == 1:
        options = first.options if all(kind.options == first.options for kind in present) else ()
        return replace(first, options=options, pii=pii, hashed=hashed)
    if bases <= {"text", "url"}:
        return Kind("text", pii=pii, hashed=hashed)
    if bases <= {"number", "integer"}:
        return NUMBER
    return Kind("any", pii=pii, hashed=hashed)


def comparable(left: Kind, right: Kind) -> bool:
    """Could the two ever be equal?"""
    groups = {"text": "text", "url": "text", "number": "number", "integer": "number", "time": "number"}
    a, b = groups.get(left.base, left.base), groups.get(right.base, right.base)
    return a == b or "any" in (a, b) or "missing" in (a, b)


def argument_fits(got: Kind, wanted: Kind) -> bool:
    if got.base in ("any", "missing") or wanted.base == "any":
        return True
    if wanted.base == "text":
        return got.base in ("text", "url", "number", "integer")
    if wanted.base == "url":
        return got.base in ("text", "url")
    if wanted.base == "number":
        return got.base in ("number", "integer")
    if wanted.base == "list" and got.base == "list":
        return argument_fits(got.of or ANY, wanted.of or ANY)
    return got.base == wanted.base


def _takes(function: Function, count: int) -> bool:
    needed = sum(not (param.optional or param.rest) for param in function.params)
    endless = bool(function.params) and function.params[-1].rest
    return needed <= count and (endless or count <= len(function.params))


def _element_result(function: Function, kinds: list[Kind]) -> Kind:
    """`first`, `last` and the like give what their list holds."""
    first = kinds[0]
    return first.of or ANY if first.base == "list" else ANY


def _swapped(node: t.Coalesce) -> Fix | None:
    if len(node.choices) != 2:
        return None
    first, second = node.choices
    return Fix(first.span.to(second.span), f"{second.span.text} ?? {first.span.text}")


def constant_truth(node: t.Expr) -> bool | None:
    """The truth of a condition that is written out; names, even of constants, are the author's switches."""
    match node:
        case t.Literal() if isinstance(node.value, bool):
            return node.value
        case t.Not():
            inner = constant_truth(node.term)
            return None if inner is None else not inner
        case t.Presence() if isinstance(node.value, t.Literal):
            return (node.value.value not in (None, "")) == node.present
        case t.Compare() if isinstance(node.left, t.Literal) and isinstance(node.right, t.Literal):
            equal = node.left.value == node.right.value and node.left.value is not None
            return {"==": equal, "!=": not equal}.get(node.op)
        case _:
            return None


def _find(kind: Kind, path: list[str]) -> Kind | None:
    for name in path:
        found = (kind.fields or {}).get(name) if kind.base == "object" else None
        if found is None:
            return None
        kind = found
    return kind


def _same_leaf(kind: Kind, leaf: str, prefix: str = "") -> str | None:
    """The first path in the schema that ends in this name, outside lists."""
    for name, child in (kind.fields or {}).items():
        if child.base == "object":
            found = _same_leaf(child, leaf, f"{prefix}{name}.")
            if found:
                return found
        elif name == leaf:
            return prefix + name
    return None


def leaf_of_kind(kind: Kind, leaf: str, wanted: str) -> str | None:
    """A schema path that ends in `leaf` and has the wanted base kind."""
    for name, child in (kind.fields or {}).items():
        if name == leaf and child.base == wanted and not child.pii:
            return name
    for name, child in (kind.fields or {}).items():
        if child.base == "object":
            found = leaf_of_kind(child, leaf, wanted)
            if found:
                return f"{name}.{found}"
    return None
