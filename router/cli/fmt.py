"""`tagwright fmt`: rule files in their one layout."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import click

from router.assets import asset
from router.cli.replacing import replace_file
from router.cli.reporting import counted, wants_colour
from router.lang.diagnostics import Diagnostic
from router.lang.draw import draw
from router.lang.format import Formatted, Refused, UnfaithfulLayoutError, format_rules
from router.lang.messages import syntax as say
from router.lang.source import Source, Span

_STANDARD_INPUT = "-"
_UNENDED = "\n\\ No newline at end of file\n"
_CLEAN, _FINDINGS, _COULD_NOT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Text:
    """A rule file as it is and as it should be."""

    name: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class _Failure:
    """A file that stays as it is, what to say about it, and the exit status."""

    message: str
    status: int


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option("--check", "check", is_flag=True, help="Change nothing; name the files that would change.")
@click.option("--diff", "diff", is_flag=True, help="Change nothing; show what would change.")
@click.pass_context
def fmt(context: click.Context, files: tuple[str, ...], check: bool, diff: bool) -> None:
    """Rewrite rule files in the one canonical layout.

    Columns line up, blocks are indented, comments stay where they are; what the rules mean never changes.
    A file that does not parse stays untouched and its mistakes are shown. With - standard input is formatted
    to standard output.

    Exit status: 0 formatted or nothing to do, 1 a file does not parse, or would change under --check or
    --diff, 2 a file could not be read or written.
    """
    grammar = asset("grammar/rules.lark").read_text(encoding="utf-8")
    results = [_formatted(name, grammar) for name in files]
    if check or diff:
        statuses = [_compare(each, names=check, diff=diff) for each in results]
    else:
        statuses = [_write(each) for each in results]
        _summary(results, statuses)
    context.exit(max(statuses))


# ------------------------------------------------------------------ what a file should be


def _formatted(name: str, grammar: str) -> _Text | _Failure:
    try:
        before = _read(name)
    except OSError as error:
        return _Failure(f"error: cannot read {name}: {error.strerror}", _COULD_NOT)
    try:
        text = before.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return _refused([say.not_text(Span(Source(name, ""), 0, 0))])
    try:
        result = format_rules(Source(name, text), grammar)
    except UnfaithfulLayoutError as error:
        return _Failure(f"internal error: {error}; it stays as it is. Please report this.", _COULD_NOT)
    match result:
        case Formatted():
            return _Text(name, before, result.text.encode())
        case Refused():
            return _refused(result.problems)
        case _:
            assert_never(result)


def _read(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == _STANDARD_INPUT else Path(name).read_bytes()


def _refused(problems: Iterable[Diagnostic]) -> _Failure:
    return _Failure("\n\n".join(draw(each, colour=wants_colour()) for each in problems), _FINDINGS)


# ------------------------------------------------------------------ what is done about it


def _compare(result: _Text | _Failure, *, names: bool, diff: bool) -> int:
    if isinstance(result, _Failure):
        return _complain(result)
    if result.before == result.after:
        return _CLEAN
    if names:
        click.echo(result.name)
    if diff:
        click.echo(_unified(result), nl=False)
    return _FINDINGS


def _write(result: _Text | _Failure) -> int:
    if isinstance(result, _Failure):
        return _complain(result)
    if result.name == _STANDARD_INPUT:
        sys.stdout.buffer.write(result.after)
    elif result.before != result.after:
        try:
            replace_file(Path(result.name), result.after)
        except OSError as error:
            return _complain(_Failure(f"error: cannot write {result.name}: {error.strerror}", _COULD_NOT))
        click.echo(f"formatted {result.name}")
    return _CLEAN


def _complain(failure: _Failure) -> int:
    """Not on standard output, which holds formatted text, names or a diff."""
    click.echo(failure.message, err=True)
    return failure.status


def _summary(results: list[_Text | _Failure], statuses: list[int]) -> None:
    """Said when no file changed, so that silence is never mistaken for work done."""
    texts = [each for each in results if isinstance(each, _Text) and each.name != _STANDARD_INPUT]
    if texts and not any(statuses) and all(each.before == each.after for each in texts):
        click.echo(f"{counted(len(texts), 'file')} already formatted")


def _unified(text: _Text) -> str:
    before, after = _lines(text.before), _lines(text.after)
    lines = difflib.unified_diff(before, after, f"{text.name} (as it is)", f"{text.name} (formatted)")
    return "".join(line if line.endswith("\n") else line + _UNENDED for line in lines)


def _lines(content: bytes) -> list[str]:
    """With their ends, so that a changed line end shows; only `\\n` ends a line in a rule file."""
    return re.findall(r"[^\n]*\n|[^\n]+", content.decode())
