"""Checks of the machine and of the settings."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from shlex import quote
from typing import Final

from router.account.checkup.facts import Facts
from router.account.checkup.result import Check, ok, problem, unchecked, warning
from router.daemon.advice import DISK_LOW
from router.daemon.tuning import reserve_of
from router.settings import EXPOSED, is_loopback

_SQLITE: Final = (3, 51, 3)
_SOME_SKEW: Final = 30
_MUCH_SKEW: Final = 300


def settings_are_right(facts: Facts) -> Iterator[Check]:
    """`run` refuses to start with any of these."""
    for each in facts.mistakes:
        what, _, fix = each.partition("\n  fix: ")
        yield problem(
            "settings", what, fix or "correct the setting; docs/reference/settings.md has all of them"
        )
    if not facts.mistakes:
        yield ok("settings", "every setting can be read")


def variables_are_read(facts: Facts) -> Iterator[Check]:
    """A variable that nobody reads is a typing error."""
    for name in facts.unread:
        yield warning(
            "variables",
            f"{name} is set, and no setting or rule reads it",
            "correct its name, or take it away",
        )
    if not facts.unread:
        yield ok("variables", "every variable TAGWRIGHT_… that is set is read")


def secrets_are_private(facts: Facts) -> Iterator[Check]:
    """Others on the machine must not read tokens and what waits."""
    opened = [each for each in facts.places if each.is_open]
    for each in opened:
        all_users = each.others == stat.S_IRWXO
        what = EXPOSED if all_users else "can be read by other users of this machine"
        remedy = f"chmod {'o' if all_users else 'go'}-rwx {quote(each.path)}"
        yield problem("private files", f"{each.path} {what}", remedy)
    if not facts.places:
        yield unchecked("private files", "there are no files with secrets, and no data directory yet")
    elif not opened:
        yield ok("private files", f"{len(facts.places)} files and directories are closed to other users")


def listening_is_safe(facts: Facts) -> Iterator[Check]:
    """Whoever reaches an address without a key can post, or look."""
    listen, admin = facts.settings.listen, facts.settings.admin
    if facts.exposure:
        what, _, fix = facts.exposure.partition("\n  fix: ")
        yield problem("addresses", what, fix)
    elif not is_loopback(listen.host) and not facts.settings.trusted_proxies:
        yield warning(
            "addresses",
            f"events and write keys come to {listen} in clear text, and no proxy is named",
            "put a proxy with TLS before it, and name its network in trusted_proxies",
        )
    if not is_loopback(admin.host):
        yield warning(
            "addresses",
            f"whoever reaches {admin} reads metrics and status, without a key",
            'admin = "127.0.0.1:9090", or a network of your own',
        )
    if not facts.exposure and is_loopback(listen.host) and is_loopback(admin.host):
        yield ok("addresses", "only this machine reaches them")


def sqlite_is_sound(facts: Facts) -> Iterator[Check]:
    """SQLite 3.7.0 to 3.51.2 can lose what a write-ahead log held."""
    found = tuple(int(part) for part in re.findall(r"\d+", facts.sqlite)[:3])
    if not found:
        yield unchecked("SQLite", "its version is not known")
    elif found < _SQLITE:
        yield problem("SQLite", f"version {facts.sqlite} can lose what its log holds", "pip install -U apsw")
    else:
        yield ok("SQLite", f"version {facts.sqlite}")


def disk_has_room(facts: Facts) -> Iterator[Check]:
    """Below the low water events are answered 503."""
    if facts.disk is None:
        yield unchecked("disk", f"there is no directory {facts.settings.data} yet")
        return
    free, low = facts.disk.free, reserve_of(facts.settings.store).low_water(facts.disk.total)
    told = f"{_megabytes(free)} free, {_megabytes(low)} must stay free"
    if free < low:
        yield problem("disk", f"{told}: events are answered 503", DISK_LOW)
    elif free < 2 * low:
        yield warning("disk", told, DISK_LOW)
    else:
        yield ok("disk", told)


def clock_is_right(facts: Facts) -> Iterator[Check]:
    """Event times of this machine are compared with TikTok's; the bounds are choices of ours."""
    ahead = facts.clocks.ahead
    if ahead is None:
        yield unchecked("clock", facts.clocks.why)
        return
    told = f"this clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} TikTok's"
    if abs(ahead) > _MUCH_SKEW:
        yield problem("clock", told, "set it, and keep it right with NTP (timedatectl set-ntp true)")
    elif abs(ahead) > _SOME_SKEW:
        yield warning("clock", told, "keep it right with NTP (timedatectl set-ntp true)")
    else:
        yield ok("clock", f"within {_SOME_SKEW} s of TikTok's")


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB"
