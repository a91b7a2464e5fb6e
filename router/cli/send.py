"""`tagwright send`: rows of a file or a query to TikTok."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from router.cli.decoding import format_option
from router.cli.files import RULE_FILE, default_config
from router.cli.reaching import could_not, show_json
from router.cli.reporting import show
from router.cli.send_view import Bar, summary
from router.daemon import Candidate, Deployment, NotReady, Plan, end_when_asked, keep_memory_private, prepare
from router.delivery.clock import SystemClock
from router.delivery.spool import SpoolBroken, SpoolUnusable
from router.logs import configure_logs
from router.sending import Given, Report, Sending, Source, SourceUnusable, Wish, open_source
from router.sending.columns import remarks_on
from router.sending.databases import password_of
from router.sending.job import Shown
from router.sending.opening import KINDS, Query
from router.sending.report import as_plain
from router.settings import EnvironmentVariables, Settings, load_settings

DATA = Path("tagwright-send")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _source_options(command: _Command) -> _Command:
    """What there is to read, and how."""
    for option in (
        click.option(
            "--database", metavar="URL", envvar="TAGWRIGHT_DATABASE", show_envvar=True,
            help="sqlite:///FILE, duckdb:///FILE or postgresql://USER@HOST/DATABASE.",
        ),
        click.option("--query", metavar="SQL", help="Rows of a database, instead of SOURCE."),
        click.option("--encoding", help="Of CSV; UTF-8, or what its byte order mark says."),
        click.option("--delimiter", metavar="CHAR", help="Between cells of CSV; a comma, or a tab in .tsv."),
        format_option("raw", "What the lines of NDJSON are, by default raw."),
        click.option(
            "--as", "kind", type=click.Choice(KINDS), help="What SOURCE is, where its suffix does not tell."
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _how_much(command: _Command) -> _Command:
    """How much is sent, and how fast."""
    for option in (
        click.option("--from-start", is_flag=True, help="Read rows again that an earlier run has taken."),
        click.option(
            "--dry-run", is_flag=True, help="Judge what would be sent; send and keep nothing. Needs no token."
        ),
        click.option(
            "--batch", type=click.IntRange(1, 1000), metavar="EVENTS",
            help="Most events in one request; default delivery.batch_max.",
        ),
        click.option(
            "--rate", type=click.FloatRange(0.1), metavar="EVENTS", help="Send no more events a second."
        ),
        click.option("--limit", type=click.IntRange(1), metavar="ROWS", help="Take no more rows than this."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@click.argument("source", required=False)
@click.option(
    "--rules", "files", multiple=True, required=True, type=RULE_FILE, help="Rule files, or shipped names."
)
@_source_options
@_how_much
@click.option("--no-tests", is_flag=True, help="Run no tests of the rules first.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    show_default=True,
    help="Directory of what waits and what was sent; not a daemon's.",
)
@click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings; default ./tagwright.toml."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@click.pass_context
def send(
    context: click.Context, /, source: str | None, files: tuple[Path, ...], limit: int | None,
    rate: float | None, batch: int | None, dry_run: bool, from_start: bool, no_tests: bool, data: Path,
    config: Path | None, as_json: bool, quiet: bool, database: str | None, **reading: Any,
) -> None:  # fmt: skip
    """Send the rows of a file or a query to TikTok, each as an event.

    SOURCE is a file of CSV, NDJSON or Parquet, or - for standard input. Columns are fields of the rules'
    schema; an empty cell is missing. CSV and NDJSON may be packed with gzip.

    What was read is stored together with its rows. After Ctrl-C, a crash or a refused token the same command
    goes on where it stopped, and sends nothing twice. Ctrl-C lets open requests finish; a second one ends at
    once.

    Exit status: 0 all was sent that the rules mean to send, 1 something was not, 2 could not run.
    """
    given = _given(source, database, **reading)
    variables = EnvironmentVariables(os.environ)
    settings = _settings(config, variables, data=data, delivery_batch_max=batch)
    redaction = configure_logs(style=settings.logs.style, level="error")
    plan = Plan(files, run_tests=settings.reload.tests and not no_tests, dry_run=dry_run)
    first = prepare(plan, settings, variables)
    redaction.register([*variables.secrets(), password_of(database or "") or ""])
    live = _ready(first)
    opened = _opened(given, settings, live)
    wish = Wish(limit, rate, from_start)
    sending = Sending(settings, plan, first, _environment(settings), redaction, wish)
    keep_memory_private()
    report = _sent(sending, opened, hidden=quiet or not sys.stderr.isatty())
    if as_json:
        show_json(as_plain(report))
    else:
        click.echo("\n".join(summary(report, data)))
    context.exit(0 if report.clean else 1)


def _given(
    source: str | None, database: str | None, *, query: str | None, kind: Any, form: str,
    delimiter: str | None, encoding: str | None,
) -> Given:  # fmt: skip
    if (source is None) == (query is None):
        raise click.UsageError("name a file, or - for standard input, or a --query; one of them")
    if query is not None and database is None:
        raise click.UsageError("--query needs --database")
    delimiter = "\t" if delimiter == "\\t" else delimiter
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise click.BadParameter("must be one character, and no quote", param_hint="--delimiter")
    asked = Query(query, database) if query is not None and database is not None else None
    stream = _standard_input() if source == "-" else None
    path = Path(source) if source not in (None, "-") else None
    return Given(path, stream, asked, kind, form, delimiter, encoding)


def _standard_input() -> BinaryIO:
    """A reader of our own: the interpreter cannot end while a thread waits in the one of `sys.stdin`."""
    try:
        return os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    except (OSError, ValueError):
        return sys.stdin.buffer


def _settings(config: Path | None, variables: EnvironmentVariables, **overrides: Any) -> Settings:
    """Nobody posts events to this command: what is wrong with write keys is the daemon's business."""
    settings, problems = load_settings(config or default_config(), variables, **overrides)
    ours = [str(each) for each in problems if "write_key" not in each.place.lower()]
    return could_not("\n".join(ours)) if ours else settings


def _environment(settings: Settings) -> Callable[[], EnvironmentVariables]:
    return lambda: EnvironmentVariables(os.environ, takes_open_files=settings.takes_open_files)


def _ready(first: Candidate) -> Deployment:
    if isinstance(first.live, NotReady):
        show(first.live.diagnostics, err=True)
        could_not("\n".join(first.live.problems or ("the rules have errors",)))
    return first.live


def _opened(given: Given, settings: Settings, live: Deployment) -> Source:
    """The source, once it is known to fit the rules; what is odd about both is told."""
    with ExitStack() as opened:
        try:
            source = open_source(given, settings, lambda: int(SystemClock().now()))
            opened.callback(source.close)
            remarks = remarks_on(source.columns, live.program)
        except SourceUnusable as problem:
            could_not(str(problem))
        opened.pop_all()
    for remark in (*live.remarks, *remarks):
        click.echo(f"note: {remark}", err=True)
    return source


def _sent(sending: Sending, source: Source, *, hidden: bool) -> Report:
    try:
        with Bar(source.extent, hidden=hidden) as bar:
            return asyncio.run(_until_done(sending, source, None if hidden else bar.show))
    except (SpoolUnusable, SpoolBroken) as problem:
        could_not(str(problem))


async def _until_done(sending: Sending, source: Source, shown: Shown | None) -> Report:
    end_when_asked(sending.stop)
    return await sending.run(source, shown)
