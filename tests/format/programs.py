"""Valid programs that use every construct of the grammar, written as carelessly as the language allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from hypothesis import strategies as st

from router.assets import asset

# the marks of the terminal make the long text win over the empty text that it begins with
GRAMMAR = asset("grammar/rules.lark").read_text("utf-8")

NEWLINE = "\n"
SOFT = "~"
"""Where a line may end, but need not; inside round and square brackets that is everywhere."""

NAMES = ["a", "is_ios", "platform", "view_content_from", "x1", "_y", "base", "item_with_a_long_name"]
EVENTS = [
    "purchase",
    "on",
    "send",
    "when",
    "event",
    "source",
    "let",
    "drop",
    '"Order Completed"',
    '"日本語"',
    "*",
]
TARGETS = ["CompletePayment", "ViewContent", '"NewsletterJoined"', '"#hash é"']
SOURCES = ["web", "app", "offline", "crm"]
TEXTS = ['""', '"a"', '"no # comment"', '"quoted \\" inside"', '"日本語 ｗｉｄｅ"', '"  blanks  "']
LONG_TEXTS = ['"""{"a": 1}"""', '"""first\n  # second\n\nthird"""']
NUMBERS = ["0", "12", "12.5"]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">=", "contains", "starts_with", "ends_with", "matches"]
Tokens = list[str]


