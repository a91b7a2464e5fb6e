"""The syntax tree: what a rule file says, as frozen nodes with spans.

Nodes compare by identity, so the checker can keep its facts in tables beside the tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as OneOf

from router.lang.source import Span


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Word(Node):
    """A name or a quoted text, as written."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Path(Node):
    """A payload path such as `properties.value`, or a given such as `cookie.ttclid`."""

    parts: tuple[Word, ...]
    names: tuple[str, ...] = field(init=False)
    """Its parts as texts: a quoted name of the author's own may hold dots."""
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(part.text for part in self.parts))
        object.__setattr__(self, "text", ".".join(self.names))


# ------------------------------------------------------------------ expressions


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Node):
    """Text, number, bool; None is `missing`."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True, eq=False)
class ListOf(Node):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ObjectOf(Node):
    pairs: tuple[tuple[Word, Expr], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Column(Node):
    """The step `[]`: every element of a list."""


@dataclass(frozen=True, slots=True, eq=False)
class Index(Node):
    """The step `[n]`: one element of a list, counted from 0."""

    number: int


Step = Word | Column | Index


@dataclass(frozen=True, slots=True, eq=False)
class Ref(Node):
    """A name with steps: `event.items[].id`, `is_ios`, `item.price`."""

    name: Word
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    name: Word
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Coalesce(Node):
    """`a ?? b ?? c`: the first that is present."""

    choices: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class If(Node):
    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Or(Node):
    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class And(Node):
    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Not(Node):
    term: Expr


CompareOp = OneOf["==", "!=", "<", "<=", ">", ">=", "contains", "starts_with", "ends_with", "matches", "in"]


@dataclass(frozen=True, slots=True, eq=False)
class Compare(Node):
    op: CompareOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Presence(Node):
    """`x is present`, `x is missing`."""

    value: Expr
    present: bool


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic(Node):
    op: OneOf["+", "-", "*", "/"]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Negate(Node):
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Arm(Node):
    """`"a", "b" -> value`; no patterns is `*`, any present value."""

    patterns: tuple[Literal, ...]
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Match(Node):
    subject: Expr
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BrokenExpr(Node):
    """Stands where a condition did not parse; the mistake is already reported."""


Expr = (
    Literal | ListOf | ObjectOf | Ref | Call | Coalesce | If | Or | And | Not
    | Compare | Presence | Arithmetic | Negate | Match | BrokenExpr
)  # fmt: skip


# ------------------------------------------------------------------ mappings


@dataclass(frozen=True, slots=True, eq=False)
class Assign(Node):
    path: Path
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Each(Node):
    """`path = each item in list where condition { … }`."""

    path: Path
    item: Word
    items: Expr
    where: Expr | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Include(Node):
    names: tuple[Word, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ForSources(Node):
    sources: tuple[Word, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class When(Node):
    """`when … { } otherwise when … { } otherwise { }`; `branches` are conditions with their statements."""

    branches: tuple[tuple[Expr, tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Require(Node):
    """At least one of the paths must be assigned, else the send is skipped."""

    paths: tuple[Path, ...]
    reason: Word | None


@dataclass(frozen=True, slots=True, eq=False)
class Omit(Node):
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Broken(Node):
    """Stands where a line did not parse; the mistake is already reported."""


Statement = Assign | Each | Include | ForSources | When | Require | Omit | Broken


# ------------------------------------------------------------------ rules


@dataclass(frozen=True, slots=True, eq=False)
class EventName(Node):
    """A neutral event name on the left of a row or behind `on`; `star` is everything else."""

    text: str
    star: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TargetEvent(Node):
    """The target's event: a standard name, or a custom one in quotes."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True, eq=False)
class CustomEvent(Node):
    """`custom(expression)`: the name is computed."""

    name: Expr


@dataclass(frozen=True, slots=True, eq=False)
class NotSent(Node):
    """The cell `-`."""


Cell = TargetEvent | NotSent


@dataclass(frozen=True, slots=True, eq=False)
class Sample(Node):
    """`sample 10% by key`, in hundredths of a percent."""

    basis_points: int
    key: Expr


