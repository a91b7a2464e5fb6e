"""A spool's file copied while it is in use, and put back."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import apsw

from router.delivery.ownership import OwnedDirectory
from router.delivery.spool import SpoolUnusable
from router.delivery.tables import APPLICATION, DISK, NO_ROOM, VERSION, Tables

FILE = "spool.sqlite"
# What waits in a copy may be sent from the original meanwhile, so from then on a repeat is possible.
_DOUBT = """
INSERT INTO trial (id, attempts, due, first_ambiguous_at, crashes, why)
SELECT id, attempts, due, coalesce(first_ambiguous_at, :now), crashes, why FROM waiting WHERE true
ON CONFLICT (id) DO UPDATE SET attempts = excluded.attempts, first_ambiguous_at = excluded.first_ambiguous_at;

INSERT INTO queue (destination, due, id) SELECT destination, due, id FROM waiting WHERE state = 1;

DELETE FROM lease;
"""


def copy_of(spool: Path, target: Path, now: float) -> None:
    """Write a consistent copy, durable when this returns. Raises `SpoolUnusable`; leaves no half copy.

    The copy of an entry that waits counts as perhaps sent at `now`: after a restore it is sent only for as
    long as TikTok would recognise a repeat.
    """
    if not spool.is_file():
        raise SpoolUnusable(f"{spool} is not a file")
    if target.exists():
        raise SpoolUnusable(f"{target} exists already\n  fix: name a file that does not exist")
    part = target.with_name(f"{target.name}.part")
    try:
        _private_and_empty(part)
        with contextlib.closing(apsw.Connection(str(spool), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
        _put_in_doubt(part, now)
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    except SpoolUnusable:
        part.unlink(missing_ok=True)
        raise
    except (*DISK, *NO_ROOM, OSError) as problem:
        part.unlink(missing_ok=True)
        why = problem.strerror if isinstance(problem, OSError) else type(problem).__name__
        raise SpoolUnusable(f"{target} could not be written: {why}") from problem


def _put_in_doubt(copy: Path, now: float) -> None:
    """The copy may be of an earlier version, and is of this one then."""
    with Tables(copy) as tables:
        with tables.connection:
            tables.connection.execute(_DOUBT, {"now": now})
        # In one file, as it is to be kept.
        tables.connection.pragma("journal_mode", "delete")


def restore(copy: Path, directory: Path) -> int:
    """Make a copy the spool of a directory that has none; the entries that wait in it.

    Raises `SpoolUnusable` when the copy is none or is damaged, or when the directory has a spool already.
    """
    waiting = _checked(copy)
    owned = OwnedDirectory(directory)
    try:
        target = directory / FILE
        # The log of another spool would be applied to this one.
        if found := [each.name for each in (target, directory / f"{FILE}-wal") if each.exists()]:
            raise SpoolUnusable(
                f"{directory} has a spool already\n  fix: move {' and '.join(found)} away first"
            )
        part = owned.file(f"{FILE}.part")
        shutil.copyfile(copy, part)
        _sync(part)
        part.replace(target)
        _sync(directory)
    finally:
        owned.release()
    return waiting


def check(spool: Path) -> list[str]:
    """What SQLite finds wrong with a spool; nothing when it is whole. Nobody may be writing to it.

    Raises `SpoolUnusable` when it cannot be opened as a spool at all.
    """
    if not spool.is_file():
        raise SpoolUnusable(f"{spool} is not a file")
    try:
        with Tables(spool) as tables:
            found = [str(row[0]) for row in tables.connection.execute("PRAGMA integrity_check(20)")]
    except DISK as problem:
        return [type(problem).__name__]
    except SpoolUnusable as problem:
        if isinstance(problem.__cause__, DISK) and not isinstance(problem.__cause__, apsw.NotADBError):
            return [type(problem.__cause__).__name__]
        raise
    return [] if found == ["ok"] else found


def _checked(copy: Path) -> int:
    if not copy.is_file():
        raise SpoolUnusable(f"{copy} is not a file")
    try:
        with contextlib.closing(
            apsw.Connection(
                f"{copy.absolute().as_uri()}?immutable=1",
                flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
            )
        ) as connection:
            if (
                connection.pragma("application_id") != APPLICATION
                or connection.pragma("user_version") > VERSION
            ):
                raise SpoolUnusable(f"{copy} is not a backup of a spool that this version can read")
            if connection.pragma("quick_check") != "ok":
                raise SpoolUnusable(f"{copy} is damaged\n  fix: use another backup")
            waiting: int = connection.execute("SELECT count(*) FROM delivery").get
    except DISK as problem:
        raise SpoolUnusable(f"{copy} cannot be read as a backup: {type(problem).__name__}") from problem
    return waiting


def _private_and_empty(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
