"""Stories of the database: it stops, its sessions are ended, its primary is lost, its standby is lost."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from functools import partial

from tests.faults.answers import OK, THROTTLE, always
from tests.faults.oracle import Running

from .judgement import broken_promises
from .trial import Trial


def restart(trial: Trial) -> None:
    """The server is stopped, in order or at once, and started again."""
    trial.start(2)
    load = trial.load()
    for _ in range(trial.rounds):
        trial.wait(0.2, 0.6)
        trial.crashes += len(trial.routers)
        trial.database.primary.stop(trial.rng.choice((signal.SIGINT, signal.SIGQUIT)))
        _refused_meanwhile(trial)
        trial.database.primary.start()
        _back_by_themselves(trial)
    trial.peace(load)


def sessions(trial: Trial) -> None:
    """An operator ends every connection, again and again."""
    trial.start(2)
    load = trial.load()
    for _ in range(trial.rounds):
        trial.wait(0.05, 0.2)
        trial.crashes += len(trial.routers)
        with trial.database.primary.session() as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
    trial.peace(load)


def failover(trial: Trial) -> None:
    """kill -9 of the primary, a while of nothing, promotion: nothing that was accepted is lost."""
    load = _loaded(trial)
    for number in range(trial.rounds):
        if number:
            trial.database.rebuild()
        trial.accepts(20 * trial.clients)
        trial.wait(0.0, 1.0)
        _lose_primary(trial)
    trial.peace(load)


def _lose_primary(trial: Trial) -> None:
    trial.database.lose(trial.database.primary)
    trial.crashes += len(trial.routers)
    _refused_meanwhile(trial)
    trial.database.promote()
    _back_by_themselves(trial)


def _loaded(trial: Trial) -> Running:
    """Much is on its way, and more waits, in the database alone."""
    trial.start(2)
    trial.oracle.tiktok.mood = always(replace(OK, wait=0.5))
    load = trial.load()
    trial.accepts(20 * trial.clients)
    return load


def machines(trial: Trial) -> None:
    """One after the other is lost, a router and the primary; in between comes a router of a newer version."""
    load = _loaded(trial)
    trial.kill(trial.any_router())
    trial.start(newer="1")
    trial.accepts(20 * trial.clients)
    _lose_primary(trial)
    trial.peace(load)


def failover_stalled(trial: Trial) -> None:
    """The same, of a standby that stands still before: what it did not confirm was not accepted."""
    load = _loaded(trial)
    for number in range(trial.rounds):
        if number:
            trial.database.rebuild()
            trial.accepts(20 * trial.clients)
        stopped = trial.database.stall()
        _refused_meanwhile(trial)
        _nothing_accepted(trial, 1.0)
        trial.database.lose(trial.database.primary)
        trial.crashes += len(trial.routers)
        trial.database.forget(stopped)
        trial.database.promote()
        _back_by_themselves(trial)
    trial.peace(load)


def _nothing_accepted(trial: Trial, seconds: float) -> None:
    before = len(trial.oracle.obligations.accepted)
    time.sleep(seconds)
    if more := len(trial.oracle.obligations.accepted) - before:
        trial.complain("expected", f"nothing is accepted that no standby confirmed, and {more} were")


def failover_async(trial: Trial) -> None:
    """Control: the standby is not waited for, and what it had not got is lost."""
    trial.lossy = True
    failover(trial)


def failover_async_stalled(trial: Trial) -> None:
    """Control: everything since the standby stalled is lost, though it was answered 202."""
    trial.lossy = True
    load = _loaded(trial)
    stopped = trial.database.stall()
    # TikTok takes nothing more: what is accepted from now on lies in the primary alone.
    trial.oracle.tiktok.mood = always(THROTTLE)
    trial.accepts(20)
    trial.database.lose(trial.database.primary)
    trial.database.forget(stopped)
    trial.database.promote()
    _back_by_themselves(trial)
    trial.peace(load)
    if not any("accepted and gone" in each.text for each in broken_promises(trial)):
        trial.complain("control", "a loss that must have been was not noticed")


def standby_lost(trial: Trial) -> None:
    """The only standby that is named goes: every commit waits, senders are told 503; it comes back."""
    trial.start(2, answer="1.5")
    load = trial.load()
    for _ in range(trial.rounds):
        trial.wait(0.3, 0.6)
        trial.database.lose(trial.database.following)
        trial.crashes += len(trial.routers)
        _refused_meanwhile(trial)
        _nothing_accepted(trial, 3.0)
        _few_sessions(trial)
        trial.database.following.start()
        trial.database.wait_until_it_follows()
        _back_by_themselves(trial)
    trial.peace(load)


def _few_sessions(trial: Trial) -> None:
    """Whatever waits, routers do not pile up connections."""
    with trial.database.primary.session() as session:
        row = session.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tagwright'"
        ).fetchone()
    count = 0 if row is None else int(row[0])
    if count > 8 * len(trial.routers):
        trial.complain("expected", f"at most eight connections for each router, and there are {count}")


def _refused_meanwhile(trial: Trial) -> None:
    for router in trial.routers:
        trial.refuses_in_time(router)


def _back_by_themselves(trial: Trial) -> None:
    """The processes that were there before take events again."""
    for router in trial.routers:
        fresh = trial.fresh("back")
        trial.expect(partial(trial.post, router, fresh), "a router takes events again", 20)
