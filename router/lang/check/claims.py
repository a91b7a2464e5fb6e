"""At most one rule for an event and source: who claims what, who overrides whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from router.lang import tree as t
from router.lang.check.order import in_order
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

    def rank(self, ranks: Mapping[str, int]) -> int:
        return ranks[self.name.source.name]


@dataclass(slots=True)
class Claims:
    """Claims on (source, event); `keyed` are those of `events by` tables."""

    plain: list[Claim] = field(default_factory=list)
    keyed: list[Claim] = field(default_factory=list)
    key: t.Ref | None = None


Settled = tuple[dict[str, dict[str, Rule]], dict[str, Rule]]


def settle(checking: Checking, claims: list[Claim]) -> Settled:
    """The rules by source and event name, and those of `*` by source; every clash is reported.

    Of two, the second is the one that its author can change: that of the file that uses the other's.
    """
    chosen: dict[tuple[str, str, bool], Claim] = {}
    clashes: dict[tuple[Span, Span], tuple[Claim, list[str]]] = {}
    ranks = _used_first(checking.files)
    for claim in sorted(claims, key=lambda each: (each.override, each.rank(ranks), each.name.start)):
        first = chosen.get(claim.key)
        if first is None or (claim.override and not first.override):
            chosen[claim.key] = claim
        else:
            clashes.setdefault((claim.name, first.name), (claim, []))[1].append(claim.rule.source)
    _report_clashes(checking, clashes)
    _report_idle_overrides(checking, claims)
    return _tables(checking, chosen.values())


def _used_first(files: Iterable[t.File]) -> dict[str, int]:
    """The names of the files, each behind those that it uses, with their numbers."""
    ordered = sorted(files, key=lambda file: file.span.source.name)
    names = [file.span.source.name for file in ordered]
    uses = {
        name: [other for other in names if _uses(file, other)]
        for name, file in zip(names, ordered, strict=True)
    }
    done, _ = in_order(uses)
    return {name: rank for rank, name in enumerate(dict.fromkeys([*done, *names]))}


def _uses(file: t.File, name: str) -> bool:
    wanted = (each.file.text for each in file.declarations if isinstance(each, t.Use))
    return any(name == each or name.endswith(f"/{each}") for each in wanted)


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
