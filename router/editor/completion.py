"""What an author could write next: names of schema, catalogue, library and files, and keywords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lark import Token

from router.editor import facts
from router.editor.expected import Expected, expected, keywords
from router.editor.ruleset import RuleSet, inside
from router.lang.kinds import Kind
from router.tiktok.catalogue import ENTRIES

Shape = Literal[
    "field", "payload", "target", "function", "value", "mapping", "destination", "source", "name", "keyword",
    "file", "type",
]  # fmt: skip

_WORD = re.compile(r'(?:[A-Za-z_]\w*(?:\[\d*\])?(?:\.(?:\w*|"[^"\n]*"?)(?:\[\d*\])?)*)?\Z', re.ASCII)
_USE = re.compile(r'[ \t]*use[ \t]+"([^"]*)\Z')
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PIECE = re.compile(r'"(?:[^"\\\n]|\\.)*"|#|"')
_STEPS = re.compile(r"\[\d*\]|\"")
_VALUE = frozenset({"STRING", "LPAR", "TRUE"})
_TYPES = ("text", "number", "bool", "time", "url", "any")
_PATH = frozenset({"NAME", "STRING", "DOT", "COMMA", "OR"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that can replace what stands between `start` and the cursor."""

    text: str
    shape: Shape
    start: int
    detail: str = ""
    documentation: str = ""


