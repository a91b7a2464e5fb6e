"""Syntax trees to a checked program: names, types, personal data, one rule per event and source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from router.lang import tree as t
from router.lang.check.cases import Cases
from router.lang.check.collect import collect
from router.lang.check.destinations import EVENT_NAME, Destinations
from router.lang.check.expressions import EVENT, Expressions
from router.lang.check.mappings import Mappings
from router.lang.check.measure import measure
from router.lang.check.rules import Rules
from router.lang.check.scope import DEFAULT_EVENT_NAME, Checking
from router.lang.diagnostics import Diagnostic, has_errors, ordered
from router.lang.environment import Environment, Target
from router.lang.kinds import OBJECT, Kind
from router.lang.messages import names as say_name
from router.lang.messages import rules as say_rule
from router.lang.program import Program


def check(
    files: Iterable[t.File], environment: Environment, *, incomplete: bool = False
) -> tuple[Program | None, list[Diagnostic]]:
    """The program of some files, or None and why not. Warnings come with a program.

    With `incomplete`, a file that belongs to them could not be read, so that nothing counts as undeclared.
    """
    checking = Checking(environment, tuple(files))
    checking.names.incomplete = incomplete
    collect(checking)
    measure(checking)
    expressions = Expressions(checking)
    mappings = Mappings(checking, expressions)
    source = _values(checking, expressions)
    section = Destinations(checking, expressions)
    settings = section.settings()
    destinations = section.check()
    mappings.check()
    dispatch = Rules(checking, expressions, mappings, destinations).check()
    event_name = _event_name(checking, settings.get(EVENT_NAME, DEFAULT_EVENT_NAME))
    tests = Cases(checking, expressions, mappings, destinations, dispatch, event_name).check()
    if checking.without_schema:
        first = min(checking.without_schema, key=lambda span: span.sort_key)
        checking.report(say_name.no_schema(first))
    problems = ordered(checking.problems)
    if has_errors(problems):
        return None, problems
    program = Program(
        environment=environment,
        files=checking.files,
        schema=checking.names.schema or OBJECT,
        event_name=event_name,
        settings=settings,
        lets=checking.names.lets,
        source=source,
        destinations=destinations,
        mappings=checking.names.mappings,
        drops=_drops(checking),
        dispatch=dispatch,
        tests=tests,
        accesses=checking.accesses,
        required={source: _required(environment.target, source) for source in environment.target.sources},
        version=_version(checking.files),
    )
    return program, problems


def _values(checking: Checking, expressions: Expressions) -> t.Expr | None:
    """Check every `let`, and the one line that decides the source."""
    for name in checking.names.lets:
        expressions.let_kind(name)
    lines = sorted(
        (each for each in checking.declarations() if isinstance(each, t.SourceRule)),
        key=lambda each: each.span.sort_key,
    )
    for extra in lines[1:]:
        checking.report(say_rule.second_source(extra.span, lines[0].span))
    for line in lines:
        expressions.kind(line.value, EVENT)
    return lines[0].value if lines else None


def _event_name(checking: Checking, path: tuple[str, ...]) -> tuple[str, ...]:
    """Rules can only be found when the schema has the field that holds the event's name."""
    schema, span = checking.names.schema, checking.names.schema_span
    rules = any(isinstance(each, t.Table | t.On) for each in checking.declarations())
    known = schema is None or _has(schema, path) or path[0] in checking.names.broken_fields
    if span is None or not rules or known or checking.names.incomplete:
        return path
    candidate = schema and next(
        (name for name in ("name", "event", "event_type", "type") if _has(schema, (name,))), None
    )
    field = f"event.{candidate}" if candidate else None
    checking.report(say_name.no_event_name(span, ".".join(path), field))
    return path


def _has(kind: Kind, path: tuple[str, ...]) -> bool:
    for name in path:
        found = (kind.fields or {}).get(name)
        if found is None:
            return kind.base == "any"
        kind = found
    return True


def _required(target: Target, source: str) -> tuple[tuple[str, ...], ...]:
    """What the target requires of a source; a time is not asked of the rules, the arrival has one."""
    fields = (each for each in target.fields.values() if source in each.required_for)
    return tuple(tuple(each.path.split(".")) for each in fields if each.kind.base != "time")


def _drops(checking: Checking) -> tuple[t.DropRule, ...]:
    """Ordered by place, so that the first that holds gives the reason whatever the order of files."""
    drops = [each for each in checking.declarations() if isinstance(each, t.DropRule)]
    return tuple(sorted(drops, key=lambda each: each.span.sort_key))


def _version(files: tuple[t.File, ...]) -> str:
    """Twelve hexadecimal digits that change with any text of the rule set."""
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda each: each.span.source.name):
        digest.update(file.span.source.text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:12]
