"""What an error of the database means: once more, later, or a mistake of ours."""

from __future__ import annotations

import enum
import re
from typing import Final

import psycopg

from router.delivery.spool import SpoolFull


class Meaning(enum.Enum):
    """AGAIN: the transaction was undone, and the connection stands. AWAY: nobody knows what became of it,
    and another connection is needed. FULL: the database has no room. OURS: the statement or a value is wrong.
    """

    AGAIN = enum.auto()
    AWAY = enum.auto()
    FULL = enum.auto()
    OURS = enum.auto()


# Serialisation, deadlock, a lock that was not had in time.
_AGAIN: Final = frozenset({"40001", "40P01", "55P03"})
# A server that only reads has been demoted; one that is starting or full of connections takes some later.
_AWAY: Final = frozenset({"25006", "40003", "53300", "58000", "58030", "XX000", "57014"})
# Plans that were thought to be kept: there is a pooler in between after all.
_PLANLESS: Final = frozenset({"26000", "42P05"})
_AWAY_CLASSES: Final = ("08", "57P")
_FULL: Final = frozenset({"53000", "53100", "53200", "53400", "54000"})


_REASON: Final = re.compile(r"^.*(?:failed|resolve host '[^']*'): (?:FATAL: *)?(.+)$", re.MULTILINE)


class SpoolAway(SpoolFull):
    """The database does not answer: what was asked may have been done all the same."""


class Unreplicated(psycopg.OperationalError):
    """The commit was not confirmed by a standby that was to confirm it."""


def meaning(problem: BaseException) -> Meaning:
    """By SQLSTATE, and without one by what the driver says."""
    if isinstance(problem, TimeoutError | OSError | Unreplicated):
        return Meaning.AWAY
    if not isinstance(problem, psycopg.Error):
        return Meaning.OURS
    state = problem.sqlstate
    if state is None:
        lost = isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError)
        return Meaning.AWAY if lost else Meaning.OURS
    if state in _AGAIN:
        return Meaning.AGAIN
    if state in _FULL:
        return Meaning.FULL
    away = state in _AWAY or state in _PLANLESS or state.startswith(_AWAY_CLASSES)
    return Meaning.AWAY if away else Meaning.OURS


def keeps_no_plans(problem: BaseException) -> bool:
    """Whether this is what comes of a plan that is not where it was left."""
    return isinstance(problem, psycopg.Error) and problem.sqlstate in _PLANLESS


def unreachable(problem: BaseException) -> str:
    """Why there was no connection, for each host: what stands after its name, which quotes no password."""
    if not isinstance(problem, psycopg.OperationalError):
        return told(problem)
    return "; ".join(dict.fromkeys(_REASON.findall(str(problem)))) or told(problem)


def told(problem: BaseException) -> str:
    """What may be said of a problem anywhere: a driver's message can quote values and passwords."""
    state = problem.sqlstate if isinstance(problem, psycopg.Error) else None
    return f"{type(problem).__name__} {state}" if state else type(problem).__name__
