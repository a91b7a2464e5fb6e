"""Stopping, crashing and reloading under traffic lose nothing."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections import Counter
from queue import Empty, Queue

import httpx
import pytest
from daemons import Daemon, House, counted, page_view, until

from router.tiktok.mock import MockTikTok, Scripted

EVENTS = 300
CLIENTS = 8
RULES = """use "standard.rules"
drop when event.context.page.title == "{}" reason "internal"
"""


class Senders:
    """Clients that post an event each until it is answered 202, wherever the daemon is at the time."""

    def __init__(self, url: str) -> None:
        self.taken: Counter[str] = Counter()
        self._url = url
        self._todo: Queue[str] = Queue()
        for number in range(EVENTS):
            self._todo.put(f"stream-{number}")
        self._threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)

    def _work(self) -> None:
        with httpx.Client(trust_env=False, timeout=10) as http:
            while True:
                try:
                    event_id = self._todo.get_nowait()
                except Empty:
                    return
                while not self._posted(http, event_id):
                    time.sleep(0.02)
                self.taken[event_id] += 1

    def _posted(self, http: httpx.Client, event_id: str) -> bool:
        try:
            answer = http.post(f"{self._url}/v1/events", json=page_view(event_id))
        except httpx.HTTPError:
            return False
        assert answer.status_code in (202, 503)
        return answer.status_code == 202


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def stopped_by(daemon: Daemon, number: signal.Signals) -> int:
    if number is signal.SIGTERM:
        return daemon.stop()
    daemon.kill()
    return 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_whatever_was_answered_202_arrives_once(
    house: House, tiktok: MockTikTok, number: signal.Signals
) -> None:
    place = f"127.0.0.1:{free_port()}"
    daemon = house.start(tiktok.base_url, listen=place)
    senders = Senders(daemon.url)
    until(lambda: len(senders.taken) > EVENTS // 3)
    assert stopped_by(daemon, number) == 0
    again = house.start(tiktok.base_url, listen=place)
    senders.join()
    assert len(senders.taken) == EVENTS
    until(lambda: len(tiktok.counted()) == EVENTS)
    until(again.idle)
    assert again.status()["spool"]["dead_letters"] == {}
    assert again.stop() == 0
    assert Counter(each["event_id"] for each in tiktok.counted()) == senders.taken


def test_a_silent_tiktok_does_not_keep_the_daemon_from_stopping(house: House, tiktok: MockTikTok) -> None:
    tiktok.script(Scripted(hang=True, times=2))
    daemon = house.start(tiktok.base_url, settings="[delivery]\ndrain_seconds = 2\n")
    daemon.send(page_view("hang-1"))
    until(lambda: daemon.destination()["in_flight"] == 1)
    daemon.send(page_view("hang-2"))
    assert daemon.stop() == 0
    tiktok.reset()
    again = house.start(tiktok.base_url)
    until(lambda: counted(tiktok, "hang-1") and counted(tiktok, "hang-2"))
    until(again.idle)
    assert again.stop() == 0


def test_an_answer_that_comes_while_stopping_counts(house: House, tiktok: MockTikTok) -> None:
    tiktok.script(Scripted(delay=0.5))
    daemon = house.start(tiktok.base_url)
    daemon.send(page_view("late-1"))
    until(lambda: tiktok.requests())
    assert daemon.stop() == 0
    again = house.start(tiktok.base_url)
    assert again.idle()
    assert again.stop() == 0
    assert len(tiktok.requests()) == 1


def test_a_reload_takes_all_of_the_new_rules_or_none(house: House, tiktok: MockTikTok) -> None:
    rules = house.folder / "shop.rules"
    rules.write_text(RULES.format("none"))
    internal = {"context": {"page": {"title": "internal"}}}
    daemon = house.start(tiktok.base_url, rules=["shop.rules"])
    version = daemon.status()["rules"]["version"]

    rules.write_text(RULES.format("internal") + "drop when event.nonsense\n")
    daemon.hang_up()
    assert daemon.metric("tagwright_rules_reload_failed_total") == 1
    assert daemon.status()["rules"]["version"] == version
    assert daemon.status()["rules"]["reload_failed_at"]
    assert daemon.metric("tagwright_rules_info", version=version) == 1
    assert daemon.send(page_view("reload-1", **internal)).json()["outcomes"]["send"] == 1

    rules.write_text(RULES.format("internal"))
    daemon.hang_up()
    assert daemon.status()["rules"]["version"] != version
    assert daemon.status()["rules"]["reload_failed_at"] is None
    assert daemon.send(page_view("reload-2", **internal)).json()["outcomes"]["drop"] == 1
    assert daemon.metric("tagwright_outcomes_total", outcome="drop", reason="internal") == 1

    rules.unlink()
    daemon.hang_up()
    assert daemon.metric("tagwright_rules_reload_failed_total") == 2
    assert daemon.send(page_view("reload-3")).json()["outcomes"]["send"] == 1
    until(daemon.idle)
    assert daemon.stop() == 0
    assert [each["event_id"] for each in tiktok.counted()] == ["reload-1", "reload-3"]
