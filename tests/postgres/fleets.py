"""Stories of routers: they die, stand still, lose the database, are replaced, and tell each other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.faults.answers import REVOKED, THROTTLE, always, honest

from .trial import LEASE, Router, Trial


def steady(trial: Trial) -> None:
    """Nothing happens: nothing is sent twice, and an event that all routers get at once is taken by one."""
    trial.start(3)
    load = trial.load()
    for _ in range(trial.rounds):
        _post_to_all(trial)
        trial.wait(0.2, 0.4)
    for router in trial.routers:
        trial.expect(partial(router.daemon.metric, "tagwright_events_sent_total"), "every router sends")
    trial.peace(load)


def _post_to_all(trial: Trial) -> None:
    """The same events to every router at the same moment."""
    samples = [trial.fresh(f"race{each}") for each in range(5)]
    with ThreadPoolExecutor(len(trial.routers)) as pool:
        answers = pool.map(lambda router: trial.post(router, samples[0]), list(trial.routers))
    if not all(answers):
        trial.complain("expected", "every router answers 202 in a race")


def kill(trial: Trial) -> None:
    """kill -9 of any of three routers; another is started in its place."""
    trial.start(3)
    load = trial.load()
    for _ in range(trial.rounds):
        trial.wait(0.1, 0.6)
        trial.kill(trial.any_router())
        trial.start()
    trial.peace(load)


def pause(trial: Trial) -> None:
    """SIGSTOP of any router for longer than its leases last: its late outcomes are not applied."""
    trial.start(2)
    load = trial.load()
    for _ in range(trial.rounds):
        trial.wait(0.1, 0.4)
        router = trial.any_router()
        trial.pause(router, LEASE * trial.rng.uniform(1.4, 1.8))
        trial.crashes += 1
        trial.expect(partial(_says, router, "leases_lapsed"), "a paused router notices")
    trial.peace(load)


def partition(trial: Trial) -> None:
    """The network between a router and the database is lost for longer than leases last."""
    trial.start()
    wire = trial.wire()
    apart = trial.start(wire=wire)
    load = trial.load()
    for _ in range(trial.rounds):
        trial.wait(0.1, 0.4)
        trial.oracle.call(wire.cut())
        trial.refuses_in_time(apart)
        trial.wait(LEASE * 1.2, LEASE * 1.8)
        trial.crashes += 1
        trial.oracle.call(wire.mend())
        trial.expect(lambda: trial.post(apart, trial.fresh("back")), "it takes events again", 20)
    trial.peace(load)


def roll(trial: Trial) -> None:
    """Routers are replaced one after another under load: nothing is lost, nothing is sent twice."""
    trial.start(2)
    load = trial.load()
    for _ in range(trial.rounds):
        trial.wait(0.1, 0.4)
        oldest = trial.routers[0]
        trial.start()
        trial.stop(oldest)
    trial.peace(load)


def upgrade(trial: Trial) -> None:
    """The same with routers of a newer version, the first of which brings the tables forward."""
    trial.start(2)
    load = trial.load()
    for oldest in list(trial.routers):
        trial.wait(0.1, 0.4)
        trial.start(newer="1")
        # The older ones go on with the newer tables.
        trial.expect(partial(trial.post, oldest, trial.fresh("older")), "older ones take events")
        trial.stop(oldest)
    if sum(_says(router, "spool_migrated") for router in trial.routers) != 1:
        trial.complain("expected", "the first of a newer version, and no other, brings the tables forward")
    if "newer version" not in trial.refused():
        trial.complain("expected", "an older version does not start on newer tables, and says why")
    trial.peace(load)


def held(trial: Trial) -> None:
    """A destination that one router finds held or throttled is so for all; and open again for all."""
    trial.start(3)
    load = trial.load()
    for _ in range(trial.rounds):
        for answer, state in ((REVOKED, "held"), (THROTTLE, "throttled")):
            trial.wait(0.1, 0.4)
            trial.oracle.tiktok.mood = always(answer)
            _all_say(trial, state)
            quiet = _requests_within(trial, 2.0)
            # Each router tries with a single event a second; one more may have been on its way.
            if quiet > 3 * len(trial.routers):
                trial.complain(
                    "expected", f"a {state} destination is left alone, not {quiet} requests in 2 s"
                )
            trial.oracle.tiktok.mood = honest
            _all_say(trial, "open")
    trial.peace(load)


def _all_say(trial: Trial, state: str) -> None:
    for router in trial.routers:
        trial.expect(partial(_has, router, state), f"every router has the destination {state}", 15)


def _has(router: Router, state: str) -> bool:
    return bool(router.daemon.status()["destinations"][0]["state"] == state)


def _requests_within(trial: Trial, seconds: float) -> int:
    before = len(trial.oracle.tiktok.receipts)
    time.sleep(seconds)
    return len(trial.oracle.tiktok.receipts) - before


_RATE = 12


def rate(trial: Trial) -> None:
    """`delivery.requests_per_second` is that of all routers together, however many there are."""
    trial.settings["delivery"] |= {"requests_per_second": _RATE, "batch_max": 1}
    trial.start()
    for number in range(6):
        trial.post(trial.routers[0], *(trial.fresh(f"wait{number}-{each}") for each in range(50)))
    for routers in (1, 3, 2):
        while len(trial.routers) < routers:
            trial.start()
        while len(trial.routers) > routers:
            trial.stop(trial.routers[0])
        for router in trial.routers:
            trial.expect(partial(_takes, router, _RATE / routers), f"each of {routers} takes its share", 10)
        time.sleep(1)
        found = _requests_within(trial, 3.0)
        if not _RATE * 3 * 0.7 < found < _RATE * 3 * 1.3:
            trial.complain("expected", f"{_RATE} requests a second of {routers}, not {found} in 3 s")
    trial.peace(trial.load(clients=1, pause=1.0))


def _takes(router: Router, share: float) -> bool:
    return abs(router.daemon.metric("tagwright_request_rate_limit") - share) < 0.01


def _says(router: Router, event: str) -> bool:
    return f'"{event}"' in router.daemon.log()
