"""Dead letters sent again: as they are, or made anew by the rules in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from router.delivery.archive import Archive, DeadQuery
from router.delivery.entry import DeadLetter, Entry
from router.delivery.retry import Policy, expiry
from router.delivery.sealed import UNREADABLE
from router.delivery.sealing import is_sealed
from router.desk.keeping import unpack
from router.desk.letters import every, payload_of
from router.lang.outcome import Arrival

Rework = Callable[[Arrival, DeadLetter], Entry | str]
"""The entry that the rules in force make of a dead letter's event, or why they make none."""

_SHOWN: Final = 100
NOT_KEPT: Final = "its event was not kept"


@dataclass(frozen=True, slots=True)
class Wish:
    """How to replay: `rework` where the rules are to be run again; a dry run changes nothing."""

    rework: Rework | None = None
    force: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Report:
    """Counts by what became, or would become, of the letters; changes by the rules for the first of them."""

    counts: Counter[str] = field(default_factory=Counter)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return {"counts": dict(self.counts), "changes": self.changes[:_SHOWN]}


@dataclass(frozen=True, slots=True)
class _Planned:
    letter: DeadLetter
    anew: Entry | None = None
    refusal: str | None = None


async def replay(archive: Archive, query: DeadQuery, wish: Wish, policy: Policy, now: float) -> Report:
    """Letters page by page; those that cannot go stay where they are. Raises `SpoolFull`."""
    report = Report()
    async for page in every(archive, query):
        plans = await _plans(archive, page, wish)
        for plan in plans:
            report.changes += _change(plan)
            if plan.refusal is not None:
                report.counts[plan.refusal] += 1
        willing = [plan for plan in plans if plan.refusal is None]
        report.counts.update(await _done(archive, willing, wish, policy, now))
    return report


async def _plans(archive: Archive, page: Sequence[DeadLetter], wish: Wish) -> list[_Planned]:
    if wish.rework is None:
        return [_as_it_is(letter) for letter in page]
    kept = await archive.kept([letter.id for letter in page])
    return [_anew(letter, kept.get(letter.id), wish.rework) for letter in page]


def _as_it_is(letter: DeadLetter) -> _Planned:
    return _Planned(letter, refusal=UNREADABLE if is_sealed(letter.entry.payload) else None)


def _anew(letter: DeadLetter, kept: bytes | None, rework: Rework) -> _Planned:
    if kept is None:
        return _Planned(letter, refusal=NOT_KEPT)
    if is_sealed(letter.entry.payload):
        return _Planned(letter, refusal=UNREADABLE)
    made = rework(unpack(kept), letter)
    return _Planned(letter, refusal=made) if isinstance(made, str) else _Planned(letter, made)


async def _done(
    archive: Archive, plans: Sequence[_Planned], wish: Wish, policy: Policy, now: float
) -> Counter[str]:
    if wish.dry_run:
        return Counter([await _foreseen(archive, plan, wish, policy, now) for plan in plans])
    anew = {plan.letter.id: plan.anew for plan in plans if plan.anew is not None}
    done = await archive.replay([plan.letter.id for plan in plans], now, force=wish.force, anew=anew)
    return Counter(done.values())


async def _foreseen(archive: Archive, plan: _Planned, wish: Wish, policy: Policy, now: float) -> str:
    letter, entry = plan.letter, plan.anew or plan.letter.entry
    doubt = letter.first_ambiguous_at
    if doubt is not None and now > doubt + letter.entry.resend_seconds and not wish.force:
        return "late"
    fates = (await archive.history([letter.entry.key], b"")).fates
    if any(fate.row != letter.id and fate.state in ("pending", "sending", "sent") for fate in fates):
        return "claimed"
    again = expiry(policy, letter.waiting_again(entry, now), now)
    return f"would die again: {again}" if again else "queued"


def _change(plan: _Planned) -> Iterator[dict[str, Any]]:
    """The fields that the rules now fill otherwise; paths only, for values speak of people."""
    if plan.anew is None:
        return
    before, after = payload_of(plan.letter), orjson.loads(plan.anew.payload)
    old, new = dict(_leaves(before)), dict(_leaves(after))
    yield {
        "id": plan.letter.id,
        "event_id": before.get("event_id"),
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(path for path in old.keys() & new.keys() if old[path] != new[path]),
    }


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}[{number}]")
    else:
        yield path, value
