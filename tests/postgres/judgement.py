"""Whether what was promised was kept, by all routers together."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import psycopg

from router.delivery.postgres.address import address_of
from tests.faults import judge
from tests.faults.judge import Dead, Violation, poison_only

from .trial import Trial

# What a log may not tell beside what `judge.mistakes` knows: faults of the spool in the database.
_FAULTS = ("pulse_failed", "internal_error")


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial came to. `copies` of events beyond the first, of which `bound` are allowed."""

    accepted: int
    crashes: int
    lost: int
    copies: int
    bound: int
    violations: tuple[Violation, ...]
    notes: tuple[str, ...] = ()


def judged(trial: Trial) -> Report:
    """The judgement, once all routers have ended. Of a control, what is broken is told, and that is all."""
    broken, refusals = broken_promises(trial), trial.oracle.obligations.refusals
    trial.found += [] if trial.lossy else broken
    trial.notes += [str(each) for each in broken if trial.lossy]
    trial.notes.append(f"{refusals[503]} answers 503, {refusals[0]} broken connections")
    trial.found += judge.true(trial.oracle.tiktok.receipts)
    trial.found += judge.private(each for each in judge.files(trial.folder) if each[0] != "shop.rules")
    for log in [daemon.log() for daemon in trial.daemons]:
        trial.found += judge.mistakes(log)
        trial.found += [Violation("log", 1, each) for each in _FAULTS if f'"{each}"' in log]
    lost = sum(each.count for each in broken if "accepted and gone" in each.text)
    return _report(trial, lost, *_copies(trial))


def given_up(trial: Trial, problem: Exception) -> Report:
    """A story that cannot go on is a violation of its own."""
    trial.complain("trial", f"{type(problem).__name__}: {problem}")
    return _report(trial, 0, 0, 0)


def broken_promises(trial: Trial) -> list[Violation]:
    """Of what is promised of accepted events, what was not kept."""
    obligations, receipts = trial.oracle.obligations, list(trial.oracle.tiktok.receipts)
    return [
        *judge.kept(obligations, receipts, dead_letters(trial.database.url), poison_only),
        *judge.bounded(*_copies(trial)),
        *judge.once(obligations),
        *judge.accounted(trial.told[0]),
    ]


def dead_letters(place: str) -> list[Dead]:
    """From the spool of a database."""
    address = address_of(place)
    with psycopg.connect(address.conninfo) as session:
        rows = session.execute(
            f"SELECT payload, reason, code FROM {address.schema}.dead "  # noqa: S608 - a name of ours
            f"JOIN {address.schema}.body USING (bucket, id) ORDER BY id".encode()
        ).fetchall()
    return [Dead(orjson.loads(payload)["event_id"], str(reason), str(code)) for payload, reason, code in rows]


def _copies(trial: Trial) -> tuple[int, int]:
    """Copies of events beyond the first, and how many are allowed."""
    receipts, delivery = trial.oracle.tiktok.receipts, trial.settings["delivery"]
    doubts = sum(each.doubt for each in receipts)
    return judge.copies(receipts), (trial.crashes * delivery["in_flight"] + doubts) * delivery["batch_max"]


def _report(trial: Trial, lost: int, copies: int, bound: int) -> Report:
    accepted = len(trial.oracle.obligations.accepted)
    return Report(accepted, trial.crashes, lost, copies, bound, tuple(trial.found), tuple(trial.notes))
