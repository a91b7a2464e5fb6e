"""Rules bound to this machine: which destinations are active, with which ids and tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from router.lang.bind import Bound, bind
from router.lang.compiled import Plan
from router.lang.diagnostics import Diagnostic
from router.lang.program import Program
from router.rulebook import Rulebook
from router.settings import EXPOSED, EnvironmentVariables, closing, read_keyring
from router.tiktok.client import Credentials
from router.tiktok.finishing import plan_of

TEST_CODE = "test_event_code"
PARTNER = "partner_name"

Role = Literal["live", "dry_run", "shadow"]
"""What a rule set is for: only `live` needs tokens, and `shadow` not even an active destination."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A program with its destinations as they run now. Replaced as a whole by a reload."""

    program: Program
    plan: Plan
    destinations: Mapping[str, Bound]
    files: tuple[str, ...]
    profile: Literal["test", "production"]
    remarks: tuple[str, ...] = field(default=())
    """What an operator should know at start: inactive destinations, ignored test codes."""

    inactive: frozenset[tuple[str, str]] = frozenset()
    """(destination, source) pairs without an id."""

    events: frozenset[str] = frozenset()
    """Names of events that the rules know."""

    rules: tuple[Path, ...] = ()
    texts: Mapping[Path, str] = field(default_factory=dict)
    """The files that were asked for, and the texts of these and all that they use."""

    @property
    def active(self) -> list[str]:
        return [name for name, each in self.destinations.items() if each.ids]

    @property
    def tokens(self) -> list[str]:
        return [each.token for each in self.destinations.values() if each.token]

    def credentials(self, destination: str) -> Credentials | None:
        """What a request of this destination carries; None when it is gone. Production sends no test code."""
        bound = self.destinations.get(destination)
        if bound is None or bound.token is None:
            return None
        test_code = bound.settings.get(TEST_CODE) if self.profile == "test" else None
        return Credentials(bound.token, test_code, bound.settings.get(PARTNER))

    def with_token(self, destination: str, token: str) -> Deployment:
        """The same with another token for one of its destinations."""
        bound = replace(self.destinations[destination], token=token)
        return replace(self, destinations={**self.destinations, destination: bound})


@dataclass(frozen=True, slots=True)
class NotReady:
    """Why rules cannot run: mistakes in the files, or what the environment lacks, each with its fix."""

    diagnostics: tuple[Diagnostic, ...] = ()
    problems: tuple[str, ...] = ()

    def in_short(self) -> list[str]:
        """A line or two each. Not as drawn for authors: a drawing quotes the line, which may hold a token."""
        return [*self.problems, *map(_brief, self.diagnostics)]


def _brief(problem: Diagnostic) -> str:
    return f"{problem.mark.span.place}: {problem.code} {problem.message}"


def deploy(
    book: Rulebook, variables: EnvironmentVariables, profile: Literal["test", "production"], role: Role
) -> Deployment | NotReady:
    """Bind checked rules to what the environment holds now."""
    if book.program is None:
        return NotReady(book.problems)
    bound = bind(book.program, variables)
    problems = tuple(_problems(bound, variables, role))
    if problems:
        return NotReady(problems=problems)
    remarks = tuple(_remarks(bound, profile))
    inactive = frozenset((name, source) for name, each in bound.items() for source in each.inactive)
    files = tuple(map(str, book.paths))
    return Deployment(
        book.program, plan_of(book.program), bound, files, profile, remarks, inactive,
        frozenset(book.program.dispatch.names()),
    )  # fmt: skip


def _problems(
    destinations: Mapping[str, Bound], variables: EnvironmentVariables, role: Role
) -> Iterator[str]:
    if role == "shadow":
        return
    if not destinations:
        yield 'the rules declare no destination; add one, or use "standard.rules"'
        return
    if not any(each.ids for each in destinations.values()):
        wanted = sorted({text for each in destinations.values() for text in each.inactive.values()})
        yield f"no destination is active, because none of {', '.join(wanted)} is set; set one of them"
    for each in destinations.values():
        if each.ids and not each.token and role == "live":
            yield f"{each.name} has no token: {_without_token(each.token_text, variables)}"
        if each.ids:
            yield from _blanks(each)


def _without_token(expression: str, variables: EnvironmentVariables) -> str:
    """`secret("X")` reads the variable X, or the file that X_FILE names, or the keyring at X_KEYRING."""
    name = expression.partition('"')[2].partition('"')[0]
    if name and (file := variables.env(f"{name}_FILE")):
        which = f"the file {file}, which {name}_FILE names,"
        if variables.refuses(file):
            return f"{which} {EXPOSED}\n  fix: {closing(file)}"
        return f"{which} is empty or this user cannot read it"
    if name and (place := variables.env(f"{name}_KEYRING")):
        return f"{name}_KEYRING names {place}: {read_keyring(place).problem}"
    fix = f"{name}, or {name}_FILE to the path of a file that holds it" if name else "it"
    return f"{expression} gave none; set {fix}"


def _blanks(bound: Bound) -> Iterator[str]:
    """White space in an id or token is a copying accident that TikTok answers with a puzzling refusal."""
    named = [*((f"the event source id for {source}", value) for source, value in bound.ids.items())]
    named.append(("the token", bound.token or ""))
    for what, value in named:
        if has_blanks(value):
            yield f"{bound.name}: {what} contains white space or control characters; copy it without them"


def has_blanks(value: str) -> bool:
    """Whether an id or token holds what neither can hold."""
    return any(char.isspace() or not char.isprintable() for char in value)


def _remarks(destinations: Mapping[str, Bound], profile: str) -> Iterator[str]:
    for each in destinations.values():
        for source, expression in each.inactive.items():
            yield f"{each.name} is inactive for {source}: {expression} is not set"
        if profile == "production" and TEST_CODE in each.settings and each.ids:
            yield f"{each.name}: the test event code is ignored in the production profile"
