"""What `check` and `lint` have in common: their options, their formats, their exit status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import click

from router.cli.files import RULE_FILE
from router.cli.fixing import Draft, mend, unified, write
from router.cli.reporting import as_json, counted, show, tally
from router.lang.diagnostics import Diagnostic, has_errors, ordered
from router.linting import Depth, inspect_rules

Form = Literal["text", "json", "sarif", "github", "junit"]
C = TypeVar("C", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for. With `strict` every warning fails."""

    command: str
    files: tuple[Path, ...]
    together: bool
    form: Form
    fix: bool
    diff: bool
    depth: Depth
    strict: bool

    @property
    def groups(self) -> list[tuple[Path, ...]]:
        """The rule sets: each file with what it uses, or all as one."""
        return [self.files] if self.together else [(file,) for file in self.files]


def inspection_options(command: C) -> C:
    """The options that both commands take."""
    formats = click.Choice(["text", "json", "sarif", "github", "junit"])
    for decorate in (
        click.option("--diff", is_flag=True, help="With --fix: change nothing, show what would change."),
        click.option(
            "--fix", is_flag=True, help="Make the corrections that are sure in FILES, then look again."
        ),
        click.option("--format", "form", type=formats, default="text", help="json: a line for each message."),
        click.option("--together", is_flag=True, help="See the files as one rule set, as `run` does."),
        click.argument("files", nargs=-1, required=True, type=RULE_FILE),
    ):
        command = decorate(command)
    return command


def run_inspection(context: click.Context, request: Request) -> None:
    """Mend if asked to, inspect, print, and leave with the exit status."""
    if request.diff and not request.fix:
        raise click.UsageError("--diff shows what --fix would change; write --fix --diff")
    try:
        found = _found(request)
    except OSError as error:
        raise click.FileError(str(error.filename), error.strerror) from error
    _print(request, found)
    every = [problem for problems in found for problem in problems]
    context.exit(1 if has_errors(every) or (request.strict and every) else 0)


def _found(request: Request) -> list[tuple[Diagnostic, ...]]:
    """The problems of each rule set, after the fixes."""
    drafts = mend(request.groups, request.depth) if request.fix else []
    if request.diff:
        _preview(drafts, to_stderr=request.form != "text")
    else:
        _apply(drafts, to_stderr=request.form != "text")
    texts = {draft.path: draft.text for draft in drafts}
    return [inspect_rules(group, request.depth, texts).problems for group in request.groups]


def _preview(drafts: Sequence[Draft], *, to_stderr: bool) -> None:
    for draft in drafts:
        click.echo(unified(draft), nl=False, err=to_stderr)


def _apply(drafts: Sequence[Draft], *, to_stderr: bool) -> None:
    for draft in drafts:
        write(draft)
        for change in draft.changes:
            click.echo(f"fixed {change}", err=to_stderr)


def _print(request: Request, found: Sequence[tuple[Diagnostic, ...]]) -> None:
    """Standard output holds the format and nothing besides."""
    problems = [problem for group in found for problem in group]
    match request.form:
        case "text":
            show(problems)
            click.echo(f"{counted(len(request.files), 'file')}: {tally(problems)}")
        case "json":
            _lines("\n".join(map(as_json, problems)))
        case "sarif":
            from router.cli.report_sarif import sarif

            _lines(sarif(ordered(problems)))
        case "github":
            from router.cli.report_github import github

            _lines(github(ordered(problems)))
        case "junit":
            from router.cli.report_junit import junit

            _lines(junit(_by_file(request, found), request.command, strict=request.strict))


def _lines(text: str) -> None:
    if text:
        click.echo(text)


def _by_file(request: Request, found: Sequence[tuple[Diagnostic, ...]]) -> dict[str, list[Diagnostic]]:
    """The problems of each named file; those of used files belong to the first file of their rule set."""
    by_file: dict[str, list[Diagnostic]] = {}
    for group, problems in zip(request.groups, found, strict=True):
        names = [str(path) for path in group]
        for name in names:
            by_file.setdefault(name, [])
        for problem in problems:
            at = problem.mark.span.source.name
            by_file[at if at in names else names[0]].append(problem)
    return by_file