@dataclass
class Programs:
    """Draws one program, a list of words with the line ends that the grammar wants."""

    random: Random
    depth: int = 0
    rounds: int = 0

    def choose(self, *makers: Callable[[], Tokens]) -> Tokens:
        """One of the makers; the first alone when the program is deep enough."""
        return (self.random.choice(makers) if self.depth < 4 else makers[0])()

    def word(self, words: list[str]) -> str:
        return self.random.choice(words)

    def perhaps(self, make: Callable[[], Tokens]) -> Tokens:
        return make() if self.random.random() < 0.5 else []

    def several(self, make: Callable[[], Tokens], separator: Tokens, least: int = 1, most: int = 3) -> Tokens:
        found: Tokens = []
        for number in range(self.random.randint(least, most)):
            found += [*(separator if number else []), *make()]
        return found

    def names(self) -> Tokens:
        return self.several(lambda: [self.word(NAMES)], [","])

    def block(self, make: Callable[[], Tokens], least: int = 0) -> Tokens:
        """Braces with a line for each statement; inside round brackets there is room for one."""
        self.depth += 1
        lines = self.several(make, [NEWLINE], least, 1 if self.rounds else 3)
        self.depth -= 1
        return ["{", SOFT, *lines, SOFT, "}"]

    def around(self, opening: str, make: Callable[[], Tokens], closing: str) -> Tokens:
        self.rounds += 1
        inside = make()
        self.rounds -= 1
        return [opening, *inside, closing]

    # -------------------------------------------------------------- expressions

    def expr(self) -> Tokens:
        self.depth += 1
        found = self.choose(self.or_, self.or_, self.cond, self.or_cond)
        self.depth -= 1
        return found

    def cond(self) -> Tokens:
        return ["if", *self.expr(), SOFT, "then", *self.expr(), SOFT, "else", *self.expr()]

    def or_cond(self) -> Tokens:
        return [*self.fallback(), SOFT, "??", *self.cond()]

    def or_(self) -> Tokens:
        return self.several(self.and_, [SOFT, "or"], most=1 if self.depth > 2 else 3)

    def and_(self) -> Tokens:
        return self.several(self.not_, [SOFT, "and"], most=1 if self.depth > 2 else 2)

    def not_(self) -> Tokens:
        return self.choose(self.compared, self.compared, lambda: ["not", *self.compared()])

    def compared(self) -> Tokens:
        return self.choose(
            self.fallback,
            self.fallback,
            lambda: [*self.fallback(), self.word(COMPARISONS), *self.fallback()],
            lambda: [*self.fallback(), "in", *self.fallback()],
            lambda: [*self.fallback(), "is", self.word(["present", "missing"])],
        )

    def fallback(self) -> Tokens:
        return self.several(self.sum_, [SOFT, "??"], most=1 if self.depth > 2 else 3)

    def sum_(self) -> Tokens:
        return self.choose(
            self.product, self.product, lambda: [*self.product(), self.word(["+", "-"]), *self.product()]
        )

    def product(self) -> Tokens:
        return self.choose(
            self.unary, self.unary, lambda: [*self.unary(), self.word(["*", "/"]), *self.unary()]
        )

    def unary(self) -> Tokens:
        return self.choose(self.primary, self.primary, lambda: ["-", *self.primary()])

    def primary(self) -> Tokens:
        self.depth += 1
        found = self.choose(
            self.reference, self.literal, self.reference, self.call, self.list_, self.object_, self.match,
            lambda: self.around("(", self.expr, ")"),
        )  # fmt: skip
        self.depth -= 1
        return found

    def literal(self) -> Tokens:
        return [self.word([*TEXTS, *LONG_TEXTS, *NUMBERS, "true", "false", "missing"])]

    def reference(self) -> Tokens:
        steps = self.several(self.step, [], 0)
        return [self.word([*NAMES, "event"]), *steps]

    def step(self) -> Tokens:
        number = self.random.choice([[], ["0"], ["12"]])
        return self.random.choice([[".", self.word([*NAMES, "when", '"with blank"'])], ["[", *number, "]"]])

    def call(self) -> Tokens:
        return [self.word(NAMES), *self.around("(", lambda: self.several(self.expr, [","], 0), ")")]

    def list_(self) -> Tokens:
        return self.around("[", lambda: self._elements(self.expr, [","]), "]")

    def object_(self) -> Tokens:
        return ["{", SOFT, *self._elements(self.pair, [",", SOFT]), SOFT, "}"]

    def _elements(self, make: Callable[[], Tokens], separator: Tokens) -> Tokens:
        found = self.several(make, separator, 0)
        return [*found, *self.perhaps(lambda: [","])] if found else []

    def pair(self) -> Tokens:
        return [self.word([*NAMES, '"b c"']), ":", *self.expr()]

    def match(self) -> Tokens:
        return ["match", *self.reference(), *self.block(self.arm, 1)]

    def arm(self) -> Tokens:
        patterns = self.several(self.literal, [","])
        return [*self.random.choice([patterns, ["*"]]), "->", *self.expr()]

    # -------------------------------------------------------------- statements

    def path(self) -> Tokens:
        parts = self.several(lambda: [self.word([*NAMES, "test", '"b c"'])], ["."], 0, 2)
        return [self.word(["user", "properties", "page"]), *([".", *parts] if parts else [])]

    def statement(self) -> Tokens:
        return self.choose(
            self.assign, self.assign, self.each, self.include, self.for_, self.when_block, self.require,
            lambda: ["omit", *self.several(self.path, [","])],
        )  # fmt: skip

    def body(self) -> Tokens:
        return self.block(self.statement)

    def assign(self) -> Tokens:
        return [*self.path(), "=", *self.expr()]

    def each(self) -> Tokens:
        where = self.perhaps(lambda: ["where", *self.expr()])
        return [*self.path(), "=", "each", self.word(NAMES), "in", *self.expr(), *where, *self.body()]

    def include(self) -> Tokens:
        return ["include", *self.names()]

    def sources(self) -> Tokens:
        return ["for", *self.several(lambda: [self.word(SOURCES)], [","])]

    def for_(self) -> Tokens:
        return [*self.sources(), *self.body()]

    def when_block(self) -> Tokens:
        return self._branches(self.body)

    def _branches(self, body: Callable[[], Tokens]) -> Tokens:
        self.depth += 1
        found = ["when", *self.expr(), *body()]
        found += self.choose(
            list,
            lambda: [SOFT, "otherwise", *body()],
            lambda: [SOFT, "otherwise", *self._branches(body)],
        )
        self.depth -= 1
        return found

    def require(self) -> Tokens:
        return ["require", *self.several(self.path, [SOFT, "or"]), *self.perhaps(self.reason)]

    def reason(self) -> Tokens:
        return ["reason", self.word(TEXTS)]

    # -------------------------------------------------------------- declarations

    def declaration(self) -> Tokens:
        return self.random.choice(
            [
                self.use, self.schema, self.let, self.source, self.settings, self.destination,
                self.mapping, self.table, self.drop_rule, self.on, self.test,
            ]
        )()  # fmt: skip

    def use(self) -> Tokens:
        return ["use", '"schemas/standard.rules"']

    def schema(self) -> Tokens:
        return [*self.perhaps(lambda: ["extend"]), "schema", "event", *self.fields()]

    def fields(self) -> Tokens:
        self.depth += 1
        separator = self.random.choice([",", NEWLINE])
        found = self.several(self.field_, [separator], 0)
        self.depth -= 1
        return ["{", SOFT, *found, SOFT, "}"]

    def field_(self) -> Tokens:
        marks = self.several(lambda: [self.word(["pii", "required"])], [], 0, 2)
        return [*self.path(), ":", *self.type(), *marks, *self.perhaps(lambda: [self.word(TEXTS)])]

    def type(self) -> Tokens:
        self.depth += 1
        found = self.choose(
            lambda: [self.word(["text", "number", "any"])],
            lambda: ["list", "of", *self.type()],
            lambda: ["one", "of", *self.around("(", lambda: self.several(self.literal, [","]), ")")],
            self.fields,
        )
        self.depth -= 1
        return found

    def let(self) -> Tokens:
        return ["let", self.word(NAMES), "=", *self.expr()]

    def source(self) -> Tokens:
        return ["source", "=", *self.expr()]

    def setting(self) -> Tokens:
        return [self.word(["type", "pixel", "token", "test_event_code"]), "=", *self.expr()]

    def settings(self) -> Tokens:
        return ["settings", *self.block(self.setting)]

    def destination(self) -> Tokens:
        line = lambda: self.choose(self.setting, self.setting, self.include, self.requires)  # noqa: E731
        return ["destination", self.word(NAMES), *self.block(line)]

    def requires(self) -> Tokens:
        return ["requires", *self.expr(), *self.perhaps(self.reason)]

    def mapping(self) -> Tokens:
        return ["mapping", self.word(NAMES), *self.perhaps(self.sources), *self.body()]

    def with_(self) -> Tokens:
        return ["with", *self.names()]

    def when_(self) -> Tokens:
        return ["when", *self.expr()]

    def event_names(self, names: list[str] = EVENTS) -> Tokens:
        return self.several(lambda: [self.word(names)], [","])

    def table(self) -> Tokens:
        columns = self.random.sample(SOURCES, self.random.randint(1, 3))
        header = ["event", *(part for column in columns for part in ("|", column))]
        rows = self.several(lambda: self.row(len(columns)), [NEWLINE], 0, 4)
        inside = [*header, *([NEWLINE, *rows] if rows else [])]
        by = self.perhaps(lambda: ["by", *self.reference()])
        name = self.perhaps(lambda: [self.word(NAMES)])
        lines = self.random.choice([inside, inside, inside, []])
        return ["events", *name, *by, *self.perhaps(self.with_), "{", SOFT, *lines, SOFT, "}"]

    def row(self, columns: int) -> Tokens:
        cells = [part for _ in range(columns) for part in ("|", self.word([*TARGETS, "-"]))]
        override = self.perhaps(lambda: ["override"])
        return [*override, *self.event_names(), *cells, *self.perhaps(self.with_), *self.perhaps(self.when_)]

    def drop_rule(self) -> Tokens:
        # `drop when` begins a condition
        names = [name for name in EVENTS if name != "when"]
        return [
            "drop", *self.perhaps(lambda: self.event_names(names)), *self.perhaps(self.sources),
            *self.perhaps(self.when_), *self.perhaps(self.reason),
        ]  # fmt: skip

    def on(self) -> Tokens:
        override = self.perhaps(lambda: ["override"])
        return [*override, "on", *self.event_names(), *self.perhaps(self.sources), *self.actions()]

    def actions(self) -> Tokens:
        return self.block(self.action)

    def action(self) -> Tokens:
        return self.choose(
            self.send,
            self.send,
            lambda: ["drop", *self.perhaps(self.reason)],
            lambda: self._branches(self.actions),
        )

    def send(self) -> Tokens:
        custom = ["custom", *self.around("(", self.expr, ")")]
        sample = ["sample", self.word(["10%", "12.5%"]), "by", *self.expr()]
        return [
            "send", *self.random.choice([[self.word(TARGETS)], custom]), *self.perhaps(self.to),
            *self.perhaps(self.with_), *self.perhaps(self.when_), *self.perhaps(lambda: sample),
            *self.perhaps(self.body),
        ]  # fmt: skip

    def to(self) -> Tokens:
        return ["to", *self.names()]

    # -------------------------------------------------------------- tests

    def test(self) -> Tokens:
        return ["test", self.word(TEXTS), *self.block(lambda: self.choose(self.given, self.expect), 1)]

    def given(self) -> Tokens:
        file = ["given", *self.perhaps(lambda: [self.word(TEXTS)]), *self.body()]
        unknown = ["given", "unknown", "event", self.word(TEXTS), *self.perhaps(self.body)]
        return self.random.choice([file, unknown])

    def expect(self) -> Tokens:
        text = self.perhaps(lambda: [self.word(TEXTS)])
        return [
            "expect",
            *self.random.choice([
                self.expect_send(), ["drop", *text], ["skip", *self.perhaps(self.to), *text],
                ["nothing", *self.perhaps(self.to)], ["unhandled"],
            ]),
        ]  # fmt: skip

    def expect_send(self) -> Tokens:
        line = lambda: self.choose(self.assign, lambda: [*self.path(), "is", "missing"])  # noqa: E731
        lines = self.perhaps(lambda: self.block(line))
        exactly = self.perhaps(lambda: ["exactly"])
        return [*exactly, "send", self.word(TARGETS), *self.perhaps(self.to), *lines]

    def program(self, most: int = 4) -> Tokens:
        declarations = self.several(self.declaration, [NEWLINE], 0, most)
        language = self.random.choice([["language", "1"], ["language", "1"], []])
        both = [NEWLINE] if language and declarations else []
        return [*language, *both, *declarations]


