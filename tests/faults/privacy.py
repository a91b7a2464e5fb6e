"""Every failure path once, then a search for the token and for clear personal data in all that was left."""

from __future__ import annotations

import contextlib
import json
import signal
from dataclasses import replace
from functools import partial
from typing import Any

import httpx
from daemons import JSON, TOKEN, Daemon, tagwright

from . import judge
from .answers import AMBIGUOUS, OK, Answer, coded, in_turn, strict
from .judge import Dead
from .samples import Sample
from .suite import Suite
from .trial import Report, Trial

_ECHO = f"token {TOKEN} of clear.person.1@example.com, +491511555000001, clear-user-1"
_ECHOES = tuple(
    coded(
        f"{code} with an echo", code, _ECHO, status=status, headers=["Retry-After: 1"], doubt=doubt
    )
    for code, status, doubt in (
        (40002, 200, False), (40002, 400, False), (40100, 429, False), (50000, 500, True), (20001, 200, True),
    )
)  # fmt: skip
_PERSON = json.dumps(Sample("spoilt", 0).event()).encode()
_SPOILT: tuple[tuple[bytes, dict[str, str]], ...] = (
    (_PERSON[:-1], {}), (b"[" + _PERSON, {}), (_PERSON, {"content-type": "image/png"}),
    (_PERSON, {"content-encoding": "gzip"}), (_PERSON.replace(b'"purchase"', b"7"), {}),
    (_PERSON.replace(b"EUR", b"\xff"), {}), (_PERSON.replace(b'"value": ', b'"value": 1e999, "x": '), {}),
    (_PERSON + b" " * 6_000_000, {}),
)  # fmt: skip
_HELD = coded("held with an echo", 40105, _ECHO)


def secrets(trial: Trial, case: str) -> Report:
    """Something fails under load, then the daemon dies and another goes on; then everything is searched."""
    bugs: dict[str, Any] = {"design": "bugs"} if case == "bugs" else {}
    daemon = trial.start(**bugs)
    load = trial.oracle.load(trial.seed, poison=0.02)
    _STORIES[case](trial, daemon)
    _search(trial, daemon)
    trial.crash(daemon)
    report = trial.peace(load, _refused)
    if case != "bugs":
        return report
    # That mistakes are told is what this case wants; what they quote is not.
    rest = tuple(each for each in report.violations if each.invariant != "log" or "Traceback" in each.text)
    return replace(report, violations=rest)


def _refused(dead: Dead) -> bool:
    """What echoes is a refusal of whatever was sent."""
    return dead.reason == "refused"


def _answers(trial: Trial, daemon: Daemon) -> None:
    """TikTok repeats what it got, in refusals and in failures; then it holds, and a reload lets go."""
    told = (*_ECHOES, *(AMBIGUOUS if trial.scale == 1 else ()), _HELD)
    trial.oracle.tiktok.mood = in_turn((each for answer in told for each in (answer, OK)), then=strict)
    trial.expect(lambda: _given(trial, _HELD), "every answer is given", 60)
    daemon.process.send_signal(signal.SIGHUP)


def _given(trial: Trial, answer: Answer) -> bool:
    return any(each.answer == answer.name for each in trial.oracle.tiktok.receipts)


def _bodies(_: Trial, daemon: Daemon) -> None:
    """Bodies that cannot be read, on paths that are and are not, with the token where it does not belong."""
    for path in (
        "/v1/events",
        "/events",
        f"/{TOKEN}",
        f"/v1/events?token={TOKEN}&email=clear.person.1@x.org",
    ):
        for body, headers in _SPOILT:
            with contextlib.suppress(httpx.HTTPError):
                daemon.http.post(daemon.url + path, content=body, headers={**JSON, **headers})


def _starts(trial: Trial, daemon: Daemon) -> None:
    """A reload of rules that hold the token in clear text, and a second daemon on the same spool."""
    rules = trial.folder / "shop.rules"
    good = rules.read_text()
    rules.write_text(good.replace('token  = secret("TIKTOK_TOKEN")', f'token  = secret("{TOKEN}"'))
    daemon.process.send_signal(signal.SIGHUP)
    trial.expect(lambda: "rules_reload_failed" in daemon.log(), "the reload fails")
    trial.found += judge.private([("/status", json.dumps(daemon.status()).encode())])
    rules.write_text(good)
    daemon.process.send_signal(signal.SIGHUP)
    trial.expect(lambda: "rules_reloaded" in daemon.log(), "the next reload is well")
    second = trial.launch()
    if second.process.wait(10) != 2:
        trial.complain("exit", "a second daemon on the same spool has to refuse")
    trial.oracle.on_kill(daemon.process.kill)


def _bugs(trial: Trial, daemon: Daemon) -> None:
    """Errors whose messages quote the token and the payload."""
    for event in ("sender_failed", "request_failed"):
        trial.expect(partial(lambda name: name in daemon.log(), event), f"{event} is told")


def _search(trial: Trial, daemon: Daemon) -> None:
    known = next(iter(trial.oracle.obligations.accepted))
    commands = (
        ("status", "--admin", daemon.admin.removeprefix("http://")),
        ("dead", "list", "--data", str(trial.data)),
        ("why", known, "--data", str(trial.data)),
    )
    shown = [("metrics", daemon.metrics()), ("/status", json.dumps(daemon.status()))]
    for command in commands if trial.scale == 1 else commands[:1]:
        said = tagwright(*command, cwd=trial.folder)
        shown.append((f"tagwright {command[0]}", said.stdout + said.stderr))
    trial.found += judge.private((name, text.encode()) for name, text in shown)
    trial.found += judge.private(judge.files(trial.data))


_STORIES = {"answers": _answers, "bodies": _bodies, "starts": _starts, "bugs": _bugs}
SUITES = (Suite("secrets", "every failure path, then a search", tuple(_STORIES), secrets, 2),)
