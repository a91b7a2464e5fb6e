"""Tables, `on` rules and drops: what they name exists, and every event has one rule a source."""

from __future__ import annotations

from collections.abc import Iterable

from router.lang import tree as t
from router.lang.check.claims import Claim, Claims, settle
from router.lang.check.expressions import EVENT, Expressions
from router.lang.check.mappings import Mappings
from router.lang.check.reach import check_fields_used
from router.lang.check.scope import Checking
from router.lang.check.tables import Tables
from router.lang.check.target_events import check_event
from router.lang.messages import names as say_name
from router.lang.messages import rules as say
from router.lang.program import Destination, Dispatch, Rule
from router.lang.suggest import listing


class Rules:
    """Checks tables, `on` rules and drops, and builds the dispatch table."""

    def __init__(
        self,
        checking: Checking,
        expressions: Expressions,
        mappings: Mappings,
        destinations: dict[str, Destination],
    ) -> None:
        self.checking = checking
        self.expressions = expressions
        self.mappings = mappings
        self.destinations = destinations
        self.claims = Claims()
        self.tables = Tables(checking, expressions, mappings, self.claims)

    def check(self) -> Dispatch:
        for declaration in self.checking.declarations():
            match declaration:
                case t.Table():
                    self.tables.check(declaration)
                case t.On():
                    self._on(declaration)
                case t.DropRule():
                    self._drop(declaration)
                case _:
                    pass
        by_name, stars = settle(self.checking, self.claims.plain)
        by_key, _ = settle(self.checking, self.claims.keyed)
        dispatch = Dispatch(by_name, stars, self.claims.key, by_key)
        check_fields_used(self.checking, dispatch)
        return dispatch

    def _on(self, rule: t.On) -> None:
        self.mappings.sources(rule.sources)
        every = self.checking.target.sources
        sources = [source for source in every if any(word.text == source for word in rule.sources)]
        sources = sources or list(every)
        self._actions(rule.actions, set(sources))
        for name in rule.events:
            for source in sources:
                made = Rule(source, name.text, name.span, rule.actions)
                self.claims.plain.append(Claim(made, name.span, rule.span, rule.override, name.star))

    def _actions(self, actions: Iterable[t.Action], sources: set[str]) -> None:
        for action in actions:
            match action:
                case t.SendAction():
                    self._send(action, sources)
                case t.WhenAction():
                    for condition, inside in action.branches:
                        self.expressions.condition(condition, EVENT)
                        self._actions(inside, sources)
                    self._actions(action.otherwise, sources)
                case t.DropAction() | t.Broken():
                    pass

    def _send(self, send: t.SendAction, sources: set[str]) -> None:
        self.mappings.mappings(send.mappings)
        for word in send.to:
            self._destination(word, sources)
        if send.when is not None:
            self.expressions.condition(send.when, EVENT)
        if send.sample is not None:
            self.expressions.kind(send.sample.key, EVENT)
        self._event(send, sources)
        self.mappings.body(send.body)

    def _event(self, send: t.SendAction, sources: set[str]) -> None:
        if isinstance(send.event, t.CustomEvent):
            self.expressions.event_name(send.event.name)
            return
        reached = self._reached(send, sources)
        shown = " and ".join(f"`{s}`" for s in self.checking.target.sources if s in reached)
        check_event(self.checking, send.event, reached, f"this rule sends for {shown}")

    def _destination(self, word: t.Word, sources: set[str]) -> None:
        known = self.destinations.get(word.text)
        if known is None:
            if not self.checking.names.excuses(word.text):
                self.checking.report(say_name.unknown_destination(word.span, word.text, self.destinations))
        elif known.sources and not known.sources & sources:
            self.checking.report(
                say.no_source_in_common(
                    word.span, word.text, self._listed(known.sources), self._listed(sources)
                )
            )

    def _listed(self, sources: Iterable[str]) -> str:
        chosen = set(sources)
        return listing(source for source in self.checking.target.sources if source in chosen)

    def _reached(self, send: t.SendAction, sources: set[str]) -> set[str]:
        """The sources for which a destination of this send exists; all of the rule's where none does."""
        names = [word.text for word in send.to] or list(self.destinations)
        served = {s for name in names if name in self.destinations for s in self.destinations[name].sources}
        return sources & served or sources

    def _drop(self, rule: t.DropRule) -> None:
        self.mappings.sources(rule.sources)
        if rule.when is not None:
            self.expressions.condition(rule.when, EVENT)
