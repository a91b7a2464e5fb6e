"""Rules bound to this machine: which destinations are active, with which ids and tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from router.lang.bind import Bound, bind
from router.lang.diagnostics import Diagnostic
from router.lang.library import Variables
from router.lang.program import Program
from router.rulebook import load
from router.tiktok.client import Credentials

TEST_CODE = "test_event_code"
PARTNER = "partner_name"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A program with its destinations as they run now. Replaced as a whole by a reload."""

    program: Program
    destinations: Mapping[str, Bound]
    files: tuple[str, ...]
    profile: Literal["test", "production"]
    remarks: tuple[str, ...] = field(default=())
    """What an operator should know at start: inactive destinations, ignored test codes."""

    @property
    def inactive(self) -> frozenset[tuple[str, str]]:
        """(destination, source) pairs without an id."""
        return frozenset(
            (name, source) for name, each in self.destinations.items() for source in each.inactive
        )

    @property
    def active(self) -> list[str]:
        return [name for name, each in self.destinations.items() if each.ids]

    def credentials(self, destination: str) -> Credentials | None:
        """What a request of this destination carries; None when it is gone. Production sends no test code."""
        bound = self.destinations.get(destination)
        if bound is None or bound.token is None:
            return None
        test_code = bound.settings.get(TEST_CODE) if self.profile == "test" else None
        return Credentials(bound.token, test_code, bound.settings.get(PARTNER))


@dataclass(frozen=True, slots=True)
class NotReady:
    """Why rules cannot run: mistakes in the files, or what the environment lacks, each with its fix."""

    diagnostics: tuple[Diagnostic, ...] = ()
    problems: tuple[str, ...] = ()


def deploy(
    paths: Sequence[Path], variables: Variables, profile: Literal["test", "production"]
) -> Deployment | NotReady:
    """Load, check and bind the rules. A file that cannot be opened is a problem like any other."""
    try:
        book = load(paths)
    except OSError as error:
        return NotReady(problems=(f"{error.filename}: {error.strerror or 'cannot be read'}",))
    if book.program is None:
        return NotReady(book.problems)
    bound = bind(book.program, variables)
    problems = tuple(_problems(bound, variables))
    if problems:
        return NotReady(problems=problems)
    remarks = tuple(_remarks(bound, profile))
    return Deployment(book.program, bound, tuple(map(str, book.paths)), profile, remarks)


def _problems(destinations: Mapping[str, Bound], variables: Variables) -> Iterator[str]:
    if not destinations:
        yield 'the rules declare no destination; add one, or use "standard.rules"'
        return
    if not any(each.ids for each in destinations.values()):
        wanted = sorted({text for each in destinations.values() for text in each.inactive.values()})
        yield f"no destination is active, because none of {', '.join(wanted)} is set; set one of them"
    for each in destinations.values():
        if each.ids and not each.token:
            yield f"{each.name} has no token: {_without_token(each.token_text, variables)}"
        if each.ids:
            yield from _blanks(each)


def _without_token(expression: str, variables: Variables) -> str:
    """`secret("X")` reads the variable X, or the file that X_FILE names."""
    name = expression.partition('"')[2].partition('"')[0]
    if name and (file := variables.env(f"{name}_FILE")):
        return f"the file {file}, which {name}_FILE names, is empty or this user cannot read it"
    fix = f"{name}, or {name}_FILE to the path of a file that holds it" if name else "it"
    return f"{expression} gave none; set {fix}"


def _blanks(bound: Bound) -> Iterator[str]:
    """White space in an id or token is a copying accident that TikTok answers with a puzzling refusal."""
    named = [*((f"the event source id for {source}", value) for source, value in bound.ids.items())]
    named.append(("the token", bound.token or ""))
    for what, value in named:
        if any(char.isspace() or not char.isprintable() for char in value):
            yield f"{bound.name}: {what} contains white space or control characters; copy it without them"


def _remarks(destinations: Mapping[str, Bound], profile: str) -> Iterator[str]:
    for each in destinations.values():
        for source, expression in each.inactive.items():
            yield f"{each.name} is inactive for {source}: {expression} is not set"
        if profile == "production" and TEST_CODE in each.settings and each.ids:
            yield f"{each.name}: the test event code is ignored in the production profile"
