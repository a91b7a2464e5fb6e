"""Destinations and settings: known names, values that are there when rules are loaded, no secrets in text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.lang import tree as t
from router.lang.check.expressions import EVENT, LOAD, Expressions, Scope
from router.lang.check.scope import DEFAULT_EVENT_NAME, Checking
from router.lang.kinds import Kind
from router.lang.messages import names as say_name
from router.lang.messages import settings as say
from router.lang.program import Destination
from router.lang.source import Span
from router.lang.suggest import listing

_TOKEN = Scope({}, "load", secrets=True)
EVENT_NAME = "event_name"
MISSING_VALUES = "missing_values"


class Destinations:
    """Checks destination blocks and the settings."""

    def __init__(self, checking: Checking, expressions: Expressions) -> None:
        self.checking = checking
        self.expressions = expressions

    def check(self) -> dict[str, Destination]:
        blocks = self.checking.names.destinations
        found = {name: self._destination(block) for name, block in blocks.items()}
        self._same_event_source(found.values())
        return found

    def _same_event_source(self, destinations: Iterable[Destination]) -> None:
        """The target counts an event once for an id, however many destinations carry it."""
        first: dict[tuple[str, str], Destination] = {}
        for each in sorted(destinations, key=lambda each: each.span.sort_key):
            taken = [first.setdefault((source, node.span.text), each) for source, node in each.ids.items()]
            other = next((found for found in taken if found is not each), None)
            if other is not None:
                self.checking.report(say.same_event_source(each.span, other.span, self.checking.target.title))

    def _destination(self, block: t.DestinationBlock) -> Destination:
        settings: dict[str, t.Setting] = {}
        gates: list[t.Requires] = []
        self._lines(block, settings, gates, [])
        ids = self._ids(block, settings)
        token = settings.get("token")
        if token is None and not self._unsure(block):
            self.checking.report(say.no_token(block.name.span))
        other = {
            name: each.value
            for name, each in settings.items()
            if name not in self.checking.target.id_settings
        }
        return Destination(block.name.text, block.name.span, ids, other, tuple(gates))

    def _lines(
        self,
        block: t.DestinationBlock,
        settings: dict[str, t.Setting],
        gates: list[t.Requires],
        trail: list[str],
    ) -> None:
        """The block's own lines first; an included destination fills what is not set."""
        own: dict[str, t.Setting] = {}
        included: list[t.Word] = []
        for line in block.lines:
            match line:
                case t.Setting():
                    if line.name.text in own:
                        self.checking.report(
                            say.set_twice(line.name.span, line.name.text, own[line.name.text].name.span)
                        )
                    own.setdefault(line.name.text, line)
                case t.Requires():
                    gates.append(line)
                    if not trail:
                        self.expressions.condition(line.condition, EVENT)
                case t.Include():
                    included += line.names
                case _:
                    pass
        if not trail:
            for setting in own.values():
                self._setting(setting)
        for name, setting in own.items():
            settings.setdefault(name, setting)
        for word in included:
            self._include(word, settings, gates, [*trail, block.name.text])

    def _include(
        self, word: t.Word, settings: dict[str, t.Setting], gates: list[t.Requires], trail: list[str]
    ) -> None:
        other = self.checking.names.destinations.get(word.text)
        if other is None:
            if not self.checking.names.excuses(word.text):
                known = self.checking.names.destinations
                self.checking.report(say_name.unknown_destination(word.span, word.text, known))
        elif word.text not in trail:
            self._lines(other, settings, gates, trail)

    def _setting(self, setting: t.Setting) -> None:
        target = self.checking.target
        name = setting.name.text
        if name not in target.settings and name not in target.id_settings:
            known = [*target.settings, *target.id_settings]
            self.checking.report(say.unknown_setting(setting.name.span, name, "a destination", known))
            return
        kind = self.expressions.kind(setting.value, _TOKEN if name == "token" else LOAD)
        if name == "token" and isinstance(setting.value, t.Literal):
            self.checking.report(say.secret_literal(setting.value.span, f"{target.type.upper()}_TOKEN"))
        elif kind.base not in ("text", "any", "missing"):
            self.checking.report(say.wrong_setting(setting.value.span, name, "a text"))
        elif name == "type" and _text(setting.value) != target.type:
            self.checking.report(say.unknown_destination_type(setting.value.span, target.type))
        elif name == "source" and _text(setting.value) not in target.sources:
            shown = _text(setting.value) or setting.value.span.text
            self.checking.report(say_name.unknown_source(setting.value.span, shown, target.sources))

    def _ids(self, block: t.DestinationBlock, settings: dict[str, t.Setting]) -> dict[str, t.Expr]:
        """The event source id for each source that the destination serves."""
        target = self.checking.target
        given = {name: settings[name] for name in target.id_settings if name in settings}
        if not given and not self._unsure(block):
            self.checking.report(say.no_source_id(block.name.span, target.id_settings))
        only = _text(settings["source"].value) if "source" in settings else None
        ids: dict[str, tuple[t.Expr, Span]] = {}
        for name, setting in given.items():
            serves = [s for s in target.sources if s in target.id_settings[name]]
            if only in target.sources and only not in serves:
                wrong = say.id_of_other_source(setting.name.span, name, only, listing(serves))
                self.checking.report(wrong)
            for source in [s for s in serves if only is None or s == only]:
                self._add_id(
                    ids, source, setting, exact=target.id_settings[name] != frozenset(target.sources)
                )
        return {source: ids[source][0] for source in target.sources if source in ids}

    def _unsure(self, block: t.DestinationBlock) -> bool:
        """A line that did not read, or that sets nothing known, may be the one that seems to be missing."""
        known = {*self.checking.target.settings, *self.checking.target.id_settings}
        return any(
            isinstance(line, t.Broken) or (isinstance(line, t.Setting) and line.name.text not in known)
            for line in block.lines
        )

    def _add_id(
        self, ids: dict[str, tuple[t.Expr, Span]], source: str, setting: t.Setting, *, exact: bool
    ) -> None:
        if source in ids:
            if exact:
                self.checking.report(say.two_ids(setting.name.span, ids[source][1]))
            return
        ids[source] = (setting.value, setting.name.span)

    # -------------------------------------------------------------- settings

    def settings(self) -> dict[str, Any]:
        """The values of all `settings` blocks."""
        values: dict[str, Any] = {}
        first: dict[str, t.Setting] = {}
        for declaration in self.checking.declarations():
            if isinstance(declaration, t.SettingsBlock):
                for setting in declaration.settings:
                    if isinstance(setting, t.Setting):
                        self._program_setting(setting, values, first)
        return values

    def _program_setting(
        self, setting: t.Setting, values: dict[str, Any], first: dict[str, t.Setting]
    ) -> None:
        name = setting.name.text
        known = self.checking.environment.settings
        if name in first:
            self.checking.report(say.set_twice(setting.name.span, name, first[name].name.span))
            return
        first[name] = setting
        if name == EVENT_NAME:
            self._event_name(setting, values)
        elif name == MISSING_VALUES:
            values[name] = self._texts(setting)
        elif name in known:
            values[name] = self._value(setting, known[name])
        else:
            every = [EVENT_NAME, MISSING_VALUES, *known]
            self.checking.report(say.unknown_setting(setting.name.span, name, "settings", every))

    def _event_name(self, setting: t.Setting, values: dict[str, Any]) -> None:
        self.expressions.kind(setting.value, EVENT)
        value = setting.value
        steps = value.steps if isinstance(value, t.Ref) and value.name.text == "event" else ()
        path = tuple(step.text for step in steps if isinstance(step, t.Word))
        if not path or len(path) != len(steps):
            self.checking.report(say.wrong_setting(value.span, EVENT_NAME, "a field of the event"))
            path = DEFAULT_EVENT_NAME
        values[EVENT_NAME] = path

    def _texts(self, setting: t.Setting) -> frozenset[str]:
        items = setting.value.items if isinstance(setting.value, t.ListOf) else ()
        texts = [_text(item) for item in items]
        if not texts or None in texts:
            self.checking.report(
                say.wrong_setting(setting.value.span, MISSING_VALUES, "a list of texts in quotes")
            )
        return frozenset(text for text in texts if text is not None)

    def _value(self, setting: t.Setting, kind: Kind) -> Any:
        text = _text(setting.value)
        if text is None:
            self.checking.report(say.wrong_setting(setting.value.span, setting.name.text, "a text in quotes"))
        elif kind.options and isinstance(setting.value, t.Literal):
            self.expressions.option(setting.value, kind)
        return text


def _text(node: t.Expr) -> str | None:
    return node.value if isinstance(node, t.Literal) and isinstance(node.value, str) else None