def complete(rules: RuleSet, text: str, offset: int, files: Sequence[str] = ()) -> list[Suggestion]:
    """Everything that fits at an offset. `files` are what `use` could name."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    use = _USE.match(line)
    if use:
        return [Suggestion(each, "file", offset - len(use[1])) for each in files]
    if _in_text_or_comment(line):
        return []
    found = _WORD.search(line)
    word = found.group() if found else ""
    place = _Place(rules, expected(text[: offset - len(word)]), word, offset)
    return list(dict.fromkeys(place.suggestions()))


def _in_text_or_comment(line: str) -> bool:
    return any(piece.group() in ("#", '"') for piece in _PIECE.finditer(line))


@dataclass(frozen=True, slots=True)
class _Place:
    rules: RuleSet
    expected: Expected
    word: str
    offset: int

    def suggestions(self) -> Iterator[Suggestion]:
        terminals = self.expected.terminals
        if terminals is None or terminals >= _VALUE:
            yield from self._values()
        elif "NAME" in terminals:
            yield from self._names()
        if terminals is not None and "." not in self.word:
            start = self.offset - len(self.word)
            yield from (Suggestion(each, "keyword", start) for each in keywords(terminals))

    # -------------------------------------------------------------- values

    def _values(self) -> Iterator[Suggestion]:
        base, dot, part = self.word.rpartition(".")
        if dot:
            kind = self._kind(_STEPS.sub("", base).split("."))
            yield from self._fields(kind, self.offset - len(part.lstrip('"')) - part.count('"'))
            return
        start = self.offset - len(self.word)
        yield Suggestion("event", "value", start, "the event")
        for name, let in self.rules.lets.items():
            kind = self.rules.let_kind(name)
            yield Suggestion(name, "value", start, facts.kind_text(kind), facts.doc_comment(let.span))
        for name in self._items():
            yield Suggestion(name, "value", start, "an element of the list")
        for function in self.rules.environment.functions.values():
            doc = facts.function_text(function)
            yield Suggestion(function.name, "function", start, function.signature, doc)

    def _fields(self, kind: Kind | None, start: int) -> Iterator[Suggestion]:
        for name, field in inside(kind).items():
            written = name if _PLAIN.match(name) else f'"{name}"'
            yield Suggestion(written, "field", start, facts.kind_text(field))

    def _kind(self, path: list[str]) -> Kind | None:
        """What a path written so far leads to."""
        root, *names = path
        items = self._items()
        if root in items:
            base = items[root]
            kind = self.rules.field_kind(base) if base is not None else None
        else:
            kind = self.rules.schema if root == "event" else self.rules.let_kind(root)
        for name in names:
            kind = inside(kind).get(name)
        return kind

    def _items(self) -> dict[str, str | None]:
        """Loop variables in scope, with the event path of their list."""
        heads = [each.before for each in self.expected.blocks if each.head == "each"]
        found: dict[str, str | None] = {}
        for head in [*heads, self.expected.statement]:
            types = [token.type for token in head]
            if "EACH" in types and "IN" in types:
                at = types.index("IN")
                stop = types.index("WHERE") if "WHERE" in types else len(types)
                found[str(head[at - 1])] = self._list_path("".join(head[at + 1 : stop]), found)
        return found

    def _list_path(self, written: str, items: Mapping[str, str | None]) -> str | None:
        let = self.rules.lets.get(written)
        root, *names = _STEPS.sub("", let.value.span.text if let else written).split(".")
        base = "" if root == "event" else items.get(root)
        return None if base is None else ".".join([base, *names] if base else names)

    # -------------------------------------------------------------- names

    def _names(self) -> Iterator[Suggestion]:
        """Which names a statement takes where its tokens end."""
        statement, block = self.expected.statement, self.expected.block
        if not statement:
            yield from self._first(block)
            return
        match _governing(statement):
            case "WITH":
                yield from self._declared("mapping", self.rules.mappings)
            case "INCLUDE" if block == "destination":
                yield from self._declared("destination", self.rules.destinations)
            case "INCLUDE":
                yield from self._declared("mapping", self.rules.mappings)
            case "TO":
                yield from self._declared("destination", self.rules.destinations)
            case "FOR":
                yield from self._sources()
            case "REQUIRE" | "OMIT":
                yield from self._payload("")
            case "SEND":
                yield from self._targets(self._rule_sources())
            case "ON" | "DROP" | "OVERRIDE":
                yield from self._neutral()
            case "VBAR":
                yield from self._cell(statement)
            case "COLON" | "OF":
                start = self.offset - len(self.word)
                yield from (Suggestion(each, "type", start) for each in _TYPES)
            case _:
                if block == "table" and statement[-1].type == "COMMA":
                    yield from self._neutral()

    def _first(self, block: str) -> Iterator[Suggestion]:
        """Names that can begin a line."""
        start = self.offset - len(self.word)
        match block:
            case "mapping" | "expect":
                yield from self._payload("")
            case "each":
                yield from self._payload(f"{self._each_path()}[].")
            case "given":
                yield from self._given()
            case "table":
                yield from self._neutral()
            case "destination":
                target = self.rules.environment.target
                names = [*target.settings, *target.id_settings]
                yield from (Suggestion(each, "name", start, "setting") for each in names)
            case "settings":
                names = ["event_name", "missing_values", *self.rules.environment.settings]
                yield from (Suggestion(each, "name", start, "setting") for each in names)
            case _:
                return

    def _declared(
        self, shape: Literal["mapping", "destination"], names: Iterable[str]
    ) -> Iterator[Suggestion]:
        start = self.offset - len(self.word)
        nodes = self.rules.mappings if shape == "mapping" else self.rules.destinations
        for name in names:
            yield Suggestion(name, shape, start, shape, facts.doc_comment(nodes[name].span))

    def _sources(self) -> Iterator[Suggestion]:
        start = self.offset - len(self.word)
        for name, noun in self.rules.environment.target.source_nouns.items():
            yield Suggestion(name, "source", start, noun)

    def _payload(self, prefix: str) -> Iterator[Suggestion]:
        start = self.offset - len(self.word)
        for path, field in self.rules.environment.target.fields.items():
            inner = path.removeprefix(prefix)
            if path.startswith(prefix) and "[]" not in inner:
                about = facts.payload_text(path) if path in ENTRIES else field.summary
                yield Suggestion(inner, "payload", start, facts.kind_text(field.kind), about)

    def _each_path(self) -> str:
        """The payload list that the innermost `each` fills."""
        head = next(each.before for each in reversed(self.expected.blocks) if each.head == "each")
        types = [token.type for token in head]
        return "".join(head[: types.index("EQUAL")] if "EQUAL" in types else head)

    def _given(self) -> Iterator[Suggestion]:
        base, dot, part = self.word.rpartition(".")
        if dot and base.split(".")[0] == "event":
            yield from self._fields(self._kind(_STEPS.sub("", base).split(".")), self.offset - len(part))
        elif not dot:
            start = self.offset - len(part)
            yield from (Suggestion(each, "value", start) for each in ("event", "cookie", "header", "now"))

    def _neutral(self) -> Iterator[Suggestion]:
        """Event names that rules know, and those that the catalogue thinks of."""
        start = self.offset - len(self.word)
        own = {each.key for each in self.rules.occurrences if each.space == "name"}
        usual = {name for event in self.rules.environment.target.events.values() for name in event.neutral}
        for name in sorted(own | usual):
            yield Suggestion(name if _PLAIN.match(name) else f'"{name}"', "name", start, "event")

    def _cell(self, statement: Sequence[Token]) -> Iterator[Suggestion]:
        if statement[0].type == "EVENT":
            yield from self._sources()
            return
        columns = self.expected.blocks[-1].columns
        index = sum(token.type == "VBAR" for token in statement) - 1
        yield from self._targets(columns[index : index + 1])

    def _rule_sources(self) -> list[str]:
        """The sources of the rule around a `send`; none means every source."""
        head = next((each.before for each in reversed(self.expected.blocks) if each.head == "rule"), [])
        types = [token.type for token in head]
        return [str(token) for token in head[types.index("FOR") + 1 :]] if "FOR" in types else []

    def _targets(self, sources: Sequence[str]) -> Iterator[Suggestion]:
        start = self.offset - len(self.word)
        for event in self.rules.environment.target.events.values():
            if not sources or event.sources & set(sources):
                detail = f"{', '.join(sorted(event.sources))}, {event.status}"
                yield Suggestion(event.name, "target", start, detail, facts.target_text(event.name))


def _governing(statement: Sequence[Token]) -> str:
    """The word that says what the last names of a statement are: `with` in `with base, `."""
    for token in reversed(statement):
        if token.type not in _PATH:
            return str(token.type)
    return ""
