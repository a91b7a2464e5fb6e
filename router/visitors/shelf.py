"""How a visitor lies in the file: under which key, in which columns."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import apsw

from router.visitors.telling import Key
from router.visitors.visitor import NOBODY, Seen, Visitor

VERSION: Final = 1
COLUMNS: Final = "ttclid, ttclid_at, ttclid_event, page_url, ttclid_sure, ttp, ttp_at, ttp_event, seen"
_GET: Final = f"SELECT {COLUMNS} FROM visitor WHERE key = ?"  # noqa: S608


class Shelf:
    """The rows of one connection, read."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._salt: bytes = connection.execute("SELECT value FROM salt").get

    def place(self, key: Key) -> bytes:
        """Where a visitor with this key lies: the salt is the file's own, so that no two files agree."""
        kind, value = key
        return blake2b(f"{kind}\0{value}".encode(), digest_size=16, key=self._salt).digest()

    def get(self, place: bytes) -> tuple[Visitor, int]:
        """Who lies there and when that was written last, in epoch seconds; nobody, and 0."""
        row = self._connection.execute(_GET, (place,)).fetchone()
        return (NOBODY, 0) if row is None else (_visitor(row), row[-1])


def _visitor(row: tuple[Any, ...]) -> Visitor:
    ttclid, clicked_at, clicked_in, page_url, sure, ttp, ttp_at, ttp_in, _ = row
    click = None if ttclid is None else Seen(ttclid, clicked_at, clicked_in, page_url, bool(sure))
    return Visitor(click, None if ttp is None else Seen(ttp, ttp_at, ttp_in))


def row_of(visitor: Visitor) -> tuple[Any, ...]:
    """The columns but `seen`."""
    click, browser = visitor.ttclid, visitor.ttp
    clicked = (click.value, click.at, click.event, click.page_url, click.sure) if click else (None,) * 5
    return (*clicked, *((browser.value, browser.at, browser.event) if browser else (None,) * 3))
