"""Mapping bodies: payload fields that exist, values that fit, personal data that stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import assert_never

from router.lang import tree as t
from router.lang.check.expressions import EVENT, Expressions, Scope, leaf_of_kind
from router.lang.check.scope import Checking
from router.lang.environment import Field
from router.lang.kinds import ANY, Kind
from router.lang.messages import kinds as say
from router.lang.messages import names as say_name
from router.lang.messages import rules as say_rule

MAX_INCLUDES = 16


class Mappings:
    """Checks the statements of mappings and of `send` blocks."""

    def __init__(self, checking: Checking, expressions: Expressions) -> None:
        self.checking = checking
        self.expressions = expressions

    def check(self) -> None:
        for mapping in self.checking.names.mappings.values():
            self.sources(mapping.sources)
            self.body(mapping.body)
        self._cycles()

    def body(self, statements: Iterable[t.Statement]) -> None:
        for statement in statements:
            self._statement(statement)

    def sources(self, words: Iterable[t.Word]) -> None:
        target = self.checking.target
        for word in words:
            if word.text not in target.sources:
                self.checking.report(say_name.unknown_source(word.span, word.text, target.sources))

    def mappings(self, words: Iterable[t.Word]) -> None:
        names = self.checking.names
        for word in words:
            if word.text not in names.mappings and word.text not in names.broken:
                self.checking.report(say_name.unknown_mapping(word.span, word.text, names.mappings))

    def _statement(self, node: t.Statement) -> None:
        match node:
            case t.Assign():
                kind = self.expressions.kind(node.value, EVENT)
                field = self.field(node.path)
                if field is not None:
                    self.value(node.value, kind, node.path, field)
            case t.Each():
                self._each(node)
            case t.Include():
                self.mappings(node.names)
            case t.ForSources():
                self.sources(node.sources)
                self.body(node.body)
            case t.When():
                for condition, body in node.branches:
                    self.expressions.condition(condition, EVENT)
                    self.body(body)
                self.body(node.otherwise)
            case t.Require() | t.Omit():
                for path in node.paths:
                    self.field(path, group=True)
            case t.Broken():
                pass
            case _:
                assert_never(node)

    # -------------------------------------------------------------- fields

    def field(self, path: t.Path, *, group: bool = False) -> Field | None:
        """The catalogue's field of a payload path; a quoted name under the custom prefix is the author's own."""
        target = self.checking.target
        text = path.text
        if text in target.fields:
            return target.fields[text]
        if text in target.set_by_router:
            how = "the table's cell or `send` names the event; the destination holds its id and token"
            self.checking.report(say_name.set_by_router(path.span, text, how))
            return None
        if path.parts[-1].quoted and f"{text}.".startswith(target.custom_prefix) and len(path.parts) == 2:
            return Field(text, ANY, frozenset(target.sources))
        below = [name for name in target.fields if name.startswith(text + ".")]
        if below:
            if not group:
                shown = [name.removeprefix(text + ".") for name in below if "[]" not in name]
                self.checking.report(say_name.group_not_field(path.span, text, target.title, shown))
            return None
        self._unknown_field(path)
        return None

    def _unknown_field(self, path: t.Path) -> None:
        """Blame the first part that leads nowhere."""
        target = self.checking.target
        prefix = ""
        for part in path.parts:
            known = _children(target.fields, prefix)
            if part.text not in known:
                shown = (prefix + part.text) if prefix else path.text
                custom = None
                if prefix == target.custom_prefix:
                    custom = f'{prefix}"{part.text}" = …'
                self.checking.report(
                    say_name.unknown_payload_field(
                        part.span, shown, part.text, target.title, known, prefix.rstrip("."), custom
                    )
                )
                return
            prefix += part.text + "."
        last = path.parts[-1]
        self.checking.report(
            say_name.unknown_payload_field(last.span, path.text, last.text, target.title, [], "", None)
        )

    # -------------------------------------------------------------- values

    def value(self, node: t.Expr, kind: Kind, path: t.Path, field: Field) -> None:
        """Check each value that the expression can end in against the field."""
        for branch in _branches(node):
            got = self.checking.kinds.get(branch, kind)
            if not self._fits(branch, got, path, field):
                return

    def _fits(self, node: t.Expr, got: Kind, path: t.Path, field: Field) -> bool:
        wanted = field.kind
        if isinstance(node, t.ListOf) and wanted.base == "list":
            return all(self._element_fits(each, path, field) for each in node.items)
        if got.base == "missing":
            return True
        if not assignable(got, wanted, many=field.many):
            self.checking.report(
                say.wrong_type(node.span, path.span, wanted, got, self._better(path, wanted, got))
            )
            return False
        if wanted.options and isinstance(node, t.Literal) and isinstance(node.value, str):
            self.expressions.option(node, wanted)
        return self._privacy(node, got, path, field)

    def _better(self, path: t.Path, wanted: Kind, got: Kind) -> tuple[str, Kind] | None:
        """An event field of the payload field's own name and type."""
        schema = self.checking.names.schema
        base = "number" if wanted.base == "integer" else wanted.base
        found = leaf_of_kind(schema, path.parts[-1].text, base) if schema else None
        return (f"event.{found}", replace(wanted, base=base)) if found else None

    def _element_fits(self, node: t.Expr, path: t.Path, field: Field) -> bool:
        element = field.kind.of or ANY
        if isinstance(node, t.ObjectOf) and element.base == "object":
            self._object(node, path, field)
            return True
        got = self.checking.kinds.get(node, ANY)
        single = replace(field, kind=element)
        return all(
            self._fits(branch, self.checking.kinds.get(branch, got), path, single)
            for branch in _branches(node)
        )

    def _object(self, node: t.ObjectOf, path: t.Path, field: Field) -> None:
        fields = self.checking.target.fields
        for key, value in node.pairs:
            inner = fields.get(f"{field.path}[].{key.text}")
            if inner is None:
                known = _children(fields, f"{field.path}[].")
                self.checking.report(say.unknown_item_field(key.span, key.text, known))
                continue
            self.value(value, self.checking.kinds.get(value, ANY), t.Path(key.span, (key,)), inner)

    def _privacy(self, node: t.Expr, got: Kind, path: t.Path, field: Field) -> bool:
        if field.takes == "personal" or not (got.pii or (field.takes == "hashed" and not got.hashed)):
            return True
        if got.pii:
            self._personal(node, path, field)
        else:
            self.checking.report(say.not_hashed(node.span, path.span, field.noun, field.hash_with))
        return False

    def _personal(self, node: t.Expr, path: t.Path, field: Field) -> None:
        functions = self.checking.environment.functions
        hash_with = None
        if field.takes == "hashed" and field.hash_with and field.hash_with in functions:
            hash_with = (field.hash_with, functions[field.hash_with].summary)
        declared = next((span for span in self._declared(node) if span), None)
        place = replace(declared.place, file=declared.place.file.rpartition("/")[2]) if declared else None
        self.checking.report(
            say.personal_data(node.span, path.span, field.takes, place, hash_with, field.noun)
        )

    def _declared(self, node: t.Expr) -> Iterator[object]:
        for part in references(node):
            access = self.checking.accesses.get(part)
            if access and access.kind.pii:
                yield access.declared

    # -------------------------------------------------------------- each

    def _each(self, node: t.Each) -> None:
        kind = self.expressions.kind(node.items, EVENT)
        if kind.base not in ("list", "any", "missing"):
            self.checking.report(say.not_a_list(node.items.span, kind))
        element = (kind.of or ANY) if kind.base == "list" else ANY
        scope = EVENT.with_item(node.item.text, element)
        if node.where is not None:
            self.expressions.condition(node.where, scope)
        field = self.field(node.path)
        if field is None:
            return
        if field.kind.base != "list" or (field.kind.of or ANY).base != "object":
            self.checking.report(say.wrong_type(node.path.span, node.path.span, field.kind, kind, None))
            return
        self._each_body(node.body, scope, field)

    def _each_body(self, body: Iterable[t.Statement], scope: Scope, field: Field) -> None:
        for node in body:
            match node:
                case t.Assign():
                    kind = self.expressions.kind(node.value, scope)
                    inner = self._item_field(node.path, field)
                    if inner is not None:
                        self.value(node.value, kind, node.path, inner)
                case t.When():
                    for condition, inside in node.branches:
                        self.expressions.condition(condition, scope)
                        self._each_body(inside, scope, field)
                    self._each_body(node.otherwise, scope, field)
                case t.ForSources():
                    self.sources(node.sources)
                    self._each_body(node.body, scope, field)
                case t.Each():
                    self.checking.report(say_rule.nested_each(node.path.span))
                case t.Include() | t.Require() | t.Omit():
                    word = node.span.text.split()[0]
                    self.checking.report(say_rule.not_in_each(node.span, word))
                case t.Broken():
                    pass
                case _:
                    assert_never(node)

    def _item_field(self, path: t.Path, field: Field) -> Field | None:
        fields = self.checking.target.fields
        found = fields.get(f"{field.path}[].{path.text}")
        if found is None:
            known = _children(fields, f"{field.path}[].")
            self.checking.report(
                say_name.unknown_payload_field(
                    path.span, f"{field.path}[].{path.text}", path.text, self.checking.target.title, known,
                    field.path, None,
                )
            )  # fmt: skip
        return found

    # -------------------------------------------------------------- includes

    def _cycles(self) -> None:
        seen: set[str] = set()
        for name in self.checking.names.mappings:
            self._follow(name, [], seen)

    def _follow(self, name: str, trail: list[tuple[t.Word, str]], seen: set[str]) -> None:
        """`trail` holds the include words that led here, each with the mapping it stands in."""
        inside = [frm for _, frm in trail]
        if name in inside:
            self._report_cycle(trail[inside.index(name) :])
            return
        if name in seen or name not in self.checking.names.mappings:
            return
        if len(trail) == MAX_INCLUDES:
            self.checking.report(say_rule.too_deep(trail[-1][0].span, "includes", MAX_INCLUDES))
            return
        for word in includes(self.checking.names.mappings[name].body):
            self._follow(word.text, [*trail, (word, name)], seen)
        seen.add(name)

    def _report_cycle(self, cycle: list[tuple[t.Word, str]]) -> None:
        steps = [(word.span, frm, word.text) for word, frm in cycle]
        steps.sort(key=lambda step: step[0].sort_key)
        first = steps[0][1]
        self.checking.report(say_rule.include_cycle(first, steps))


