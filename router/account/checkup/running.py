"""Checks of a running daemon, or of the spool that one has left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from router.account.checkup.facts import Facts, Waiting
from router.account.checkup.result import Check, ok, problem, unchecked, warning
from router.daemon.attention import concerns

_START: Final = "start one with `tagwright run`, or name its admin address with --admin"
_LATE: Final = 600


def daemon_needs_nobody(facts: Facts) -> Iterator[Check]:
    """UP36, ZW55: held destinations, failures, a reload that did not work, the queue, the disk, the books."""
    if facts.status is None:
        yield unchecked("daemon", facts.no_daemon, _START)
        return
    found = concerns(facts.status)
    for each in found:
        what = "; ".join((each.what, *each.details))
        yield problem("daemon", what, each.todo)
    if facts.status.get("mode") == "dry_run":
        remedy = "start it without --dry-run when events are to reach TikTok"
        yield warning("daemon", "dry run: events are judged, and nothing is sent", remedy)
    if not found:
        held = ", ".join(each["destination"] for each in facts.status["destinations"])
        yield ok("daemon", f"{facts.status['state']}, and nothing needs attention: {held}")


def queue_is_short(facts: Facts) -> Iterator[Check]:
    """What waits for long is late at TikTok, and after days too old."""
    if facts.status is not None:
        spool = facts.status["spool"]
        yield _queue(spool["pending"] + spool["in_flight"], spool["oldest_seconds"], runs=True)
    elif isinstance(facts.spool, Waiting):
        yield _queue(facts.spool.events, facts.spool.oldest_seconds, runs=False)
    else:
        yield unchecked("queue", facts.spool)


def _queue(events: int, oldest: float, *, runs: bool) -> Check:
    told = f"{events} events wait" + (f", the oldest for {oldest:.0f} s" if events else "")
    if events and not runs:
        return problem("queue", f"{told}, and no daemon runs", "start it: `tagwright run`")
    if oldest > _LATE:
        return warning("queue", told, "see the finding of the daemon, and `tagwright status`")
    return ok("queue", told)


def nothing_was_set_aside(facts: Facts) -> Iterator[Check]:
    """Dead letters are events that will not be sent again."""
    dead = _dead(facts)
    if dead is None:
        yield unchecked("dead letters", str(facts.spool))
    elif total := sum(dead.values()):
        named = ", ".join(f"{reason} {count}" for reason, count in sorted(dead.items()))
        commands = " and ".join(f"`tagwright dead list --reason {reason}`" for reason in sorted(dead))
        yield warning("dead letters", f"{total} events were set aside: {named}", f"{commands} say why")
    else:
        yield ok("dead letters", "there are none")


def _dead(facts: Facts) -> Mapping[str, int] | None:
    if facts.status is not None:
        found: Mapping[str, int] = facts.status["spool"]["dead_letters"]
        return found
    return facts.spool.dead if isinstance(facts.spool, Waiting) else None
