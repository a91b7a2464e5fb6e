"""Text to syntax tree, with every mistake of the text in one pass."""

from __future__ import annotations

from lark import Token, Tree, UnexpectedInput

from router.lang import tree as t
from router.lang.build import Builder
from router.lang.diagnostics import Diagnostic
from router.lang.grammar import grammar
from router.lang.messages import syntax as say
from router.lang.recover import BROKEN, Setback, blank, setback
from router.lang.resume import unread
from router.lang.source import Source, Span

MAX_MISTAKES = 50
MAX_NESTING = 64
MAX_BYTES = 1_000_000
EDITION = 1
_COUNTED = frozenset(
    [
        "coalesce",
        "cond",
        "or_",
        "and_",
        "not_",
        "compare",
        "in_",
        "is_present",
        "is_missing",
        "add",
        "sub",
        "mul",
        "div",
        "neg",
        "list_lit",
        "obj_lit",
        "call",
        "match",
        "block",
        "actions",
        "object_type",
        "list_type",
    ]
)


def parse(source: Source, grammar_text: str) -> tuple[t.File, list[Diagnostic]]:
    """The file as a tree. Lines that do not read are `Broken` nodes, each with one diagnostic."""
    whole = Span(source, 0, 0)
    if len(source.text) > MAX_BYTES:
        return _unread(source), [say.file_too_large(whole, "1 MB")]
    tree, problems = _read(source, grammar_text)
    if tree is None:
        return _unread(source), problems
    builder = Builder(source)
    file = builder.file(tree)
    return file, [*problems, *builder.problems, *_edition(file)]


def _unread(source: Source) -> t.File:
    """A file of one broken line, so that nothing is blamed on what it may declare."""
    whole = Span(source, 0, len(source.text))
    return t.File(whole, None, (t.Broken(whole),))


def _read(source: Source, grammar_text: str) -> tuple[Tree[Token] | None, list[Diagnostic]]:
    parser, text, problems = grammar(grammar_text), source.text.replace(BROKEN, " "), list[Diagnostic]()
    ahead = text
    while len(problems) < MAX_MISTAKES:
        try:
            tree = parser.parse(ahead if ahead.endswith("\n") else ahead + "\n")
        except UnexpectedInput as error:
            step = setback(source, text, error)
        else:
            if ahead != text:
                ahead = text
                continue
            deep = _too_deep(tree)
            if deep is None:
                return tree, problems
            step = _deep(source, deep)
        if step.problem:
            problems.append(step.problem)
        after = blank(text, step)
        if after == text:
            break
        text, ahead = after, unread(after, step.start)
    else:
        problems.append(say.too_many_mistakes(problems[-1].mark.span, MAX_MISTAKES))
    return None, problems


def _too_deep(tree: Tree[Token]) -> Tree[Token] | None:
    """The first node beyond the nesting limit; chains of one operator count once."""
    pending: list[tuple[Tree[Token], int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_NESTING:
            return node
        for child in node.children:
            if isinstance(child, Tree):
                chained = child.data == node.data and child.data in ("coalesce", "or_", "and_")
                pending.append((child, depth + (child.data in _COUNTED and not chained)))
    return None


def _deep(source: Source, node: Tree[Token]) -> Setback:
    span = Span(source, node.meta.start_pos, node.meta.end_pos)
    line = source.line_span(span.line)
    problem = say.nested_too_deep(Span(source, span.start, min(span.end, line.end)), MAX_NESTING)
    return Setback(problem, span.start, span.end)


def _edition(file: t.File) -> list[Diagnostic]:
    language = file.language
    if language is None or language.edition == EDITION:
        return []
    return [say.unknown_edition(language.span, language.edition)]