def assignable(got: Kind, wanted: Kind, *, many: bool = False) -> bool:
    """May a value of this kind be put there? Values that then do not fit are left out and counted."""
    if got.base in ("any", "missing") or wanted.base == "any":
        return True
    if wanted.base == "list":
        if got.base == "list":
            return assignable(got.of or ANY, wanted.of or ANY)
        return assignable(got, wanted.of or ANY)
    if got.base == "list":
        return many and assignable(got.of or ANY, wanted)
    if wanted.base in ("text", "url"):
        return got.base in ("text", "url") or (wanted.base == "text" and got.base in ("number", "integer"))
    if wanted.base == "integer":
        return got.base in ("number", "integer", "text")
    if wanted.base == "number":
        return got.base in ("number", "integer")
    return got.base == wanted.base


def includes(body: Iterable[t.Statement]) -> Iterator[t.Word]:
    """Every include word of a body, in order."""
    for node in body:
        match node:
            case t.Include():
                yield from node.names
            case t.ForSources():
                yield from includes(node.body)
            case t.When():
                for _, inside in node.branches:
                    yield from includes(inside)
                yield from includes(node.otherwise)
            case _:
                pass


def _branches(node: t.Expr) -> Iterator[t.Expr]:
    """The expressions that an expression's value can come from."""
    match node:
        case t.Coalesce():
            for each in node.choices:
                yield from _branches(each)
        case t.If():
            yield from _branches(node.then)
            yield from _branches(node.otherwise)
        case t.Match():
            for arm in node.arms:
                yield from _branches(arm.value)
        case _:
            yield node