@dataclass
class Careless:
    """Writes words with odd spacing, empty lines, comments and lines broken wherever that is allowed."""

    random: Random
    comments: list[str] = field(default_factory=list)

    def write(self, tokens: Tokens) -> str:
        text, rounds, soft, hard = self.perhaps(self.lines), 0, False, False
        for token in tokens:
            if token in (NEWLINE, SOFT):
                soft, hard = soft or token == SOFT, hard or token == NEWLINE
                continue
            text += self.gap(text, token, free=soft or rounds > 0, ends=hard)
            text += token
            rounds += (token in "([") - (token in ")]")
            soft = hard = False
        endings: list[Callable[[], str]] = [lambda: "", lambda: "\n", self.lines]
        return text + self.random.choice(endings)()

    def gap(self, before: str, token: str, *, free: bool, ends: bool) -> str:
        if ends:
            return self.lines()
        if free and self.random.random() < 0.4:
            return self.lines()
        return self.blanks(1 if _stick(before[-1:], token[0]) else 0)

    def blanks(self, least: int = 0) -> str:
        return self.random.choice(["", " ", " ", "  ", "\t"][least:])

    def perhaps(self, make: Callable[[], str]) -> str:
        return make() if self.random.random() < 0.3 else ""

    def lines(self) -> str:
        """At least one line end: perhaps a comment behind the word, empty lines, comments of their own."""
        text = self.blanks() + self.perhaps(self.comment) + "\n"
        for _ in range(self.random.choice([0, 0, 0, 1, 2, 3])):
            text += self.blanks() + self.perhaps(self.comment) + "\n"
        return text + self.blanks()

    def comment(self) -> str:
        sign = self.random.choice(["#", "# ", "## ", "#   ", "# ---- "])
        words = self.random.choice(["", "why", 'a "quote', "or else", "?? {", "日本語"])
        self.comments.append(f"{sign}{len(self.comments)} {words}".rstrip())
        return self.comments[-1] + self.blanks()


def _stick(before: str, after: str) -> bool:
    """Whether two words would be read as one, or be hard to tell, without a blank between them."""
    return (
        bool(before)
        and before not in "([{.,:"
        and (before.isalnum() or before in '_%"')
        and (after.isalnum() or after in '_"')
    )


@dataclass(frozen=True)
class Written:
    """A program as somebody might have typed it, and the comments in it."""

    text: str
    comments: list[str]


def written(random: Random, most: int = 2) -> Written:
    careless = Careless(random)
    text = careless.write(Programs(random).program(most))
    return Written(text, careless.comments)


def programs() -> st.SearchStrategy[Written]:
    return st.randoms(use_true_random=False).map(written)
