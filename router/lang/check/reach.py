"""Which sources a mapping is used for, and fields that none of them has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from router.lang import tree as t
from router.lang.check.scope import Checking
from router.lang.messages import names as say
from router.lang.program import Dispatch, Rule
from router.lang.traverse import includes, sends


def check_fields_used(checking: Checking, dispatch: Dispatch) -> None:
    """A field is left out for sources that lack it; when all sources of its mapping do, say so."""
    used: dict[str, set[str]] = {}
    blocks: dict[t.SendAction, set[str]] = {}
    for rule in _rules(dispatch):
        for send in sends(rule.actions):
            for word in (*send.mappings, *includes(send.body)):
                _reach(checking, word.text, rule.source, used)
            blocks.setdefault(send, set()).add(rule.source)
    for send, sources in blocks.items():
        _body(checking, send.body, sources)
    for name, sources in used.items():
        mapping = checking.names.mappings[name]
        own = {word.text for word in mapping.sources}
        _body(checking, mapping.body, sources & own if own else sources)


def _rules(dispatch: Dispatch) -> Iterator[Rule]:
    for table in (dispatch.by_name, dispatch.by_key):
        for rules in table.values():
            yield from rules.values()
    yield from dispatch.everything_else.values()


def _reach(checking: Checking, name: str, source: str, used: dict[str, set[str]]) -> None:
    """Note the source for a mapping and all that it includes."""
    pending = [name]
    while pending:
        name = pending.pop()
        mapping = checking.names.mappings.get(name)
        if mapping is not None and source not in used.setdefault(name, set()):
            used[name].add(source)
            pending += [word.text for word in includes(mapping.body)]


def _body(checking: Checking, body: Iterable[t.Statement], sources: set[str]) -> None:
    for node in body:
        match node:
            case t.Assign() | t.Each():
                _field(checking, node.path, sources)
            case t.ForSources():
                _body(checking, node.body, sources & {word.text for word in node.sources})
            case t.When():
                for _, inside in node.branches:
                    _body(checking, inside, sources)
                _body(checking, node.otherwise, sources)
            case _:
                pass


def _field(checking: Checking, path: t.Path, sources: set[str]) -> None:
    known = checking.target.fields.get(path.text)
    if known is None or not sources or known.sources & sources:
        return
    every = checking.target.sources
    has = [source for source in every if source in known.sources]
    used_for = [source for source in every if source in sources]
    checking.report(say.field_of_other_source(path.span, path.text, has, used_for))