def references(node: t.Expr) -> Iterator[t.Ref]:
    """Every reference inside an expression."""
    match node:
        case t.Ref():
            yield node
        case t.ListOf():
            for each in node.items:
                yield from references(each)
        case t.ObjectOf():
            for _, value in node.pairs:
                yield from references(value)
        case t.Call():
            for each in node.args:
                yield from references(each)
        case t.Coalesce():
            for each in node.choices:
                yield from references(each)
        case t.If():
            for each in (node.condition, node.then, node.otherwise):
                yield from references(each)
        case t.Or() | t.And():
            for each in node.terms:
                yield from references(each)
        case t.Not():
            yield from references(node.term)
        case t.Compare() | t.Arithmetic():
            yield from references(node.left)
            yield from references(node.right)
        case t.Presence() | t.Negate():
            yield from references(node.value)
        case t.Match():
            yield from references(node.subject)
            for arm in node.arms:
                yield from references(arm.value)
        case t.Literal() | t.BrokenExpr():
            pass
        case _:
            assert_never(node)


def _children(fields: Iterable[str], prefix: str) -> list[str]:
    """The names that can follow a path prefix, in catalogue order."""
    found = dict.fromkeys(
        name[len(prefix) :].partition(".")[0].removesuffix("[]") for name in fields if name.startswith(prefix)
    )
    return list(found)
