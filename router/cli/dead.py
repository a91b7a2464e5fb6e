"""`tagwright dead`: events that were not delivered, and what to do with them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import click
from rich.console import Console
from rich.table import Table

from router.cli.files import RULE_FILE, read_rules
from router.cli.reaching import could_not, place_of, show_json, with_place
from router.cli.reporting import show as show_diagnostics
from router.cli.spans import SPAN, as_moment
from router.daemon.deployment import NotReady, deploy
from router.daemon.rework import Rework
from router.settings import EnvironmentVariables

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group()
def dead() -> None:
    """List, show, replay and purge dead letters: accepted events that could not be delivered.

    Works while the daemon runs and while it does not. Events are kept for store.dead_days, up to
    store.dead_bytes.

    Exit status: 0 done, 1 nothing fits or something could not be replayed, 2 could not run.
    """


def _which(command: _Command) -> _Command:
    """The options that say which dead letters."""
    for option in (
        click.option("--newer", type=SPAN, help="Dead for no longer than this, such as 2h."),
        click.option("--older", type=SPAN, help="Dead for at least this long, such as 1d."),
        click.option("--destination", help="Of this destination."),
        click.option("--code", help="That TikTok answered with this code."),
        click.option("--reason", help="With this reason, such as refused or too_old."),
    ):
        command = option(command)
    return with_place(command)


@dead.command(name="list")
@click.option("--limit", default=20, show_default=True, help="How many to list; all are counted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_which
def list_(limit: int, as_json: bool, data: Path | None, config: Path | None, **which: Any) -> None:
    """Count dead letters by reason and code, and list the first of them.

    A list holds no personal data: ids, reasons and TikTok's words without the values that they repeat.
    """
    answer = place_of(data, config).ask("dead", limit=limit, **which)
    if as_json:
        show_json(answer)
    else:
        _show(answer, limit)
    raise SystemExit(0 if answer["groups"] else 1)


def _show(answer: dict[str, Any], limit: int) -> None:
    console = Console(soft_wrap=True)
    if not answer["groups"]:
        console.print("no dead letters" if limit else "")
        return
    groups = Table("dead letters", "destination", "reason", "code", title_justify="left")
    for group in answer["groups"]:
        groups.add_row(str(group["count"]), group["destination"], group["reason"], group["code"])
    console.print(groups)
    if answer["letters"]:
        console.print(_letters(answer["letters"]))
        console.print("one in full: tagwright dead show ID; again: tagwright dead replay", markup=False)


def _letters(letters: list[dict[str, Any]]) -> Table:
    table = Table("id", "died", "event", "event id", "reason", "what TikTok said")
    for each in letters:
        reason = f"{each['reason']} {each['code']}".strip()
        table.add_row(
            str(each["id"]), as_moment(int(each["died_at"])), each["event"], each["event_id"] or "-",
            reason, each["message"],
        )  # fmt: skip
    return table


@dead.command()
@click.argument("id", type=int)
@click.option("--reveal", is_flag=True, help="Show personal data, which is hidden otherwise.")
@with_place
def show(id: int, reveal: bool, data: Path | None, config: Path | None) -> None:  # noqa: A002
    """Show one dead letter with its payload, as JSON."""
    show_json(place_of(data, config).ask("letter", id=id, reveal=reveal))


@dead.command()
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of them.")
@click.option(
    "--rerun-rules", is_flag=True, help="Make them anew by the rules in force, where events were kept."
)
@click.option(
    "--rules", "files", multiple=True, type=RULE_FILE,
    help="The rules to run again while no daemon runs; a daemon takes its own.",
)  # fmt: skip
@click.option(
    "--force", is_flag=True, help="Also those that TikTok may have had too long ago to drop a repeat."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_which
def replay(
    ids: tuple[int, ...], every: bool, dry_run: bool, rerun_rules: bool,
    files: tuple[Path, ...], force: bool, as_json: bool, data: Path | None, config: Path | None, **which: Any,
) -> None:  # fmt: skip
    """Send dead letters again, under their own event ids.

    Correct the cause first: what made them fail will make them fail again.
    """
    _some(ids, every, which)
    place = place_of(data, config)
    rework = _rework(files, place.settings.profile) if rerun_rules and files else None
    answer = place.ask(
        "replay", rework, ids=ids or None, dry_run=dry_run, rerun_rules=rerun_rules, force=force, **which
    )
    if as_json:
        show_json(answer)
    else:
        _show_replay(answer, dry_run=dry_run)
    left = sum(answer["counts"].values()) - answer["counts"].get("queued", 0)
    raise SystemExit(1 if left or not answer["counts"] else 0)


def _rework(files: tuple[Path, ...], profile: Literal["test", "production"]) -> Rework:
    # As in a dry run: ids are needed to tell the way that an event goes, tokens are not.
    deployment = deploy(read_rules(files), EnvironmentVariables(os.environ), profile, "dry_run")
    if isinstance(deployment, NotReady):
        show_diagnostics(deployment.diagnostics, err=True)
        could_not("\n".join(deployment.problems or ("the rules have errors",)))
    return Rework(lambda: deployment)


_WORDS = {
    "queued": ("wait to be sent", "would be sent"),
    "claimed": ("stay: the same event was accepted anew since",) * 2,
    "late": ("stay: TikTok may have had them, too long ago to drop a repeat; --force sends them",) * 2,
    "unknown": ("are no longer there",) * 2,
    "unreadable": ("stay: they were altered on disk and cannot be opened",) * 2,
}


def _show_replay(answer: dict[str, Any], *, dry_run: bool) -> None:
    if not answer["counts"]:
        click.echo("no dead letters fit")
    for what, count in sorted(answer["counts"].items()):
        done, would = _WORDS.get(what, (f"stay: {what}",) * 2)
        click.echo(f"{count} {would if dry_run else done}")
    for change in answer["changes"]:
        fields = [
            f"{sign}{path}"
            for sign, name in (("+", "added"), ("-", "removed"), ("~", "changed"))
            for path in change[name]
        ]
        click.echo(f"  {change['id']} {change['event_id'] or '-'}: {', '.join(fields) or 'the same payload'}")


@dead.command()
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_which
def purge(
    ids: tuple[int, ...], every: bool, yes: bool, data: Path | None, config: Path | None, **which: Any
) -> None:
    """Remove dead letters for good. The same events may be accepted again after that."""
    _some(ids, every, which)
    place = place_of(data, config)
    count = sum(each["count"] for each in place.ask("dead", limit=0, ids=ids or None, **which)["groups"])
    if count and not yes:
        click.confirm(f"remove {count} dead letters for good?", abort=True, err=True)
    purged = place.ask("purge", ids=ids or None, **which)["purged"] if count else 0
    click.echo(f"{purged} removed")
    raise SystemExit(0 if purged else 1)


def _some(ids: tuple[int, ...], every: bool, which: dict[str, Any]) -> None:
    chosen = bool(ids) or any(value is not None for value in which.values())
    if chosen == every:
        raise click.UsageError(
            "--all goes with nothing that chooses"
            if every
            else "name ids, or choose with an option, or --all"
        )
