"""Events of visitors, and a memory in a folder of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from router.lang.outcome import Arrival
from router.settings import Visitors
from router.visitors import Visitor, VisitorMemory

NOW = 1_795_219_200
DAY = 86_400
ALL = Visitors(remember=("ttclid", "ttp", "page_url"))
T = TypeVar("T")


def arrival(
    name: str = "page_view",
    *,
    at: int = NOW,
    url: str | None = None,
    consent: Any = True,
    cookies: dict[str, str] | None = None,
    tiktok: dict[str, Any] | None = None,
    **user: Any,
) -> Arrival:
    event: dict[str, Any] = {"event_name": name, "user": user, "meta": {"format": "standard"}}
    if consent is not None:
        event["consent"] = consent if isinstance(consent, dict) else {"advertising": consent}
    if url is not None:
        event["context"] = {"page": {"url": url}}
    if tiktok is not None:
        event["partners"] = {"tiktok": tiktok}
    return Arrival(event, at, cookies or {})


def landing(click: str, **more: Any) -> Arrival:
    return arrival(url=f"https://shop.example/?ttclid={click}", **more)


def with_memory(folder: Path, script: Callable[[VisitorMemory], Awaitable[T]], wanted: Visitors = ALL) -> T:
    async def whole() -> T:
        memory = VisitorMemory(folder / "visitors.sqlite", wanted)
        await memory.start()
        try:
            return await script(memory)
        finally:
            await memory.close()

    return asyncio.run(whole())


def met(folder: Path, *arrivals: Arrival, wanted: Visitors = ALL) -> list[Visitor]:
    """What was known before each of the events, which come one by one."""

    async def script(memory: VisitorMemory) -> list[Visitor]:
        return [(await memory.meet([each], each.now))[0] for each in arrivals]

    return with_memory(folder, script, wanted)


def clicks(folder: Path, *arrivals: Arrival, wanted: Visitors = ALL) -> list[str | None]:
    return [each.ttclid.value if each.ttclid else None for each in met(folder, *arrivals, wanted=wanted)]
