"""Every setting of delivery and of the store changes something that is handed on: none is dead."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest
from rollouts import Site, secret_file

from router.daemon import Candidate, Plan, Service
from router.delivery.clock import ManualClock
from router.lang.outcome import Arrival
from router.logs import Redaction
from router.settings import Setting, Settings, Store, describe_settings

SECTIONS = ("delivery", "store")
TESTED = [each for each in describe_settings() if each.name.startswith(SECTIONS)]
EVENT = {"event_name": "purchase", "id": "e-1", "consent": {"advertising": True}}


def others(setting: Setting, now: Any) -> Iterator[Any]:
    """Values that the setting takes and that are not what it is now; some are beyond what is safe."""
    match now:
        case Path():
            yield None
            return
        case bool() | str():
            tries: list[Any] = [True, False, *re.findall(r'"(\w+)"', setting.shape.expects)]
        case _:
            tries = [now // 2 if isinstance(now, int) else now / 2, now * 2, now + 1]
    for each in tries:
        value = setting.shape.read(each)
        if value is not None and value != now:
            yield value


def changed(setting: Setting, settings: Settings) -> Iterator[Settings]:
    section, key = setting.name.split(".")
    for value in others(setting, getattr(getattr(settings, section), key)):
        yield replace(settings, **{section: replace(getattr(settings, section), **{key: value})})


class Recorder:
    """Stands for a part: keeps what it was made with, and has whatever method is called."""

    def __init__(self, told: dict[str, Any], name: str) -> None:
        self._told, self._name = told, name

    def fail(self) -> None:
        pass

    async def check_clock(self) -> None:
        pass

    def __call__(self, *_: Any, **named: Any) -> Recorder:
        self._told[self._name] = {
            key: value
            for key, value in named.items()
            if key in ("policy", "settings", "bounds", "reserve", "hot_keys")
        }
        return self

    async def open(self, *_: Any, **named: Any) -> Recorder:
        return self(**named)

    async def put(self, entries: Any, account: Any = None) -> list[bool]:
        self._told["entries"], self._told["account"] = list(entries), account
        return [True] * len(entries)

    async def drain(self, seconds: float) -> int:
        self._told["drained within"] = round(seconds, 3)
        return 0

    async def recover(self) -> int:
        return 0

    async def close(self) -> None:
        pass

    async def stop(self, *_: Any) -> None:
        pass

    def configure(self, *_: Any) -> None:
        pass

    @property
    def broken(self) -> asyncio.Event:
        return asyncio.Event()


class Rushing(ManualClock):
    """A clock on which sleeping takes no time and is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


async def nobody_listens(*_: Any, **__: Any) -> Recorder:
    return Recorder({}, "listener")


async def handed_on(site: Site, first: Candidate, settings: Settings) -> dict[str, Any]:
    """All that parts are given in the life of a daemon with these settings."""
    told: dict[str, Any] = {}
    quiet = replace(settings, data=site.folder / "data", reload=replace(settings.reload, watch=False))
    clock = Rushing()

    async def sealed_with(spool: Recorder, seal: Any) -> Recorder:
        told["sealed"] = seal is not None
        return spool

    with pytest.MonkeyPatch.context() as parts:
        parts.setattr("router.daemon.storing.SqliteSpool", Recorder(told, "SqliteSpool"))
        parts.setattr("router.daemon.storing.sealed_with", sealed_with)
        parts.setattr("router.daemon.service.Deliverer", Recorder(told, "Deliverer"))
        parts.setattr("router.daemon.service.listen", nobody_listens)
        parts.setattr("router.daemon.service.open_office", nobody_listens)
        service = Service(quiet, Plan(()), first, site.variables, Redaction(), clock)
        async with AsyncExitStack() as stack:
            await service.start()
            stack.push_async_callback(service.stop)
            await service._open_parts().front._acceptor.accept([Arrival(EVENT, int(clock.now()))])
    return {**told, "slept": clock.slept}


def test_every_setting_of_these_sections_is_asked_for() -> None:
    for section in SECTIONS:
        kept = {f"{section}.{each.name}" for each in fields(getattr(Settings(), section))}
        assert kept == {each.name for each in TESTED if each.name.startswith(section)}


@dataclass(frozen=True)
class Usual:
    """A daemon to compare with: default settings, and payloads sealed on disk."""

    site: Site
    settings: Settings
    first: Candidate

    def observe(self, settings: Settings) -> dict[str, Any]:
        return asyncio.run(handed_on(self.site, self.first, settings))


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Usual:
    site = Site(tmp_path_factory.mktemp("site"))
    secret_file(site.folder / "seal", base64.b64encode(bytes(32)).decode())
    return Usual(site, Settings(store=Store(seal_key=site.folder / "seal")), site.candidate())


@pytest.mark.parametrize("setting", TESTED, ids=lambda each: each.name)
def test_a_changed_setting_changes_what_is_handed_on(usual: Usual, setting: Setting) -> None:
    before = usual.observe(usual.settings)
    assert before["entries"]
    assert before == usual.observe(usual.settings)
    assert any(usual.observe(each) != before for each in changed(setting, usual.settings))