@dataclass(frozen=True, slots=True, eq=False)
class SendAction(Node):
    event: TargetEvent | CustomEvent
    to: tuple[Word, ...]
    mappings: tuple[Word, ...]
    when: Expr | None
    sample: Sample | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DropAction(Node):
    reason: Word | None


@dataclass(frozen=True, slots=True, eq=False)
class WhenAction(Node):
    branches: tuple[tuple[Expr, tuple[Action, ...]], ...]
    otherwise: tuple[Action, ...]


Action = SendAction | WhenAction | DropAction | Broken


@dataclass(frozen=True, slots=True, eq=False)
class Header(Node):
    """The columns of a table; the span covers `event | web | app`."""

    columns: tuple[Word, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Row(Node):
    override: bool
    events: tuple[EventName, ...]
    cells: tuple[Cell, ...]
    mappings: tuple[Word, ...]
    when: Expr | None


# ------------------------------------------------------------------ declarations


@dataclass(frozen=True, slots=True, eq=False)
class Language(Node):
    edition: int


@dataclass(frozen=True, slots=True, eq=False)
class Use(Node):
    file: Word


@dataclass(frozen=True, slots=True, eq=False)
class NamedType(Node):
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class ListType(Node):
    element: Type


@dataclass(frozen=True, slots=True, eq=False)
class EnumType(Node):
    options: tuple[Literal, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ObjectType(Node):
    fields: tuple[SchemaField | Broken, ...]


Type = NamedType | ListType | EnumType | ObjectType


@dataclass(frozen=True, slots=True, eq=False)
class SchemaField(Node):
    path: Path
    type: Type
    pii: bool
    required: bool
    description: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Schema(Node):
    extend: bool
    name: Word
    fields: tuple[SchemaField | Broken, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Let(Node):
    name: Word
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class SourceRule(Node):
    """`source = …`: which source an event belongs to."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Setting(Node):
    name: Word
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class SettingsBlock(Node):
    settings: tuple[Setting | Broken, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Requires(Node):
    """A destination's gate, such as consent."""

    condition: Expr
    reason: Word | None


@dataclass(frozen=True, slots=True, eq=False)
class DestinationBlock(Node):
    name: Word
    lines: tuple[Setting | Requires | Include | Broken, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Mapping(Node):
    name: Word
    sources: tuple[Word, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table(Node):
    name: Word | None
    key: Ref | None
    mappings: tuple[Word, ...]
    header: Header | None
    rows: tuple[Row | Broken, ...]


@dataclass(frozen=True, slots=True, eq=False)
class On(Node):
    override: bool
    events: tuple[EventName, ...]
    sources: tuple[Word, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DropRule(Node):
    """`drop names for sources when condition reason "…"`, before anything else is looked at."""

    events: tuple[EventName, ...]
    sources: tuple[Word, ...]
    when: Expr | None
    reason: Word | None


@dataclass(frozen=True, slots=True, eq=False)
class Given(Node):
    file: Word | None
    unknown_event: Word | None
    lines: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ExpectMissing(Node):
    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class ExpectSend(Node):
    exactly: bool
    event: TargetEvent
    to: tuple[Word, ...]
    lines: tuple[Assign | ExpectMissing | Broken, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ExpectDrop(Node):
    reason: Word | None


@dataclass(frozen=True, slots=True, eq=False)
class ExpectSkip(Node):
    to: tuple[Word, ...]
    reason: Word | None


@dataclass(frozen=True, slots=True, eq=False)
class ExpectNothing(Node):
    to: tuple[Word, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ExpectUnhandled(Node):
    pass


Expectation = ExpectSend | ExpectDrop | ExpectSkip | ExpectNothing | ExpectUnhandled


@dataclass(frozen=True, slots=True, eq=False)
class Test(Node):
    name: Word
    lines: tuple[Given | Expectation | Broken, ...]


Declaration = (
    Use | Schema | Let | SourceRule | SettingsBlock | DestinationBlock | Mapping
    | Table | On | DropRule | Test | Broken
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class File(Node):
    """One parsed file."""

    language: Language | None
    declarations: tuple[Declaration, ...]
