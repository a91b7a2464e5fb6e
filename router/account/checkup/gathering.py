"""Facts from files, the environment, a running daemon and TikTok's clock. Changes nothing."""

from __future__ import annotations

import contextlib
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import apsw
import httpx

from router.account.checkup.facts import Clocks, Disk, Facts, Place, Rules, Waiting
from router.account.interface import Unheard, look
from router.account.matching.measured import NotMeasured, samples
from router.daemon.deployment import Deployment, deploy
from router.delivery.backup import FILE
from router.delivery.room import space_of
from router.delivery.statements import queries
from router.keyring import KEYS_FILE
from router.lang.bind import bind
from router.rulebook import Rulebook, load
from router.settings import Address, EnvironmentVariables, Settings, listen_problem, load_settings

_SECONDS: Final = 5.0
_OWNERS_ONLY: Final = stat.S_IRWXG | stat.S_IRWXO
_NO_TIME: Final = "what answers tells no time"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to look at; without `rules` those of a running daemon. Not `online`: TikTok is not asked."""

    config: Path | None
    rules: tuple[Path, ...] = ()
    admin: str | None = None
    online: bool = True


def gather(wish: Wish, variables: EnvironmentVariables, http: httpx.Client) -> Facts:
    """Everything, whatever is missing or broken."""
    settings, mistakes = load_settings(wish.config, variables, admin=wish.admin)
    status, no_daemon = _status(settings.admin)
    rules = _rules(wish.rules or _daemons_rules(status), settings, variables)
    measured = samples(settings.admin) if status is not None else ()
    exposure = listen_problem(settings)
    return Facts(
        settings=settings,
        mistakes=tuple(map(str, mistakes)),
        exposure=str(exposure) if exposure else "",
        unread=tuple(variables.unread("TAGWRIGHT_")),
        places=tuple(_places(settings, variables, wish.config)),
        rules=rules,
        disk=_disk(settings.data),
        sqlite=apsw.sqlite_lib_version(),
        spool=_spool(settings),
        status=status,
        samples=() if isinstance(measured, NotMeasured) else tuple(measured),
        no_daemon=no_daemon,
        clocks=_clocks(http, settings.tiktok.base_url)
        if wish.online
        else Clocks(None, "TikTok is not asked"),
    )


# ------------------------------------------------------------------ the daemon


def _status(address: Address) -> tuple[Mapping[str, Any] | None, str]:
    try:
        answer = httpx.get(f"http://{address}/status", timeout=_SECONDS, trust_env=False)
        report = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as problem:
        return None, f"no daemon answers on {address} ({type(problem).__name__})"
    if isinstance(report, dict) and "spool" in report:
        return report, ""
    return None, f"no daemon answers on {address} (another server)"


def _daemons_rules(status: Mapping[str, Any] | None) -> tuple[Path, ...]:
    """The files that a daemon has read, where they can be read from here."""
    named = [Path(each) for each in status["rules"]["files"]] if status else []
    return tuple(named) if all(each.is_file() for each in named) else ()


def _spool(settings: Settings) -> Waiting | str:
    """What waits, read beside whoever writes."""
    directory = settings.data
    path = directory / FILE
    if settings.spool is not None:
        return "the spool is in a database; `tagwright spool status` shows it"
    if not path.is_file():
        return f"there is no spool in {directory}"
    try:
        with contextlib.closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            connection.set_busy_timeout(2_000)
            sql = queries()
            events = sum(row[2] for row in connection.execute(sql["count_deliveries"]))
            dead = {row[0]: row[1] for row in connection.execute(sql["count_dead"])}
            oldest = connection.execute(sql["oldest"]).get
    except apsw.Error as problem:
        return f"{path} cannot be read ({type(problem).__name__})"
    return Waiting(events, max(0.0, time.time() - oldest) if oldest else 0.0, dead)


# ------------------------------------------------------------------ rules


def _rules(files: Sequence[Path], settings: Settings, variables: EnvironmentVariables) -> Rules | None:
    if not files:
        return None
    named = tuple(map(str, files))
    try:
        book = load(list(files))
    except OSError as problem:
        return Rules(named, None, problems=(f"{problem.filename}: {problem.strerror or 'cannot be read'}",))
    if book.program is None:
        problems = (f"{each.mark.span.place}: {each.code} {each.message}" for each in book.problems)
        return Rules(named, None, problems=tuple(problems))
    return Rules(named, book.program, bind(book.program, variables), _not_ready(book, settings, variables))


def _not_ready(book: Rulebook, settings: Settings, variables: EnvironmentVariables) -> tuple[str, ...]:
    found = deploy(book, variables, settings.profile, "live")
    return () if isinstance(found, Deployment) else found.problems


# ------------------------------------------------------------------ this machine


def _places(settings: Settings, variables: EnvironmentVariables, config: Path | None) -> Iterator[Place]:
    """Secrets may be read by a group, as the daemon takes them; what waits and the keys by the owner only."""
    others = 0 if settings.takes_open_files else stat.S_IRWXO
    ours = [settings.data, *(settings.data / name for name in (FILE, KEYS_FILE, "control.sock"))]
    seal = settings.store.seal_key
    for path, bits in (
        *((Path(each), others) for each in variables.marks()),
        *((each, _OWNERS_ONLY) for each in ours),
        *([(seal, _OWNERS_ONLY)] if seal else []),
        *([(config, stat.S_IWOTH)] if config else []),
    ):
        with contextlib.suppress(OSError, ValueError):
            yield Place(str(path), stat.S_IMODE(path.stat().st_mode), bits)


def _disk(directory: Path) -> Disk | None:
    try:
        return Disk(*space_of(directory))
    except OSError:
        return None


def _clocks(http: httpx.Client, base_url: str) -> Clocks:
    """TikTok's time is in the `Date` of any answer of it; half of the way there and back is taken off."""
    began = time.time()
    heard = look(http, f"{base_url}/open_api/")
    if isinstance(heard, Unheard):
        return Clocks(None, f"TikTok cannot be reached: {heard}")
    return clocks_of(heard.date, (began + time.time()) / 2)


def clocks_of(date: str, here: float) -> Clocks:
    """This clock, `here`, against the `Date` of an answer, which leaves the fractions of a second out."""
    try:
        there = parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return Clocks(None, _NO_TIME)
    return Clocks(here - there - 0.5)
