"""From lark's tree to ours: declarations, statements, tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from lark import Token, Tree

from router.lang import tree as t
from router.lang.build_expressions import Expressions, LTree, small_int, tokens, trees
from router.lang.messages import syntax as say
from router.lang.source import Span


class Builder(Expressions):
    """Turns one parse result into nodes; mistakes inside literals are collected in `problems`."""

    # -------------------------------------------------------------- the file

    def file(self, node: LTree) -> t.File:
        language = None
        declarations: list[t.Declaration] = []
        for child in trees(node):
            if child.data == "language":
                language = t.Language(self.span(child), small_int(_token(child, 0)))
            else:
                declarations.append(self.declaration(child))
        return t.File(Span(self.source, 0, len(self.source.text)), language, tuple(declarations))

    def declaration(self, node: LTree) -> t.Declaration:
        span = self.span(node)
        kids = node.children
        match str(node.data):
            case "broken":
                return t.Broken(span)
            case "use":
                return t.Use(span, self.word(_token(node, 0)))
            case "schema":
                return t.Schema(span, kids[0] is not None, self.word(_token(node, 1)), self._fields(kids[2:]))
            case "let":
                return t.Let(span, self.word(_token(node, 0)), self.expr(kids[1]))
            case "source":
                return t.SourceRule(span, self.expr(kids[0]))
            case "settings":
                return t.SettingsBlock(span, tuple(self._setting(each) for each in trees(node)))
            case "destination":
                lines = tuple(self._destination_line(each) for each in trees(node))
                return t.DestinationBlock(span, self.word(_token(node, 0)), lines)
            case "mapping":
                sources = self._words(_maybe(kids[1]))
                return t.Mapping(span, self.word(_token(node, 0)), sources, self.block(_tree(kids[2])))
            case "events":
                return self._table(node)
            case "on":
                return self._on(node)
            case "drop":
                return self._drop(node)
            case "test":
                lines_ = tuple(self._test_line(each) for each in trees(node))
                return t.Test(span, self.word(_token(node, 0)), lines_)
            case other:
                raise AssertionError(f"the grammar has a declaration {other} that nothing builds")

    # -------------------------------------------------------------- schema

    def _fields(self, nodes: list[Any]) -> tuple[t.SchemaField | t.Broken, ...]:
        return tuple(self._field(node) for node in nodes if isinstance(node, Tree))

    def _field(self, node: LTree) -> t.SchemaField | t.Broken:
        if node.data == "broken":
            return t.Broken(self.span(node))
        path, kind, flags, description = node.children
        marks = {token.type for token in tokens(_tree(flags))}
        text = self._text(description) if isinstance(description, Token) else None
        return t.SchemaField(
            self.span(node),
            self.path(_tree(path)),
            self._type(_tree(kind)),
            "PII" in marks,
            "REQUIRED" in marks,
            text,
        )

    def _type(self, node: LTree) -> t.Type:
        span = self.span(node)
        match str(node.data):
            case "named_type":
                return t.NamedType(span, str(node.children[0]))
            case "list_type":
                return t.ListType(span, self._type(_tree(node.children[0])))
            case "enum_type":
                return t.EnumType(span, tuple(cast(t.Literal, self.expr(each)) for each in node.children))
            case _:
                return t.ObjectType(span, self._fields(node.children))

    # -------------------------------------------------------------- settings and destinations

    def _setting(self, node: LTree) -> t.Setting | t.Broken:
        if node.data == "broken":
            return t.Broken(self.span(node))
        return t.Setting(self.span(node), self.word(_token(node, 0)), self.expr(node.children[1]))

    def _destination_line(self, node: LTree) -> t.Setting | t.Requires | t.Include | t.Broken:
        if node.data == "requires":
            condition, reason = node.children
            return t.Requires(self.span(node), self.expr(condition), self._reason(reason))
        if node.data == "include":
            return t.Include(self.span(node), self._words(node))
        return self._setting(node)

    def _reason(self, node: Any) -> t.Word | None:
        return self.word(_token(node, 0)) if isinstance(node, Tree) else None

    # -------------------------------------------------------------- mappings

    def block(self, node: LTree | None) -> tuple[t.Statement, ...]:
        return tuple(self.statement(each) for each in trees(node)) if node is not None else ()

    def statement(self, node: LTree) -> t.Statement:
        span = self.span(node)
        kids = node.children
        match str(node.data):
            case "assign":
                return t.Assign(span, self.path(_tree(kids[0])), self.expr(kids[1]))
            case "assign_each":
                path, item, items, where, body = kids
                condition = self.expr(where) if where is not None else None
                return t.Each(
                    span, self.path(_tree(path)), self.word(cast(Token, item)), self.expr(items), condition,
                    self.block(_tree(body)),
                )  # fmt: skip
            case "include":
                return t.Include(span, self._words(node))
            case "for_block":
                return t.ForSources(span, self._words(_tree(kids[0])), self.block(_tree(kids[1])))
            case "when_block":
                return self._when(node)
            case "require":
                *paths, reason = kids
                return t.Require(span, tuple(self.path(_tree(each)) for each in paths), self._reason(reason))
            case "omit":
                return t.Omit(span, tuple(self.path(_tree(each)) for each in kids))
            case _:
                return t.Broken(span)

    def _when(self, node: LTree) -> t.When:
        branches: list[tuple[t.Expr, tuple[t.Statement, ...]]] = []
        following: LTree | None = node
        while following is not None and following.data == "when_block":
            condition, body, otherwise = following.children
            branches.append((self.expr(condition), self.block(_tree(body))))
            following = _tree(otherwise.children[0]) if isinstance(otherwise, Tree) else None
        return t.When(self.span(node), tuple(branches), self.block(following))

    # -------------------------------------------------------------- tables and rules

    def _table(self, node: LTree) -> t.Table:
        name, by, mappings, *rest = node.children
        header, rows = None, []
        for child in rest:
            if isinstance(child, Tree) and child.data == "header":
                header = t.Header(self.span(child), self._words(child))
            elif isinstance(child, Tree):
                rows.append(self._row(child))
        return t.Table(
            self.span(node),
            self.word(name) if isinstance(name, Token) else None,
            cast(t.Ref, self.expr(by.children[0])) if isinstance(by, Tree) else None,
            self._words(_maybe(mappings)),
            header,
            tuple(rows),
        )

    def _row(self, node: LTree) -> t.Row | t.Broken:
        if node.data == "broken":
            return t.Broken(self.span(node))
        override, names, *cells, mappings, when = node.children
        return t.Row(
            self.span(node),
            override is not None,
            self._event_names(_tree(names)),
            tuple(self._cell(each) for each in cells),
            self._words(_maybe(mappings)),
            self._condition(when),
        )

    def _cell(self, node: Any) -> t.Cell:
        if isinstance(node, Token):
            return t.NotSent(self.span(node))
        return self._target_event(node)

    def _target_event(self, node: LTree) -> t.TargetEvent:
        word = self.word(_token(node, 0))
        return t.TargetEvent(word.span, word.text, word.quoted)

    def _event_names(self, node: LTree | None) -> tuple[t.EventName, ...]:
        return tuple(self._event_name(_token(each, 0)) for each in trees(node)) if node is not None else ()

    def _event_name(self, token: Token) -> t.EventName:
        if token.type == "STAR":
            return t.EventName(self.span(token), "*", star=True)
        return t.EventName(self.span(token), self.word(token).text)

    def _condition(self, node: Any) -> t.Expr | None:
        return self.expr(node.children[0]) if isinstance(node, Tree) else None

    def _on(self, node: LTree) -> t.On:
        override, names, sources, actions = node.children
        return t.On(
            self.span(node),
            override is not None,
            self._event_names(_tree(names)),
            self._words(_maybe(sources)),
            self.actions(_tree(actions)),
        )

    def _drop(self, node: LTree) -> t.DropRule:
        names, sources, when, reason = node.children
        return t.DropRule(
            self.span(node),
            self._event_names(_maybe(names)),
            self._words(_maybe(sources)),
            self._condition(when),
            self._reason(reason),
        )

    def actions(self, node: LTree | None) -> tuple[t.Action, ...]:
        return tuple(self._action(each) for each in trees(node)) if node is not None else ()

    def _action(self, node: LTree) -> t.Action:
        span = self.span(node)
        match str(node.data):
            case "send":
                return self._send(node)
            case "drop_action":
                return t.DropAction(span, self._reason(node.children[0]))
            case "when_action":
                return self._when_action(node)
            case _:
                return t.Broken(span)

    def _when_action(self, node: LTree) -> t.WhenAction:
        branches: list[tuple[t.Expr, tuple[t.Action, ...]]] = []
        following: LTree | None = node
        while following is not None and following.data == "when_action":
            condition, body, otherwise = following.children
            branches.append((self.expr(condition), self.actions(_tree(body))))
            following = _tree(otherwise.children[0]) if isinstance(otherwise, Tree) else None
        return t.WhenAction(self.span(node), tuple(branches), self.actions(following))

    def _send(self, node: LTree) -> t.SendAction:
        name, to, mappings, when, sample, body = node.children
        return t.SendAction(
            self.span(node),
            self._send_name(_tree(name)),
            self._words(_maybe(to)),
            self._words(_maybe(mappings)),
            self._condition(when),
            self._sample(sample),
            self.block(_maybe(body)),
        )

    def _send_name(self, node: LTree) -> t.TargetEvent | t.CustomEvent:
        inner = node.children[0]
        if isinstance(inner, Tree) and inner.data == "tt_event":
            return self._target_event(inner)
        return t.CustomEvent(self.span(node), self.expr(inner))

    def _sample(self, node: Any) -> t.Sample | None:
        if not isinstance(node, Tree):
            return None
        percent = _token(node, 0)
        basis_points = Decimal(str(percent).rstrip("%")) * 100
        if basis_points > 10_000 or basis_points != int(basis_points):
            self.problems.append(say.bad_percent(self.span(percent)))
        return t.Sample(self.span(node), min(int(basis_points), 10_000), self.expr(node.children[1]))

    # -------------------------------------------------------------- tests

    def _test_line(self, node: LTree) -> t.Given | t.Expectation | t.Broken:
        span = self.span(node)
        match str(node.data):
            case "given":
                file, body = node.children
                word = self.word(file) if isinstance(file, Token) else None
                return t.Given(span, word, None, self.block(_maybe(body)))
            case "given_unknown":
                name, body = node.children
                return t.Given(span, None, self.word(cast(Token, name)), self.block(_maybe(body)))
            case "expect":
                return self._expectation(_tree(node.children[0]), span)
            case _:
                return t.Broken(span)

    def _expectation(self, node: LTree, span: Span) -> t.Expectation:
        kids = node.children
        match str(node.data):
            case "expect_send":
                exactly, event, to, body = kids
                lines = tuple(self._expect_line(each) for each in trees(_maybe(body)))
                return t.ExpectSend(
                    span,
                    exactly is not None,
                    self._target_event(_tree(event)),
                    self._words(_maybe(to)),
                    lines,
                )
            case "expect_drop":
                return t.ExpectDrop(span, self.word(kids[0]) if isinstance(kids[0], Token) else None)
            case "expect_skip":
                reason = self.word(kids[1]) if isinstance(kids[1], Token) else None
                return t.ExpectSkip(span, self._words(_maybe(kids[0])), reason)
            case "expect_nothing":
                return t.ExpectNothing(span, self._words(_maybe(kids[0])))
            case _:
                return t.ExpectUnhandled(span)

    def _expect_line(self, node: LTree) -> t.Assign | t.ExpectMissing | t.Broken:
        match str(node.data):
            case "expect_missing":
                return t.ExpectMissing(self.span(node), self.path(_tree(node.children[0])))
            case "assign":
                return cast(t.Assign, self.statement(node))
            case _:
                return t.Broken(self.span(node))


def _tree(node: Any) -> LTree:
    return cast(LTree, node)


def _maybe(node: Any) -> LTree | None:
    return node if isinstance(node, Tree) else None


def _token(node: Any, index: int) -> Token:
    return cast(Token, node.children[index])
