"""`tagwright demo`: see it work."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from router.demo import Options, run_demo


@click.command()
@click.option(
    "--events",
    default=2400,
    show_default=True,
    type=click.IntRange(100, 20_000),
    help="About how many events to post.",
)
@click.option("--seed", default=1, show_default=True, help="Another number, another hour.")
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="A new folder, to keep the daemon's data and log in.",
)
@click.pass_context
def demo(context: click.Context, events: int, seed: int, keep: Path | None) -> None:
    """Play an hour of a shop's traffic through a real daemon to a TikTok of this machine's own.

    Nothing leaves this machine, and nothing stays on it unless --keep says so. Then come the tables: what was
    received, sent, deduplicated, skipped, dropped and rejected, where the ttclids came from, and whether the
    accounts of daemon and TikTok agree.

    Exit status: 0 every accepted event is accounted for, 1 it is not, 2 the daemon could not run.
    """
    try:
        status = run_demo(Options(events, seed, keep), Console())
    except OSError as error:
        click.echo(f"error: {error.filename or 'this machine'}: {error.strerror or error}", err=True)
        context.exit(2)
    context.exit(status)
