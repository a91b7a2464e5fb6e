"""Everything that waits or is dead because of one person, found by its hashes and removed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from router.delivery.archive import EVERY_DEAD, Archive
from router.delivery.entry import DeadLetter, Queued
from router.delivery.sealing import is_sealed
from router.desk.keeping import unpack
from router.functions.identity import hash_email, hash_id, hash_phone
from router.functions.phone import e164
from router.lang.library import Context
from router.lang.outcome import Arrival

_PAGE: Final = 500
_NO_CONTEXT: Final = Context(Arrival({}, 0))
_SEPARATORS: Final = re.compile(r"[\s().\-/]")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be erased: hashes as payloads have them, plain values in lower case. Shows neither."""

    hashes: frozenset[str] = field(repr=False)
    plain: frozenset[str] = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.hashes or self.plain)

    def is_in(self, value: Any) -> bool:
        """Whether any text within says who it is, as it stands or hashed."""
        return any(self._is(text) or self._becomes(text) for text in _texts(value))

    def _becomes(self, text: str) -> bool:
        return any(each.code(text) in self.hashes for each in (hash_email, hash_id))

    def _is(self, text: str) -> bool:
        plain = text.strip().lower()
        return plain in self.hashes or plain in self.plain or _SEPARATORS.sub("", plain) in self.plain


def person_of(
    *,
    email: str | None = None,
    phone: str | None = None,
    external_id: str | None = None,
    country: str | None = None,
) -> Person | str:
    """Hashed as the functions of the rules do it; or what is wrong, without the value."""
    hashes, plain = set(), set()
    if email is not None:
        hashes.add(hash_email.code(email))
        plain.add(email.strip().lower())
    if phone is not None:
        hashes.add(hash_phone.code(_NO_CONTEXT, phone, country))
        plain |= {_SEPARATORS.sub("", phone), e164(phone, country) or ""}
    if external_id is not None:
        hashes.add(hash_id.code(external_id))
        plain.add(external_id.strip().lower())
    if None in hashes:
        return (
            "the value cannot be hashed: it is no e-mail address, no phone number with its country, or no id"
        )
    return Person(frozenset(each for each in hashes if each), frozenset(plain - {""}))


async def rows_of(archive: Archive, person: Person) -> list[int]:
    """The rows, waiting and dead, in whose payload or kept event the person is."""
    found: list[int] = []
    after = 0
    while rows := await archive.waiting(_PAGE, after=after):
        found += await _hits(archive, person, rows)
        after = rows[-1].id
    after = 0
    while letters := await archive.dead(_PAGE, after=after, query=EVERY_DEAD):
        found += await _hits(archive, person, letters)
        after = letters[-1].id
    return found


async def _hits(archive: Archive, person: Person, rows: list[Queued] | list[DeadLetter]) -> list[int]:
    kept = await archive.kept([row.id for row in rows])
    return [row.id for row in rows if person.is_in(_users(row)) or person.is_in(_event(kept, row.id))]


def _users(row: Queued | DeadLetter) -> Any:
    """Only what stands for a person: an order that has the number of somebody's id is not theirs."""
    if is_sealed(row.entry.payload):
        return None
    payload = orjson.loads(row.entry.payload)
    return payload.get("user") if isinstance(payload, dict) else None


def _event(kept: Mapping[int, bytes], row: int) -> Any:
    """The people of a kept event: its user where it has one, as the standard event does."""
    if row not in kept:
        return None
    event = unpack(kept[row]).event
    return event.get("user", event)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
