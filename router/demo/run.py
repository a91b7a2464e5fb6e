"""The order of the demonstration: set the stage, play the hour, wait for the rest, show the accounts."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from errno import EEXIST
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console

from router.assets import asset
from router.demo.books import Evidence, checks
from router.demo.child import CONFIG, DATA, LOG, Daemon, DaemonFailed, log_tail, running_daemon
from router.demo.interrupting import signals_like_ctrl_c
from router.demo.play import Answers, play
from router.demo.posts import Post
from router.demo.progress import progress, say
from router.demo.report import example, next_steps, report, verdict
from router.demo.traces import Traces, trace
from router.demo.traffic import traffic
from router.rulebook import load
from router.settings import load_settings
from router.tiktok.mock import MockTikTok, Scripted

RULES: Final = "rules/starter/demo.rules"
_IDS: Final = {
    "TIKTOK_PIXEL": "CDEMO0PIXEL000000001",
    "TIKTOK_APP_ID": "7000000000000000001",
    "TIKTOK_OFFLINE_SET": "7000000000000000002",
    "TIKTOK_CRM_SET": "7000000000000000003",
}
_SETTINGS: Final = """\
# Category 2 of the shop's Commanders Act banner is advertising.
[consent.commanders_act]
"2" = "advertising"
"""
_BASE_URL: Final = "TAGWRIGHT_TIKTOK_BASE_URL"
_TOKEN: Final = "TIKTOK_TOKEN"  # noqa: S105 (the name of a variable)
# An hour of made-up traffic keeps no room free on anybody's disk.
_NO_RESERVE: Final = {
    f"TAGWRIGHT_STORE_{name}": "0" for name in ("BALLAST_BYTES", "FREE_BYTES", "FREE_PERCENT")
}
_SHORTEST_PLAY: Final = 1.0
_LONGEST_PLAY: Final = 4.0
_EVENTS_A_SECOND: Final = 500
_WAIT_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Options:
    """About how many events, the seed of the dice, and the folder that keeps data and log, if any."""

    events: int
    seed: int
    keep: Path | None


@dataclass(frozen=True, slots=True)
class _Hiccup:
    """At this second of the hour TikTok begins to answer so."""

    at: int
    answer: Scripted
    text: str


_HICCUPS: Final = (
    _Hiccup(900, Scripted(code=50000, message="Internal error"), "50000, its own failure, to one request"),
    # The throttle comes with HTTP 401 (H: DOC-RATE), which alone would mean that the token is wrong.
    _Hiccup(
        1500,
        Scripted(code=40100, message="Too frequent", status=401),
        "40100, too many requests, to one request",
    ),
    _Hiccup(
        2100, Scripted(code=50000, message="Internal error", process=True), "50000 to a request that it took"
    ),
)


def run_demo(options: Options, console: Console) -> int:
    """Play the hour and show what became of it. Returns the exit status; raises OSError for `keep`.

    0: every accepted event is accounted for; 1: it is not; 2: the daemon did not run.
    """
    with ExitStack() as stack:
        stack.enter_context(signals_like_ctrl_c())
        home = stack.enter_context(_home(options.keep))
        status = _demonstrate(options, console, home)
    if options.keep is not None:
        say(console, f"Kept in {options.keep}: {DATA}/ (the spool), {LOG}, {CONFIG}")
    return status


def _demonstrate(options: Options, console: Console, home: Path) -> int:
    try:
        status = _played(options, console, home)
    except DaemonFailed as failure:
        say(console, f"error: {failure}", "red")
        status = 2
    if status:
        say(console, f"The end of {LOG}:", "bold")
        for line in log_tail(home / LOG):
            say(console, f"  {line}")
    return status


def _played(options: Options, console: Console, home: Path) -> int:
    token, now = f"demo-{secrets.token_hex(16)}", int(time.time())
    (home / CONFIG).write_text(_SETTINGS, "utf-8")
    with MockTikTok(tokens={token: frozenset(_IDS.values())}) as tiktok:
        variables = {**_IDS, **_NO_RESERVE, _TOKEN: token, _BASE_URL: tiktok.base_url}
        with running_daemon(home, asset(RULES), variables) as daemon:
            say(console, f"TikTok's stand-in on {tiktok.base_url}, the daemon on {daemon.address}")
            posts = traffic(options.events, options.seed, now)
            answers = _play(console, posts, daemon, tiktok)
            traces = _trace(home, posts, now)
            status, retried = _settled(daemon)
            daemon.stop()
    posted = sum(post.events for post in posts)
    evidence = Evidence(posted, answers, status, tiktok.counted(), traces)
    return show_accounts(console, evidence, tiktok.stats(), retried)


def _play(console: Console, posts: Sequence[Post], daemon: Daemon, tiktok: MockTikTok) -> Answers:
    events = sum(post.events for post in posts)
    seconds = min(_LONGEST_PLAY, max(_SHORTEST_PLAY, events / _EVENTS_A_SECOND))
    say(console, f"An hour of a shop, {events} events in {len(posts)} requests, in {seconds:.0f} seconds")
    coming = list(_HICCUPS)
    with progress(console, events) as advance:

        def passing(post: Post) -> None:
            advance(post)
            while coming and post.at >= coming[0].at:
                tiktok.script(coming[0].answer)
                say(console, f"minute {coming[0].at // 60} of the hour: TikTok answers {coming.pop(0).text}")

        answers = play(posts, daemon.address, seconds, passing)
    daemon.check()
    say(console, "The hour is over; what still waits is delivered when TikTok's pause ends")
    return answers


def _trace(home: Path, posts: Sequence[Post], now: int) -> Traces:
    """The explanations, worked out while the daemon delivers the rest."""
    program = load([asset(RULES)]).program
    settings, problems = load_settings(home / CONFIG, {})
    if program is None or problems:
        raise RuntimeError("the shipped rules or the demonstration's settings have errors")
    return trace(program, settings, posts, now)


def _settled(daemon: Daemon) -> tuple[dict[str, Any], int]:
    """The status when nothing waits any more, or after a minute; and how many events were sent again."""
    end = time.monotonic() + _WAIT_SECONDS
    with httpx.Client(base_url=daemon.admin, trust_env=False) as http:
        while True:
            status: dict[str, Any] = _page(http, daemon, "/status").json()
            if _is_idle(status) or time.monotonic() > end:
                return status, _retried(_page(http, daemon, "/metrics").text)
            time.sleep(_LOOK_SECONDS)


def _page(http: httpx.Client, daemon: Daemon, path: str) -> httpx.Response:
    daemon.check()
    try:
        return http.get(path).raise_for_status()
    except httpx.HTTPError as problem:
        raise DaemonFailed(f"the daemon does not show {path}: {type(problem).__name__}") from problem


def _is_idle(status: dict[str, Any]) -> bool:
    spool = status["spool"]
    busy = any(each["pending"] or each["in_flight"] for each in status["destinations"])
    return not (busy or spool["pending"] or spool["in_flight"])


def _retried(metrics: str) -> int:
    samples = (each for family in text_string_to_metric_families(metrics) for each in family.samples)
    return round(sum(each.value for each in samples if each.name == "tagwright_events_retried_total"))


def show_accounts(console: Console, evidence: Evidence, stats: dict[str, Any], retried: int) -> int:
    """The tables, the accounts and what to try next. Returns the exit status: 0 when the accounts agree."""
    found = list(checks(evidence))
    console.print()
    report(console, evidence, stats, retried)
    verdict(console, found)
    example(console, evidence)
    next_steps(console)
    return 0 if all(check.holds for check in found) else 1


# ------------------------------------------------------------------ leaving nothing behind


@contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    """The folder of data, settings and log: a temporary one unless it is to be kept."""
    if keep is None:
        with TemporaryDirectory(prefix="tagwright-demo-") as folder:
            yield Path(folder)
        return
    keep.mkdir(parents=True, exist_ok=True)
    # Settings of somebody's own would be overwritten, and the spool of another hour would hold its repeats.
    if any(keep.iterdir()):
        raise FileExistsError(EEXIST, "is not empty; name a new folder", str(keep))
    yield keep.resolve()
