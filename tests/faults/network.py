"""What TikTok and the network answer: nonsense, throttles, refusals, nothing."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from functools import partial

from daemons import TOKEN, Daemon

from .answers import (
    AMBIGUOUS,
    CUT,
    DEAF,
    GOODBYE,
    HANG,
    OK,
    RESET,
    REVOKED,
    SHORT,
    SLOW_BODY,
    SLOW_HEAD,
    THROTTLES,
    UNKNOWN,
    WRONG_PIXEL,
    Answer,
    Mood,
    Request,
    always,
    honest,
    silent_strict,
    strict,
)  # fmt: skip
from .chance import repeatable
from .judge import Dead, poison_only
from .samples import POISON, Sample
from .suite import Suite
from .trial import Report, Trial

_SLOW = (SLOW_HEAD, SLOW_BODY, HANG, DEAF)
_OLD_TOKEN = "token-1679091c5a880faf6fb5e6087eb1b2dc"


def mixed(seed: int, answers: tuple[Answer, ...], share: float) -> Mood:
    """Every answer in its turn, a share of the time; else all is well."""
    rng, turn = repeatable(seed), 0

    def mood(_: Request) -> Answer:
        nonlocal turn
        if rng.random() >= share:
            return OK
        turn += 1
        return answers[turn % len(answers)]

    return mood


# ------------------------------------------------------------------ answers and sockets


def answers(trial: Trial, case: str) -> Report:
    """Answers that say nothing of the events (`garbage`), or take their time (`slow`), or nobody knows."""
    if case == "unknown-code":
        return _unknown_code(trial)
    daemon = trial.start(patience="1")
    trial.rested(daemon)
    told = _SLOW if case == "slow" else AMBIGUOUS
    trial.oracle.tiktok.mood = mixed(trial.seed, told, 0.15 if trial.scale == 1 else 0.5)
    load = trial.oracle.load(trial.seed)
    seen = trial.oracle.tiktok.receipts
    names = {each.name for each in told}
    trial.expect(lambda: names <= {each.answer for each in seen}, "every answer is given", 60)
    # What is slow beyond the daemon's patience is in doubt there, although TikTok says it in the end.
    trial.doubts += sum(each.answer in (SLOW_HEAD.name, SLOW_BODY.name) for each in seen)
    return trial.conclude(daemon, load)


def _unknown_code(trial: Trial) -> Report:
    """Held, and never taken for success or refusal; a reload lets go."""
    trial.settings["delivery"]["probe_seconds"] = 600.0
    daemon = trial.start()
    trial.oracle.tiktok.mood = always(UNKNOWN)
    load = trial.oracle.load(trial.seed)
    trial.expect(lambda: daemon.destination("shop")["state"] == "held", "an unknown code holds")
    trial.oracle.tiktok.mood = honest
    load.end()
    if trial.oracle.tiktok.taken:
        trial.complain("expected", "nothing is sent while the destination is held")
    daemon.process.send_signal(signal.SIGHUP)
    return trial.conclude(daemon)


def sockets(trial: Trial, case: str) -> Report:
    """Connections that end where they should not (`cut`), or cannot be made (`refused`)."""
    daemon = trial.start()
    trial.rested(daemon)
    load = trial.oracle.load(trial.seed)
    if case == "cut":
        trial.oracle.tiktok.mood = mixed(trial.seed, (CUT, RESET, GOODBYE, SHORT), 0.3)
        time.sleep(3.0 * trial.scale)
        return trial.conclude(daemon, load)
    for _ in range(trial.times(4)):
        trial.oracle.call(trial.oracle.tiktok.down())
        # Those that were open are in doubt, and nothing else is.
        trial.doubts += trial.settings["delivery"]["in_flight"]
        # Told apart from a connection that ended without an answer.
        trial.expect(partial(_more_refused, daemon, _refused(daemon)), "a refused connection is told")
        trial.oracle.call(trial.oracle.tiktok.up())
        time.sleep(trial.rng.uniform(0.1, 0.5))
    return trial.conclude(daemon, load)


def _more_refused(daemon: Daemon, before: float) -> bool:
    return _refused(daemon) > before


def _refused(daemon: Daemon) -> float:
    return daemon.metric("tagwright_events_retried_total", reason="not_sent:ConnectError")


# ------------------------------------------------------------------ throttle, rotation


def throttle(trial: Trial, status: str) -> Report:
    """A storm of throttles: nothing dies, hardly a request goes out, and all is well afterwards."""
    kinds = [each for each in THROTTLES if f"HTTP {status}," in each.name]
    storm = kinds[:1] if trial.scale < 1 else kinds
    seconds = 1.0 if trial.scale < 1 else 8.0
    daemon = trial.start()
    load = trial.oracle.load(trial.seed)
    trial.expect(lambda: len(trial.oracle.tiktok.taken) > 50, "50 events before the storm")
    before = len(trial.oracle.tiktok.receipts)
    trial.oracle.tiktok.mood = lambda _: trial.rng.choice(storm)
    time.sleep(seconds)
    requests = len(trial.oracle.tiktok.receipts) - before
    trial.notes.append(f"{requests} requests in {seconds:g} s of storm")
    most = trial.settings["delivery"]["in_flight"] + seconds + 1
    if requests > most:
        trial.complain("expected", f"{requests} requests in the storm, at most {most:g}")
    if daemon.metric("tagwright_destination_state", state="held"):
        trial.complain("expected", "a throttle holds no destination")
    return trial.conclude(daemon, load)


def rotation(trial: Trial, _: str) -> Report:
    """The token is revoked, then there is a new one: held, nothing dead, and on its way within 10 s."""
    file = trial.folder / "token"
    file.write_text(_OLD_TOKEN)
    file.chmod(0o600)
    trial.settings["delivery"]["probe_seconds"] = 600.0
    daemon = trial.start({"TIKTOK_TOKEN": None, "TIKTOK_TOKEN_FILE": str(file)})
    load = trial.oracle.load(trial.seed)
    trial.expect(lambda: len(trial.oracle.tiktok.taken) > 50, "50 events with the old token")
    trial.oracle.tiktok.mood = lambda request: REVOKED if request.token == _OLD_TOKEN else OK
    trial.expect(lambda: daemon.destination("shop")["state"] == "held", "a revoked token holds")
    time.sleep(trial.rng.uniform(0.2, 1.0))
    before = len(trial.oracle.tiktok.taken)
    file.write_text(TOKEN)
    daemon.process.send_signal(signal.SIGHUP)
    trial.expect(lambda: len(trial.oracle.tiktok.taken) > before, "events go out with the new token", 10)
    # The new token stands in a file of the operator's, which nobody has to keep secret from him.
    file.unlink()
    return trial.conclude(daemon, load)


# ------------------------------------------------------------------ poison


_BAD: dict[str, Callable[[int], int]] = {
    "one-named": lambda _: 1, "one": lambda _: 1, "two": lambda _: 2, "half": lambda n: n // 2,
    "all": lambda n: n, "wrong-pixel": lambda _: 0,
}  # fmt: skip


def poison(trial: Trial, case: str) -> Report:
    """`n` events in one batch of which some are refused; a wrong pixel code refuses all of them."""
    n = 64 if trial.scale < 1 else trial.rng.choice((50, 200, 1000))
    bad = _BAD[case](n)
    trial.settings["delivery"]["batch_max"] = n
    daemon = trial.start()
    guilty = set(trial.rng.sample(range(n), bad))
    now = int(time.time())
    events = [Sample(f"{trial.seed}-{at}{f'-{POISON}' * (at in guilty)}", now) for at in range(n)]
    moods: dict[str, Mood] = {"wrong-pixel": always(WRONG_PIXEL), "one-named": strict}
    trial.oracle.tiktok.mood = moods.get(case, silent_strict)
    trial.oracle.post(events)
    trial.expect(lambda: daemon.idle() or daemon.destination("shop")["state"] == "held", "all is decided", 60)
    requests = len(trial.oracle.tiktok.receipts)
    bound = (2 * math.log2(n) + 2) * bad
    if bad in (1, 2) and requests > bound:
        trial.complain("expected", f"{requests} requests for {bad} of {n}, at most {bound:.0f}")
    held = not daemon.idle()
    trial.notes.append(f"{bad} bad of {n}: {requests} requests{', held' * held}")
    if held != (case in ("all", "wrong-pixel")) and case != "half":
        trial.complain("expected", "held when everything is refused, and only then")
    return trial.conclude(daemon, may_die=_nobody if case in ("all", "wrong-pixel") else poison_only)


def _nobody(_: Dead) -> bool:
    return False


SUITES = (
    Suite("answers", "nonsense, slowness, unknown codes", ("garbage", "slow", "unknown-code"), answers, 4),
    Suite("sockets", "connections that are cut or refused", ("cut", "refused"), sockets, 5),
    Suite("throttle", "a storm of throttles", ("200", "401", "429"), throttle, 2),
    Suite("rotation", "a token is revoked, then rotated", ("rotation",), rotation, 5),
    Suite("poison", "events that TikTok refuses", tuple(_BAD), poison, 5),
)
