"""Checks of rules and destinations: ids, tokens, test codes, and which event sources fit which fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from router.account.checkup.facts import Facts
from router.account.checkup.result import Check, ok, problem, unchecked, warning
from router.account.checkup.shapes import Fault, id_fault, token_fault
from router.account.matching import KEYS
from router.daemon.deployment import TEST_CODE
from router.lang.bind import Bound
from router.lang.lint.nodes import Route, routes
from router.lang.program import Program

_NO_RULES = "no rules are named"
_NAME_THEM = "tagwright doctor --rules FILE, as for `run`"


def rules_are_right(facts: Facts) -> Iterator[Check]:
    """Rules with a mistake do not come into force."""
    if facts.rules is None:
        yield unchecked("rules", _NO_RULES, _NAME_THEM)
    elif facts.rules.program is None:
        for each in facts.rules.problems:
            yield problem("rules", each, f"tagwright check {' '.join(facts.rules.files)}")
    else:
        yield ok("rules", f"{', '.join(facts.rules.files)} can run, version {facts.rules.program.version}")


def ids_look_right(facts: Facts) -> Iterator[Check]:
    """ZW51, UP35: spaces, lost ends, a pixel's id for its code, an app's id for a pixel's."""
    for (name, source), value in sorted(facts.ids.items()):
        if fault := id_fault(source, value):
            yield _faulty("event source ids", f"{name}: the id for {source}", fault)
        else:
            yield ok("event source ids", f"{name}: the id for {source} has the right shape")
    if not facts.ids:
        yield _without_ids(facts)


def _without_ids(facts: Facts) -> Check:
    inactive = sorted({text for each in _bound(facts) for text in each.inactive.values()})
    if not inactive:
        return unchecked("event source ids", _NO_RULES, _NAME_THEM)
    remedy = f"set one of {', '.join(inactive)}"
    return problem("event source ids", "no destination is active: none of its ids is set here", remedy)


def tokens_look_right(facts: Facts) -> Iterator[Check]:
    """UP35, UP37: spaces, quotes, lost ends; and tokens that are not there."""
    active = [each for each in _bound(facts) if each.ids]
    for each in active:
        if not each.token:
            yield _without_token(facts, each.name)
        elif fault := token_fault(each.token):
            yield _faulty("tokens", f"{each.name}: the token", fault)
        else:
            yield ok("tokens", f"{each.name}: the token has the right shape; --probe tries it")
    if not active:
        yield unchecked("tokens", "no destination is active here", _NAME_THEM if facts.rules is None else "")


def _without_token(facts: Facts, name: str) -> Check:
    """The daemon's variables need not be set where somebody looks after it."""
    told = next((each for each in _problems(facts) if each.startswith(f"{name} has no token")), "")
    what, _, fix = told.partition("\n  fix: ")
    if facts.status is not None:
        return unchecked("tokens", f"{name}: the daemon has a token, and it is not set here")
    return problem("tokens", what or f"{name} has no token", fix or "see docs/events-manager.md")


def test_codes_fit_the_profile(facts: Facts) -> Iterator[Check]:
    """CA16, CA17: TikTok shows events with a test code and does not count them."""
    coded = [each.name for each in _bound(facts) if each.ids and TEST_CODE in each.settings]
    is_test = facts.settings.profile == "test"
    if facts.rules is None:
        yield unchecked("test codes", _NO_RULES, _NAME_THEM)
    elif is_test and coded:
        yield warning(
            "test codes",
            f"test profile: events of {', '.join(coded)} carry a test code and are not counted",
            'profile = "production" when they are to count',
        )
    elif is_test:
        yield warning("test codes", "test profile without a test code: events count", "set TIKTOK_TEST_CODE")
    elif coded:
        yield warning(
            "test codes",
            f"{', '.join(coded)}: the test code is ignored in the production profile",
            'take it away; or profile = "test" to see events under Test events',
        )
    else:
        yield ok("test codes", "production profile, and no test code is set")


def ids_are_shared_by_nobody(facts: Facts) -> Iterator[Check]:
    """TikTok sees one event source: the second destination's events are dropped as repeats."""
    users: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (name, source), value in sorted(facts.ids.items()):
        users[source, value].append(name)
    shared = {place: names for place, names in users.items() if len(names) > 1}
    for (source, _), names in shared.items():
        yield warning(
            "shared ids",
            f"{' and '.join(names)} send {source} events to one event source, which counts an event once",
            "give each its own id, or take one away",
        )
    if facts.ids and not shared:
        yield ok("shared ids", "no two destinations send to the same event source")


def sources_have_their_fields(facts: Facts) -> Iterator[Check]:
    """ZW52: an event source must fit the origin of events, and needs fields of its own."""
    program = facts.rules.program if facts.rules else None
    if program is None:
        yield unchecked("event sources", _NO_RULES if facts.rules is None else "the rules have mistakes")
        return
    ways = [each for each in routes(program) if each.rule.source in facts.sources]
    found = [each for source in sorted(facts.sources) for each in _of_source(program, source, ways)]
    yield from found
    if facts.sources and not found:
        yield ok("event sources", f"rules for {', '.join(sorted(facts.sources))} set what these sources need")


def _of_source(program: Program, source: str, ways: list[Route]) -> Iterator[Check]:
    of_source = [each for each in ways if each.rule.source == source]
    if not of_source:
        yield warning(
            "event sources", f"no rule sends an event for {source}", "add rows for it, or take its id away"
        )
    for path in (".".join(parts) for parts in program.required.get(source, ())):
        if any(each.last(path) is None for each in of_source):
            remedy = f"assign {path} in the mapping; without it such an event is skipped"
            yield problem("event sources", f"some rules for {source} never set {path}", remedy)
    if source == "web" and any(each.last("page.url") is None for each in of_source):
        remedy = "assign page.url = event.context.page.url; TikTok matches a web event by its page, too"
        yield warning("event sources", "some rules for web never set page.url", remedy)


def rules_assign_match_keys(facts: Facts) -> Iterator[Check]:
    """ZW56, MP10: an event that matches nobody is of little use. Looks at rules, not at events."""
    program = facts.rules.program if facts.rules else None
    for source in sorted(facts.sources) if program else ():
        ways = [each for each in routes(program) if each.rule.source == source] if program else []
        absent = [
            key.label
            for key in KEYS
            if key.is_for(source) and not any(_sets(way, key.fields) for way in ways)
        ]
        if absent and ways:
            yield warning(
                "match keys in rules",
                f"no rule for {source} sets {', '.join(absent)}",
                "assign what your events have; the mapping `identity` of standard.rules shows how",
            )
        elif ways:
            yield ok("match keys in rules", f"rules for {source} set every key that TikTok takes for it")


def _sets(way: Route, fields: tuple[str, ...]) -> bool:
    return all(way.last(f"user.{name}") is not None for name in fields)


def _faulty(name: str, subject: str, fault: Fault) -> Check:
    make = problem if fault.sure else warning
    return make(name, f"{subject} {fault.what}", fault.remedy)


def _bound(facts: Facts) -> list[Bound]:
    return list(facts.rules.bound.values()) if facts.rules else []


def _problems(facts: Facts) -> tuple[str, ...]:
    return facts.rules.problems if facts.rules else ()
