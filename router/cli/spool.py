"""`tagwright spool`: backup, restore, check; a spool in a database looked at, brought forward, moved."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from router.cli.reaching import Place, could_not, place_of, with_place
from router.delivery.backup import check as faults_of
from router.delivery.backup import copy_of
from router.delivery.backup import restore as restored
from router.delivery.ownership import OwnedDirectory
from router.delivery.postgres.address import need_driver
from router.delivery.spool import SpoolUnusable
from router.delivery.sqlite import FILE

if TYPE_CHECKING:
    from router.delivery.postgres.address import Address
    from router.delivery.postgres.looking import Look

T = TypeVar("T")
_DATABASE = click.argument("database", required=False)
_COPIES = "docs/operations/postgres.md has what copies and checks a database"


@click.group()
def spool() -> None:
    """Back up, restore and check the spool of a data directory; look after one in a database.

    DATABASE is postgresql://USER@HOST/NAME, by default what TAGWRIGHT_SPOOL or the setting spool says. A
    password is better kept in ~/.pgpass or PGPASSWORD, where other users of the machine do not see it.

    Exit status: 0 done, 1 the check found something, 2 could not.
    """


@spool.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_place
def backup(file: Path, data: Path | None, config: Path | None) -> None:
    """Copy the spool to FILE, while the daemon runs or not.

    What waits in the copy may be sent from the original meanwhile, so a restore sends it again only as long
    as TikTok drops repeats. Write keys are in keys.json, beside the spool.
    """
    source = _file_of(place_of(data, config))
    try:
        copy_of(source, file, time.time())
    except SpoolUnusable as problem:
        could_not(str(problem))
    click.echo(f"{file} written, {file.stat().st_size} bytes")


@spool.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_place
def restore(file: Path, data: Path | None, config: Path | None) -> None:
    """Make the backup FILE the spool of a data directory that has none."""
    place = place_of(data, config)
    directory = place.data
    if data is None and place.settings.spool is not None:
        could_not(
            "the spool is in a database, and a backup goes into a directory\n"
            "  fix: name one with --data, then `tagwright spool copy` takes it to the database"
        )
    try:
        waiting = restored(file, directory)
    except SpoolUnusable as problem:
        could_not(str(problem))
    click.echo(f"restored to {directory}; events that wait: {waiting}")


@spool.command()
@with_place
def check(data: Path | None, config: Path | None) -> None:
    """Read the whole spool and say whether it is sound. The daemon must not run."""
    file = _file_of(place_of(data, config))
    try:
        owned = OwnedDirectory(file.parent)
    except SpoolUnusable as problem:
        could_not(str(problem))
    try:
        faults = faults_of(file)
    finally:
        owned.release()
    for fault in faults:
        click.echo(fault)
    click.echo("the spool is damaged; restore a backup" if faults else "the spool is sound")
    raise SystemExit(1 if faults else 0)


def _file_of(place: Place) -> Path:
    """The spool of a data directory; without one the command ends."""
    file = place.data / FILE
    if not file.is_file() and place.settings.spool is not None:
        could_not(
            "the spool is in a database, which has its own commands: pg_dump, pg_basebackup, pg_amcheck\n"
            f"  fix: {_COPIES}"
        )
    if not file.is_file():
        could_not(f"there is no spool in {place.data}\n  fix: name the data directory with --data")
    return file


@spool.command()
@_DATABASE
def status(database: str | None) -> None:
    """Show a spool in a database: version, routers, what waits, sizes, and settings that put events at risk.

    Exit status 1: it has to be brought forward first, a setting puts events at risk, or the books do not
    balance.
    """
    from router.delivery.postgres.looking import look

    found = _done(look(_address(database)))
    for line in _lines(found):
        click.echo(line)
    raise SystemExit(1 if found.risks or found.unaccounted or found.version != found.latest else 0)


@spool.command()
@_DATABASE
def migrate(database: str | None) -> None:
    """Make the tables of a spool in a database, or bring them to this version.

    Routers do it by themselves when they start; this is for whoever wants it done before, by another user.
    """
    from router.delivery.postgres.looking import bring_forward

    before, now = _done(bring_forward(_address(database)))
    click.echo(f"schema {now}, made" if before is None else f"schema {now}, from {before}")


@spool.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """Copy backlog, dead letters and ledger FROM a data directory TO a database, or back.

    No router may run on either. From then on the source refuses to be used, so that nothing is sent twice;
    write keys are not copied. TO must be new or empty. After a crash the same command goes on.
    """
    try:
        need_driver()
    except SpoolUnusable as problem:
        could_not(str(problem))
    from router.delivery.postgres.moving import move, shown

    counts = _done(move(source, target))
    names = {"delivery": "waiting", "dead": "dead letters", "dedup": "claims", "record": "records"}
    what = ", ".join(f"{counts[table]} {name}" for table, name in names.items())
    click.echo(f"copied to {shown(target)}: {what}")


def _address(database: str | None) -> Address:
    from router.delivery.postgres.address import address_of

    try:
        need_driver()
        return address_of(database or _set())
    except SpoolUnusable as problem:
        could_not(str(problem))


def _set() -> str:
    known = place_of(None, None).settings.spool
    return (
        could_not("no database is named\n  fix: name one, or set TAGWRIGHT_SPOOL")
        if known is None
        else known.url
    )


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except SpoolUnusable as problem:
        could_not(str(problem))


def _lines(found: Look) -> Iterator[str]:
    if found.version is None:
        yield "there is no spool here yet; a router makes it when it starts"
    elif found.version != found.latest:
        yield f"schema {found.version}, this version knows {found.latest}"
    else:
        yield f"schema {found.version}"
    if found.moved_to:
        yield f"copied to {found.moved_to}, and not used any more"
    if stats := found.stats:
        sums = [sum(each.values()) for each in (stats.pending, stats.leased, stats.dead)]
        yield "waiting {}, being sent {}, dead letters {}".format(*sums)
    for each in found.routers:
        since = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(each.since))
        yield f"router {each.number} {each.name} since {since}" + (", silent" if each.silent else "")
    for table, size in found.sizes:
        yield f"{table:<12} {size / 2**20:10.1f} MiB"
    for destination, missing in found.unaccounted.items():
        yield f"unaccounted {missing} of {destination or 'the router'}"
    for risk in found.risks:
        yield f"risk: {risk}"
