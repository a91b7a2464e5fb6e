"""The target's events where rules name them: standard ones of the right source, custom ones in quotes."""

from __future__ import annotations

from collections.abc import Iterable

from router.lang import tree as t
from router.lang.check.scope import Checking
from router.lang.messages import names as say
from router.lang.source import Span
from router.lang.suggest import listing


def check_cell(checking: Checking, cell: t.TargetEvent, column: t.Word, row: t.Row) -> None:
    """An event in a table: it must exist for the source of its column."""
    if column.text in checking.target.sources:
        instead = _neutral_choice(checking, row.events, column.text)
        label = f"this column is `{column.text}`"
        check_event(checking, cell, {column.text}, label, column.span, instead)


def check_event(
    checking: Checking,
    node: t.TargetEvent,
    sources: set[str],
    label: str,
    column: Span | None = None,
    instead: tuple[str, str] | None = None,
) -> None:
    """An event that is to be sent for some sources."""
    target = checking.target
    known = target.events.get(target.aliases.get(node.text, node.text))
    if known is None and node.quoted:
        _custom_event(checking, node, sources)
    elif known is None:
        checking.report(say.unknown_target_event(node.span, node.text, target.title, target.events))
    elif not known.sources & sources:
        its = _its(checking, known.sources)
        checking.report(say.event_of_other_source(node.span, node.text, its, label, column, instead))


def _custom_event(checking: Checking, node: t.TargetEvent, sources: set[str]) -> None:
    problem = checking.target.custom_event_problem(node.text)
    if problem:
        checking.report(say.bad_custom_event(node.span, node.text, problem))
    elif sources and sources <= checking.target.standard_only:
        checking.report(say.custom_not_taken(node.span, min(sources)))


def _its(checking: Checking, sources: frozenset[str]) -> str:
    """`an app`, `a web and app`: whose event it is."""
    target = checking.target
    nouns = [target.source_nouns[source] for source in target.sources if source in sources]
    shown = " and ".join(nouns) if len(nouns) < 3 else listing(nouns)
    return f"{_article(shown)} {shown}"


def _neutral_choice(checking: Checking, events: Iterable[t.EventName], source: str) -> tuple[str, str] | None:
    """`on the web a purchase is CompletePayment`: what the neutral name usually becomes there."""
    target = checking.target
    for name in events:
        usual = target.usual_event(name.text, source)
        if usual is not None:
            noun = name.text.replace("_", " ")
            where = target.source_phrases.get(source, f"for {source}")
            return f"{where} {_article(noun)} {noun} is `{usual}`", usual
    return None


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"
