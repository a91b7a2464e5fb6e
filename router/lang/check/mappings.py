"""Mapping bodies: payload fields that exist, values that fit, personal data that stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import assert_never

from router.lang import tree as t
from router.lang.check.expressions import EVENT, Expressions, Scope
from router.lang.check.fitting import assignable, personal
from router.lang.check.schema_search import leaf_of_kind
from router.lang.check.scope import Checking
from router.lang.environment import Field
from router.lang.kinds import ANY, Kind
from router.lang.messages import kinds as say
from router.lang.messages import names as say_name
from router.lang.messages import rules as say_rule
from router.lang.outcome import Place
from router.lang.traverse import endings, references


class Mappings:
    """Checks the statements of mappings and of `send` blocks."""

    def __init__(self, checking: Checking, expressions: Expressions) -> None:
        self.checking = checking
        self.expressions = expressions

    def check(self) -> None:
        for mapping in self.checking.names.mappings.values():
            self.sources(mapping.sources)
            self.body(mapping.body)

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
            if word.text not in names.mappings and not names.excuses(word.text):
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
        """The catalogue's field of a path; a quoted name under the custom prefix is the author's own."""
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
        for branch in endings(node):
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
            self._fits(branch, self.checking.kinds.get(branch, got), path, single) for branch in endings(node)
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
        if field.takes == "personal":
            return True
        if personal(got):
            self._personal(node, path, field)
            return False
        if field.takes == "hashed" and not got.hashed:
            self.checking.report(say.not_hashed(node.span, path.span, field.noun, field.hash_with))
            return False
        return True

    def _personal(self, node: t.Expr, path: t.Path, field: Field) -> None:
        functions = self.checking.environment.functions
        hash_with = None
        if field.takes == "hashed" and field.hash_with and field.hash_with in functions:
            hash_with = (field.hash_with, functions[field.hash_with].summary)
        declared = next(self._declared(node), None)
        self.checking.report(
            say.personal_data(node.span, path.span, field.takes, declared, hash_with, field.noun)
        )

    def _declared(self, node: t.Expr) -> Iterator[Place]:
        """Where the schema says so, by the file's own name."""
        for part in references(node):
            access = self.checking.accesses.get(part)
            if access and access.declared and personal(access.kind):
                place = access.declared.place
                yield replace(place, file=place.file.rpartition("/")[2])

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


def _children(fields: Iterable[str], prefix: str) -> list[str]:
    """The names that can follow a path prefix, in catalogue order."""
    found = dict.fromkeys(
        name[len(prefix) :].partition(".")[0].removesuffix("[]") for name in fields if name.startswith(prefix)
    )
    return list(found)
