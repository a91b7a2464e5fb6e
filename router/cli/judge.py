"""`tagwright judge`: what TikTok would say to a finished request body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import BinaryIO

import click
import orjson

from router.cli.files import Unusable
from router.tiktok.catalogue import SOURCES
from router.tiktok.judge import Finding, judge_member, judge_request, parse


@dataclass(frozen=True, slots=True)
class _Document:
    """A body and the line it stands on, None when it is the whole file."""

    text: bytes
    line: int | None


@click.command("judge")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--source", type=click.Choice(SOURCES), help="The event source of members of data[] without a request."
)
@click.option(
    "--now", type=int, metavar="SECONDS", help="Warn of events too old or in the future at this Unix time."
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as a JSON array.")
@click.pass_context
def judge(context: click.Context, file: BinaryIO, source: str | None, now: int | None, as_json: bool) -> None:
    """Say whether TikTok would take a request body of the Events API 2.0.

    FILE (or - for standard input) holds one body, or one body a line. With --source it may also hold single
    events, members of data[]. An error is what TikTok refuses, as far as is publicly known; a warning is what
    it ignores or counts otherwise than meant.

    Exit status: 0 no errors, 1 errors, 2 nothing could be read.
    """
    try:
        documents = split(file.read())
    except OSError as problem:
        raise Unusable(file.name, str(problem)) from problem
    if not documents:
        raise click.UsageError("there is nothing to judge: the input is empty")
    found = [(each, finding) for each in documents for finding in findings(each, source, now)]
    click.echo(_as_json(found) if as_json else "\n".join(_as_text(found, len(documents))))
    context.exit(1 if any(finding.severity == "error" for _, finding in found) else 0)


def split(text: bytes) -> list[_Document]:
    """The bodies of a file: one, or one a line when its first line is a whole object."""
    lines = [_Document(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    first = lines[0].text.strip() if lines else b""
    if len(lines) > 1 and first.startswith(b"{") and first.endswith(b"}"):
        return lines
    return [_Document(text, None)] if lines else []


def findings(document: _Document, source: str | None, now: int | None) -> list[Finding]:
    """What is wrong with one document, a request or with `source` an event or a list of events."""
    value, broken = parse(document.text)
    if broken:
        return [broken]
    if source is None or (isinstance(value, dict) and ("data" in value or "event_source" in value)):
        return judge_request(value, now)
    if isinstance(value, list):
        return [
            each for i, member in enumerate(value) for each in judge_member(member, source, now, f"[{i}]")
        ]
    return judge_member(value, source, now)


def _as_json(found: list[tuple[_Document, Finding]]) -> str:
    return orjson.dumps([{"line": each.line} | asdict(finding) for each, finding in found]).decode()


def _as_text(found: list[tuple[_Document, Finding]], documents: int) -> Iterator[str]:
    for document, finding in found:
        line = f"line {document.line}: " if document.line else ""
        yield f"{line}{finding.severity}[{finding.code}] {finding}"
        if finding.fix:
            yield f"  = fix: {finding.fix}"
    errors = sum(finding.severity == "error" for _, finding in found)
    bodies = "1 body" if documents == 1 else f"{documents} bodies"
    yield f"{bodies}: {_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number or 'no'} {noun}s"
