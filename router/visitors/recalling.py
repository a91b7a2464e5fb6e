"""What a data directory remembers of an event's visitor, for `explain`: looked up, nothing noted."""

from __future__ import annotations

import contextlib
from pathlib import Path

import apsw

from router.lang.outcome import Arrival
from router.settings import Visitors
from router.visitors.memory import bounds_of
from router.visitors.shelf import VERSION, Shelf
from router.visitors.table import FILE
from router.visitors.telling import keys_of, may_be_kept
from router.visitors.visitor import NOBODY, Visitor, joined


def recall_kept(directory: Path, wanted: Visitors, arrival: Arrival, country: str | None = None) -> Visitor:
    """What a daemon of these settings would know of the visitor now; nobody where there is no file."""
    path = directory / FILE
    keys = keys_of(arrival, wanted, country) if wanted.remember and may_be_kept(arrival) else ()
    if not keys or not path.is_file():
        return NOBODY
    try:
        with contextlib.closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            connection.set_busy_timeout(2_000)
            if connection.execute("PRAGMA user_version").get != VERSION:
                return NOBODY
            shelf, bounds = Shelf(connection), bounds_of(wanted)
            found = (shelf.get(shelf.place(key))[0] for key in keys)
            return joined((each.since(arrival.now - bounds.seconds) for each in found), bounds.click)
    except apsw.Error:
        return NOBODY
