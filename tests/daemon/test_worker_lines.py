"""What keeper and workers say to each other, and how their figures add up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest

from router.daemon.workers.figures import Combined, Figures, figures_of
from router.daemon.workers.line import Line, LineLost
from router.delivery.spool import SpoolBroken, SpoolFull
from router.web.metrics import Metrics


async def echo(*arguments: Any) -> tuple[Any, ...]:
    return arguments


async def full() -> None:
    raise SpoolFull(7.5, "no room")


async def broken() -> None:
    raise SpoolBroken("the disk failed")


async def bug() -> None:
    raise KeyError("something of an event")


CALLS: dict[str, Callable[..., Awaitable[Any]]] = {"echo": echo, "full": full, "broken": broken, "bug": bug}


async def ends(heard: list[Any], lost: Callable[[], None] = lambda: None) -> tuple[Line, Line]:
    """Both ends of a line in one loop."""
    loop = asyncio.get_running_loop()
    lines = (Line({}, {}, lost), Line(CALLS, {"note": heard.append}))
    for line, end in zip(lines, socket.socketpair(), strict=True):
        end.setblocking(False)
        await loop.connect_accepted_socket(lambda line=line: line, end)  # type: ignore[misc] # bound at once
    return lines


@given(st.lists(st.binary(max_size=200_000) | st.text() | st.lists(st.floats(allow_nan=False)), max_size=5))
def test_whatever_is_said_arrives_whole_and_in_order(values: list[Any]) -> None:
    async def talk() -> tuple[list[Any], list[Any]]:
        heard: list[Any] = []
        here, there = await ends(heard)
        for each in values:
            here.tell("note", each)
        answers = await asyncio.gather(*(here.call("echo", each, 1) for each in values))
        for line in (here, there):
            line.close()
        return heard, answers

    assert asyncio.run(talk()) == (values, [(each, 1) for each in values])


def test_refusals_come_as_they_are_and_bugs_without_their_words() -> None:
    async def ask(name: str) -> None:
        here, there = await ends([])
        try:
            await here.call(name)
        finally:
            for line in (here, there):
                line.close()

    with pytest.raises(SpoolFull, match="no room") as found:
        asyncio.run(ask("full"))
    assert found.value.retry_after == 7.5
    with pytest.raises(SpoolBroken, match="the disk failed"):
        asyncio.run(ask("broken"))
    with pytest.raises(RuntimeError) as wrong:
        asyncio.run(ask("bug"))
    assert str(wrong.value) == "KeyError"


def test_who_waits_for_an_answer_hears_that_the_other_is_gone() -> None:
    async def lose() -> bool:
        gone = asyncio.Event()
        here, there = await ends([], gone.set)
        asked = asyncio.ensure_future(here.call("echo", b"x" * 10_000_000))
        await asyncio.sleep(0)
        there.close()
        with pytest.raises(LineLost):
            await asked
        await gone.wait()
        with pytest.raises(LineLost):
            await here.call("echo")
        here.tell("note", 1)
        return gone.is_set()

    assert asyncio.run(lose())


def test_what_cannot_be_taken_in_does_not_end_the_line() -> None:
    async def talk() -> tuple[list[Any], Any]:
        heard: list[Any] = []
        here, there = await ends(heard)
        here.tell("note")
        here.tell("unheard of", 1)
        here.tell("note", 2)
        answer = await here.call("echo", 3)
        for line in (here, there):
            line.close()
        return heard, answer

    with structlog.testing.capture_logs() as lines:
        assert asyncio.run(talk()) == ([2], (3,))
    assert [each["event"] for each in lines] == ["tell_failed", "tell_failed"]


def test_a_line_is_cut_though_the_other_end_does_not_read() -> None:
    async def cut() -> bool:
        gone = asyncio.Event()
        here, end = socket.socketpair()
        here.setblocking(False)
        line = Line({}, {}, gone.set)
        await asyncio.get_running_loop().connect_accepted_socket(lambda: line, here)
        with end:
            asked = asyncio.ensure_future(line.call("echo", b"x" * 10_000_000))
            await asyncio.sleep(0.01)
            line.cut()
            with pytest.raises(LineLost):
                await asked
        return gone.is_set()

    assert asyncio.run(cut())


NOTES = st.lists(st.tuples(st.sampled_from(["200", "202", "503"]), st.integers(0, 3)), max_size=20)


@given(st.tuples(NOTES, NOTES, NOTES))
def test_metrics_of_workers_add_up(notes: tuple[list[tuple[str, int]], ...]) -> None:
    """Whoever counted it, the page shows the sum, buckets included."""
    one, *apart = (Metrics() for _ in range(4))
    for metrics, heard in zip(apart, notes, strict=True):
        for status, where in heard:
            for each in (one, metrics):
                each.answered(int(status))
                each.answered_in("standard", int(status), where / 10)
    keeper, *workers = apart
    counted = sum((figures_of(each) for each in workers), Figures())
    assert _samples(Combined(keeper.registry, counted)) == _samples(one.registry)
    assert generate_latest(Combined(keeper.registry, counted))


def _samples(registry: Any) -> dict[Any, float]:
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in registry.collect()
        if family.name in ("tagwright_requests", "tagwright_request_seconds")
        for sample in family.samples
        if not sample.name.endswith(("_created", "_sum"))
    }
