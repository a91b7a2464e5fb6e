"""At most one rule for an event and source: who claims what, who overrides whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from router.lang import tree as t
from router.lang.check.scope import Checking
from router.lang.messages import rules as say
from router.lang.program import Rule
from router.lang.source import Span


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that wants to be the rule of an event for a source."""

    rule: Rule
    name: Span
    statement: Span
    override: bool
    star: bool

    @property
    def key(self) -> tuple[str, str, bool]:
        return self.rule.source, self.rule.event, self.star


@dataclass(slots=True)
class Claims:
    """Claims on (source, event); `keyed` are those of `events by` tables."""

    plain: list[Claim] = field(default_factory=list)
    keyed: list[Claim] = field(default_factory=list)
    key: t.Ref | None = None


Settled = tuple[dict[str, dict[str, Rule]], dict[str, Rule]]


def settle(checking: Checking, claims: list[Claim]) -> Settled:
    """The rules by source and event name, and those of `*` by source; every clash is reported."""
    chosen: dict[tuple[str, str, bool], Claim] = {}
    clashes: dict[tuple[Span, Span], tuple[Claim, list[str]]] = {}
    for claim in sorted(claims, key=lambda each: (each.override, *each.name.sort_key)):
        first = chosen.get(claim.key)
        if first is None or (claim.override and not first.override):
            chosen[claim.key] = claim
        else:
            clashes.setdefault((claim.name, first.name), (claim, []))[1].append(claim.rule.source)
    _report_clashes(checking, clashes)
    _report_idle_overrides(checking, claims)
    return _tables(checking, chosen.values())


def _tables(checking: Checking, chosen: Iterable[Claim]) -> Settled:
    table: dict[str, dict[str, Rule]] = {source: {} for source in checking.target.sources}
    stars: dict[str, Rule] = {}
    for claim in chosen:
        if claim.star:
            stars[claim.rule.source] = claim.rule
        else:
            table.setdefault(claim.rule.source, {})[claim.rule.event] = claim.rule
    return table, stars


def _report_clashes(checking: Checking, clashes: dict[tuple[Span, Span], tuple[Claim, list[str]]]) -> None:
    for (second, first), (claim, sources) in clashes.items():
        shown = " and ".join(s for s in checking.target.sources if s in sources)
        checking.report(
            say.handled_twice(second, first, claim.rule.event, shown, claim.statement, claim.override)
        )


def _report_idle_overrides(checking: Checking, claims: list[Claim]) -> None:
    """An override must replace something for at least one of its sources."""
    plain = {claim.key for claim in claims if not claim.override}
    useful: dict[Span, bool] = {}
    for claim in claims:
        if claim.override:
            useful[claim.name] = useful.get(claim.name, False) or claim.key in plain
    for claim in claims:
        if claim.override and not useful.pop(claim.name, True) and not checking.names.rules_broken:
            checking.report(say.nothing_to_override(claim.name, claim.rule.event, claim.statement))
