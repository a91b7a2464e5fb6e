"""Rule files made at random, of every construct of the language; most of them check."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count

SCHEMA = """
schema event {
  event_name: text required
  id: text
  n: number
  m: number
  s: text
  w: text
  t: time
  u: url
  flag: bool
  color: one of ("red", "green", "null")
  kind: one of ("web", "app", "offline", "crm")
  tags: list of text
  numbers: list of number
  items: list of { id: text, price: number, quantity: number, tags: list of text, product: { name: text } }
  user: { id: text pii, email: list of text pii, phone: list of text pii, zip: text pii }
  box: { a: text, b: { c: number, d: any } }
  extra: any
  consent.advertising: bool
}
"""
NAMES = ["a", "b", "c", "d", '"e f"']
EVENTS = {
    "web": ["Search", "CompletePayment", "Lead"],
    "app": ["Search", "Purchase", "Login"],
    "crm": ["Lead"],
}
_EVERYWHERE = [
    "properties.description", "properties.currency", "properties.order_id", "properties.search_string",
    'properties."own text"',
]  # fmt: skip
TEXT_FIELDS = {
    "web": [
        *_EVERYWHERE, "page.url", "page.referrer", "user.ttclid", "user.city", "user.country", "user.ip",
        "user.user_agent", "properties.status",
    ],
    "app": [*_EVERYWHERE, "app.app_id", "user.idfa", "user.gaid", "user.ip", "user.user_agent"],
    "crm": [*_EVERYWHERE, "lead.lead_id"],
}  # fmt: skip
KEY_FIELDS = {
    "web": ["email", "phone", "external_id", "first_name"],
    "app": ["email", "phone"],
    "crm": ["external_id"],
}
NUMBER_FIELDS = ["properties.value", "properties.num_items", 'properties."own number"']


class Rules:
    """One rule file. Expressions are written by kind, so that most of what is written has no mistakes."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lets: dict[str, list[str]] = {"text": [], "number": [], "bool": []}
        self.items = False
        self.own = count()

    def pick(self, *choices: Callable[[], str]) -> str:
        return self.chance.choice(choices)()

    # -------------------------------------------------------------- expressions

    def text(self, depth: int = 3) -> str:
        if depth == 0 or self.chance.random() < 0.3:
            return self._short_text()
        inner = depth - 1
        return self.pick(
            lambda: f"{self.text(inner)} ?? {self.text(inner)}",
            lambda: f"(if {self.test(inner)} then {self.text(inner)} else {self.text(inner)})",
            lambda: f"lower({self.text(inner)})",
            lambda: f"trim({self.text(inner)})",
            lambda: f"left({self.text(inner)}, {self.number(inner)})",
            lambda: f"concat({self.text(inner)}, {self.number(inner)}, {self.text(inner)})",
            lambda: f"replace({self.text(inner)}, {self.text(inner)}, {self.text(inner)})",
            lambda: f"text({self.number(inner)})",
            lambda: f"join(event.tags, {self.text(inner)})",
            lambda: f'query({self.pick(lambda: "event.u", lambda: "event.s")}, "ttclid")',
            lambda: f'cookie("{self.chance.choice(["ttclid", "_ttp", "none"])}")',
            lambda: f'header("{self.chance.choice(["User-Agent", "x-shop"])}")',
            lambda: f"host({self.text(inner)})",
        )

    def _short_text(self) -> str:
        own = [f"event.{name}" for name in ("s", "w", "u", "id", "box.a", "event_name", "tags[0]")]
        if self.items:
            own += ["item.id", "item.product.name", "item.tags[1]"] * 2
        return self.chance.choice([*own, *self.lets["text"], '"x"', '"null"', '""', '"EUR"', "missing"])

    def arms(self, of: Callable[[int], str], depth: int) -> str:
        first, second = self.chance.sample(['"red"', '"a", "b"', '"x"', '"null", "undefined"'], 2)
        rest = f"\n * -> {of(depth)}" if self.chance.random() < 0.5 else ""
        return f"\n {first} -> {of(depth)}\n {second} -> {of(depth)}{rest}\n"

    def number(self, depth: int = 3) -> str:
        if depth == 0 or self.chance.random() < 0.35:
            own = ["event.n", "event.m", "event.box.b.c", "event.numbers[0]", *self.lets["number"]]
            own += ["item.price", "item.quantity"] * 2 if self.items else []
            return self.chance.choice([*own, "1", "2.5", "100", "0"])
        inner = depth - 1
        sign = self.chance.choice(["+", "-", "*", "/"])
        return self.pick(
            lambda: f"({self.number(inner)} {sign} {self.number(inner)})",
            lambda: f"({self.number(inner)} ?? {self.number(inner)})",
            lambda: f"-{self.number(0)}",
            lambda: f"round({self.number(inner)}, 1)",
            lambda: f"max({self.number(inner)}, {self.number(inner)})",
            lambda: f"abs({self.number(inner)})",
            lambda: f"number({self.text(inner)})",
            lambda: f"count({self.list()})",
            lambda: f"sum({self.pick(lambda: 'event.numbers', lambda: 'event.items[].price')})",
            lambda: f"length({self.text(inner)})",
            lambda: f"unix({self.pick(lambda: 'event.t', lambda: 'now()')})",
        )

    def list(self) -> str:
        return self.chance.choice(
            ["event.tags", "event.items", "event.items[].id", "event.numbers", 'split(event.s, ",")',
             "unique(event.tags)", "event.items[].tags[0]", "event.items[].tags[]", '["a", event.s]']
        )  # fmt: skip

    def test(self, depth: int = 3) -> str:
        if depth == 0 or self.chance.random() < 0.15:
            return self.chance.choice(["event.flag", "event.s is present", *self.lets["bool"]])
        inner = depth - 1
        text, number = (
            self.chance.choice(["==", "!="]),
            self.chance.choice(["<", "<=", ">", ">=", "==", "!="]),
        )
        return self.pick(
            lambda: f"({self.test(inner)} and {self.test(inner)})",
            lambda: f"({self.test(inner)} or {self.test(inner)} or {self.test(inner)})",
            lambda: f"not ({self.test(inner)})",
            lambda: f"({self.text(inner)}) {text} ({self.text(inner)})",
            lambda: f"({self.number(inner)}) {number} ({self.number(inner)})",
            lambda: (
                f'({self.text(inner)}) {self.chance.choice(["starts_with", "ends_with", "contains"])} "a"'
            ),
            lambda: f'({self.text(inner)}) matches "a*"',
            lambda: f'({self.text(inner)}) in ["x", "red", "a"]',
            lambda: f"({self.text(inner)}) in event.tags",
            lambda: f"event.tags contains ({self.text(inner)})",
            lambda: f"({self.text(inner)}) is {self.chance.choice(['present', 'missing'])}",
            lambda: f"event.{self.chance.choice(['box', 'items', 'extra', 'user', 'tags', 't'])} is present",
            lambda: f"event.flag {text} true",
        )

    def hashed(self) -> str:
        return self.chance.choice(
            ["hash_email(event.user.email)", "hash_phone(event.user.phone)", "hash_id(event.user.id)",
             'hash_phone(event.user.phone, "DE")', "hashed(event.user.email) ?? hash_id(event.user.id)",
             "if event.flag then hash_email(event.user.email) else hash_id(event.user.id)",
             "hash_id(event.tags)", "hash_email(lower(event.s))", f"hash_id({self.text(1)})"]
        )  # fmt: skip

    # -------------------------------------------------------------- lines

    def line(self, source: str, depth: int = 2) -> str:
        roll = self.chance.randrange(17)
        if roll == 0 and depth:
            return f"when {self.test()} {{\n{self.lines(source, depth - 1, 3)}\n}}"
        if roll == 1 and depth:
            inner = [self.lines(source, depth - 1, 2) for _ in range(3)]
            return (
                f"when {self.test(2)} {{\n{inner[0]}\n}} otherwise when {self.test(1)} {{\n{inner[1]}\n}} "
                f"otherwise {{\n{inner[2]}\n}}"
            )
        if roll == 2 and depth:
            return (
                f"for {self.chance.choice([source, 'web', 'app'])} {{\n{self.lines(source, depth - 1, 2)}\n}}"
            )
        if roll == 3:
            fields = self.chance.sample(["properties", "properties.value", "user", "properties.order_id"], 2)
            return f"omit {fields[0]}"
        if roll == 4:
            path = self.chance.choice(["properties.order_id", "user", "properties.value"])
            return f'require {path} reason "why {roll}"'
        if roll in (5, 6):
            return self.each()
        if roll in (7, 8):
            field = self.chance.choice(KEY_FIELDS[source])
            return f"user.{field} = {'hash_name(event.s)' if field == 'first_name' else self.hashed()}"
        if roll in (9, 10):
            value = (
                f"match {self.text(2)} {{{self.arms(self.number, 2)}}}"
                if self.chance.random() < 0.2
                else self.number()
            )
            return f"{self.chance.choice(NUMBER_FIELDS)} = {value}"
        if roll == 11:
            times = ["event.t", "event.t ?? now()", "now()", "from_iso(event.s)"]
            return f"event_time = {self.chance.choice(times)}"
        if roll == 12:
            return f"event_id = {self.pick(lambda: 'event.id', lambda: self.text(1))}"
        if roll == 13:
            texts = [
                "event.tags",
                "event.items[].id",
                'split(event.s, ",")',
                "unique(event.tags)",
                '["a", event.s]',
            ]
            return f"properties.content_ids = {self.chance.choice(texts)}"
        if roll == 14:
            value = self.chance.choice(
                ["event.extra", "event.box.b.d", "event.items", self.list(), self.number(1)]
            )
            name = f"own {next(self.own)}" if self.chance.random() < 0.8 else "own"
            return f'properties."{name}" = {value}'
        if roll == 15:
            value = f"match {self.text(2)} {{{self.arms(self.text, 2)}}}"
            return f"{self.chance.choice(TEXT_FIELDS[source])} = {value}"
        return f"{self.chance.choice(TEXT_FIELDS[source])} = {self.text()}"

    def each(self) -> str:
        self.items = True
        where = f" where {self.test(1)}" if self.chance.random() < 0.4 else ""
        body = [
            f"content_id = {self.text(1)}",
            'content_type = event.w ?? "product"',
            f"price = {self.number(1)}",
            f"quantity = {self.number(1)}",
            f"brand = {self.text(1)}",
            f'when {self.test(1)} {{\n content_name = {self.text(1)}\n brand = "b"\n}}',
        ]
        lines = "\n".join(self.chance.sample(body, 3))
        self.items = False
        return f"properties.contents = each item in event.items{where} {{\n{lines}\n}}"

    def lines(self, source: str, depth: int, most: int) -> str:
        return "\n".join(self.line(source, depth) for _ in range(self.chance.randint(1, most)))

    # -------------------------------------------------------------- declarations

    def names(self) -> str:
        found = []
        for index in range(self.chance.randrange(5)):
            kind = self.chance.choice(list(self.lets))
            write = {"text": self.text, "number": self.number, "bool": self.test}[kind]
            found.append(f"let name{index} = {write(3)}")
            self.lets[kind].append(f"name{index}")
        return "\n".join(found)

    def drop(self) -> str:
        names = self.chance.choice(["", " a", " b, c", " never"])
        where = self.chance.choice(["", " for web", " for app, crm"])
        when = f" when {self.test(2)}" if self.chance.random() < 0.8 else ""
        return f'drop{names}{where}{when} reason "r"' if names or when else ""

    def action(self, source: str, depth: int = 2) -> str:
        roll = self.chance.randrange(6)
        if roll == 0 and depth:
            one, other = self.action(source, depth - 1), self.action(source, 0)
            return f"when {self.test(2)} {{\n{one}\n}} otherwise {{\n{other}\n}}"
        if roll == 1:
            return 'drop reason "dropped"'
        event = self.chance.choice(
            [*EVENTS[source], '"Own"', f"custom({self.text(1)})" if source != "offline" else "Lead"]
        )
        to = self.chance.choice(["", "", f" to {source}1", f" to {source}1, {source}2"])
        when = f" when {self.test(1)}" if self.chance.random() < 0.3 else ""
        sample = f" sample 50% by {self.text(1)}" if self.chance.random() < 0.2 else ""
        body = f" {{\n{self.lines(source, 1, 3)}\n}}" if self.chance.random() < 0.5 else ""
        return f"send {event}{to} with {source}{when}{sample}{body}"

    def actions(self, source: str) -> str:
        return "\n".join(self.action(source) for _ in range(self.chance.randint(1, 3)))

    def destination(self, source: str, number: int) -> str:
        gate = f'\n  requires {self.test(1)} reason "no {number}"' if self.chance.random() < 0.3 else ""
        key = {"web": "pixel", "app": "app_id", "crm": "event_set"}[source]
        return (
            f'destination {source}{number} {{\n  type = "tiktok"\n  source = "{source}"\n  {key} = env("X")\n'
            f'  token = secret("T"){gate}\n}}'
        )

    def file(self) -> str:
        junk = (
            '  missing_values = ["null", "undefined", "(not set)", "0"]\n'
            if self.chance.random() < 0.5
            else ""
        )
        omit = '  missing_event_id = "omit"\n' if self.chance.random() < 0.2 else ""
        current = '  event_names = "current"\n' if self.chance.random() < 0.2 else ""
        settings = f"settings {{\n{junk}{omit}{current}}}" if junk or omit or current else ""
        names = self.names()
        sources = ["web", "app", "crm"]
        rows = ""
        for name in NAMES[:3]:
            when = f" when {self.test(2)}" if self.chance.random() < 0.3 else ""
            cells = " | ".join(self.chance.choice([*EVENTS[source], "-"]) for source in sources)
            rows += f"  {name} | {cells}{when}\n"
        rules = [
            f"on {name} for {source} {{\n{self.actions(source)}\n}}"
            for name, source in zip(NAMES[3:], self.chance.sample(sources, 2), strict=True)
        ]
        star = (
            f"on * for {self.chance.choice(sources)} {{\nsend Search with web\n}}"
            if self.chance.random() < 0.2
            else ""
        )
        parts = [
            "language 1", SCHEMA, settings, 'source = event.kind ?? "web"', names,
            *(self.destination(source, number) for source in sources for number in (1, 2)),
            *(self.drop() for _ in range(self.chance.randrange(3))),
            *(f"mapping {source} {{\n{self.lines(source, 2, 12)}\n}}" for source in sources),
            "events {\n  event | web | app | crm\n" + rows + "}", *rules, star,
        ]  # fmt: skip
        return "\n".join(part for part in parts if part) + "\n"


def rules(chance: random.Random) -> str:
    """The text of a rule file."""
    return Rules(chance).file()
