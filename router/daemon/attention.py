"""What in a status needs somebody, and what to do about it: the first thing that `tagwright status` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from router.daemon import advice

Report = Mapping[str, Any]
"""What `/status` answers."""

_NEAR: Final = 0.8
_LATE_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that is not as it should be: what it is, what to do, and lines that say more."""

    what: str
    todo: str
    details: tuple[str, ...] = ()


def concerns(report: Report) -> list[Concern]:
    """Everything that needs somebody, the gravest first; none when all is well."""
    return [
        *_of_books(report),
        *_of_store(report.get("store", {})),
        *_of_destinations(report),
        *_of_rules(report["rules"]),
        *_of_shadow(report.get("shadow")),
        *_of_backlog(report["spool"], report["destinations"]),
        *_of_consent(report.get("consent_unread", {})),
    ]


def state_of(destination: Report) -> str:
    """An open destination whose attempts fail is not what anybody calls open."""
    return "failing" if destination["failing"] else str(destination["state"])


def reason_of(destination: Report) -> str:
    """Why it is in that state, with TikTok's code where there is one."""
    failing = destination["failing"]
    return str(failing["reason"]) if failing else f"{destination['reason']} {destination['code']}".strip()


def _of_books(report: Report) -> Iterator[Concern]:
    for name, counts in sorted(report.get("conservation", {}).items()):
        if missing := counts["unaccounted"]:
            yield Concern(f"{name}: {missing} events are unaccounted for", advice.UNACCOUNTED)


def _of_store(store: Report) -> Iterator[Concern]:
    if (away := store.get("away_seconds")) is not None:
        what = f"the database of the spool has not answered for {away} s; events are answered 503"
        yield Concern(what, advice.DATABASE_AWAY)
    for risk in store.get("risks", ()):
        yield Concern(f"the database of the spool: {risk}", advice.DATABASE_RISK)


def _of_destinations(report: Report) -> Iterator[Concern]:
    for each in report["destinations"]:
        if each["todo"]:
            failing, wait = each["failing"], each["next_try_seconds"]
            since = f" for {failing['seconds']} s, {failing['attempts']} attempts" if failing else ""
            reason = f" ({reason_of(each)})" if reason_of(each) else ""
            then = "" if wait is None else f" (next try in {wait} s)"
            yield Concern(f"{each['destination']} {state_of(each)}{since}{reason}", f"{each['todo']}{then}")


def _of_rules(rules: Report) -> Iterator[Concern]:
    if rules["reload_failed_at"]:
        what = "the last reload failed; the rules before it are in force"
        yield Concern(what, advice.RELOAD_FAILED, tuple(rules["reload_problems"]))


def _of_shadow(shadow: Report | None) -> Iterator[Concern]:
    if shadow and shadow["problems"]:
        yield Concern("the shadow rules have mistakes", advice.RELOAD_FAILED, tuple(shadow["problems"]))


def _of_consent(unread: Mapping[str, int]) -> Iterator[Concern]:
    for name, count in unread.items():
        what = f"{count} events came as {name} with words of consent that no setting maps; they grant nothing"
        yield Concern(what, advice.for_consent(name))


def _of_backlog(spool: Report, destinations: list[Report]) -> Iterator[Concern]:
    free, low = spool.get("disk_free_bytes"), spool.get("disk_low_bytes")
    if free is not None and low is not None and free < low:
        yield Concern("the disk is nearly full; events are answered 503", advice.DISK_LOW)
    rows = spool["pending"] + spool["in_flight"]
    for what, used, limit in (
        ("events", rows, spool.get("rows_limit")),
        ("bytes", spool["payload_bytes"], spool.get("payload_bytes_limit")),
    ):
        if limit and used > _NEAR * limit:
            yield Concern(f"{used} {what} wait of {limit} that may, then 503 is answered", advice.NEARLY_FULL)
    if spool["oldest_seconds"] > _LATE_SECONDS and all(state_of(each) == "open" for each in destinations):
        yield Concern(f"the oldest event has waited for {spool['oldest_seconds']} s", advice.LATE)
    if evicted := spool["dead_letters_evicted"]:
        yield Concern(f"{evicted} dead letters had to go for newer ones", advice.EVICTED)
