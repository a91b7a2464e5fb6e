"""Each attempt has a class, whatever the destination said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from delivery_samples import entries
from delivery_scene import Scene, play

from router.delivery.attempt import class_of
from router.delivery.verdict import Accepted, Parked, Refused, Retry, Spoiled, Throttled, Verdict
from router.tiktok.answers import read, verdicts


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        (Accepted(), "ok"),
        (Refused("40002", "wrong"), "payload"),
        (Spoiled("40002", "wrong", 3), "payload"),
        (Throttled("40100"), "throttle"),
        (Parked("40105", "auth"), "auth"),
        (Parked("77777", "unknown_code", ambiguous=True), "unknown_code"),
        (Retry("not_sent:ConnectError"), "not_sent"),
        (Retry("no_answer:ReadTimeout", ambiguous=True), "no_answer"),
        (Retry("server:http_502", ambiguous=True), "server"),
        (Retry("partial", ambiguous=True), "partial"),
    ],
)
def test_a_verdict_has_a_class(verdict: Verdict, word: str) -> None:
    assert class_of([verdict] * 3) == word


def test_entries_that_fared_differently_are_partial() -> None:
    assert class_of([Accepted(), Refused("40002", "wrong")]) == "partial"


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (200, b'{"code":0}', "ok"),
        (200, b'{"code":20001}', "partial"),
        (200, b'{"code":40002,"message":"data[1].event is wrong"}', "payload"),
        (200, b'{"code":40002,"message":"event_source_id is wrong"}', "envelope"),
        (200, b'{"code":40105}', "auth"),
        (200, b'{"code":40001}', "permission"),
        (401, b'{"code":40100}', "throttle"),
        (200, b'{"code":50000}', "server"),
        (200, b"<html>", "garbage"),
        (302, b'{"code":0}', "garbage"),
        (200, b'{"code":12345}', "unknown_code"),
    ],
)
def test_every_answer_has_a_class(status: int, body: bytes, word: str) -> None:
    assert class_of(verdicts(read(status, body), 4, (), 0.0)) == word


def test_an_observer_hears_the_class_and_the_limit_of_every_attempt() -> None:
    async def script(scene: Scene) -> None:
        said: Iterator[Verdict] = iter([Retry("server:50000", ambiguous=True), Accepted()])
        scene.sender.answer = lambda _: next(said)
        await scene.spool.put(entries(1))
        scene.start()
        await scene.soon(400)
        assert scene.seen.answers == ["server", "ok"]
        assert scene.seen.limits == [2, 2]

    play(script)
