"""A daemon of several processes: for those outside it is one."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from daemons import Daemon, House, counted, page_view, until

from router.tiktok.mock import MockTikTok

WORKERS = ("--workers", "2")
STANDARD = 'use "standard.rules"\n'
DROPS = STANDARD + 'drop when event.event_name == "page_view" reason "no views"\n'


@pytest.fixture
def daemon(house: House, tiktok: MockTikTok) -> Daemon:
    return house.start(tiktok.base_url, more=WORKERS)


def workers(daemon: Daemon) -> list[int]:
    """The processes that the daemon started."""
    tasks = Path(f"/proc/{daemon.process.pid}/task")
    return sorted(int(pid) for each in tasks.glob("*/children") for pid in each.read_text().split())


def strangers(daemon: Daemon, count: int) -> Iterator[httpx.Client]:
    """Clients with connections of their own, which the workers share."""
    for _ in range(count):
        with httpx.Client(base_url=daemon.url, trust_env=False, timeout=30) as client:
            yield client


def test_events_are_mapped_in_two_processes_and_counted_as_one(daemon: Daemon, tiktok: MockTikTok) -> None:
    assert len(workers(daemon)) == 2
    for number, client in enumerate(strangers(daemon, 24)):
        answer = client.post("/v1/events", json=page_view(f"e-{number % 12}"))
        assert answer.json()["outcomes"]["send" if number < 12 else "duplicate"] == 1
    until(daemon.idle)
    sent = Counter(each["event_id"] for each in tiktok.counted())
    assert sent == {f"e-{number}": 1 for number in range(12)}
    status = daemon.status()
    assert status["outcomes"] == {"duplicate": {"-": 12}, "send": {"-": 12}}
    assert daemon.metric("tagwright_unaccounted_events") == 0
    assert daemon.metric("tagwright_requests_total", status="202") == 24
    assert daemon.metric("tagwright_request_seconds_count", format="standard") == 24
    assert daemon.metric("tagwright_request_seconds_bucket", format="standard", le="+Inf") == 24
    assert daemon.metric("tagwright_outcomes_total", outcome="send") == 12
    assert daemon.metric("tagwright_workers") == 2


def test_one_order_that_two_senders_report_is_noticed_whichever_worker_they_meet(
    daemon: Daemon, tiktok: MockTikTok
) -> None:
    for number, client in enumerate(strangers(daemon, 10)):
        client.post(
            "/v1/events", json={**page_view(f"o-{number}"), "event_name": "purchase", "order_id": "7"}
        )
    assert sum(each["orders"] for each in until(lambda: daemon.status()["order_repeats"])) == 9


def test_a_worker_that_is_killed_costs_only_what_was_not_answered(daemon: Daemon, tiktok: MockTikTok) -> None:
    taken: list[str] = []
    stop = threading.Event()

    def load(name: str) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            event_id = f"{name}-{number}"
            # A connection that breaks is opened anew, as any sender does, and the event goes again.
            while not _taken(daemon, event_id):
                pass
            taken.append(event_id)

    threads = [threading.Thread(target=load, args=(f"t{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        kill_one(daemon, taken)
    stop.set()
    for thread in threads:
        thread.join()
    until(daemon.idle)
    sent = Counter(each["event_id"] for each in tiktok.counted())
    assert sent == dict.fromkeys(taken, 1)
    assert daemon.metric("tagwright_worker_restarts_total") == 3
    assert daemon.log().count("worker_died") == 3
    assert daemon.metric("tagwright_unaccounted_events") == 0


def kill_one(daemon: Daemon, taken: list[str]) -> None:
    """In the middle of work, and until another is in its place."""
    seen, victim = len(taken), workers(daemon)[0]
    until(lambda: len(taken) > seen + 20)
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(now := workers(daemon)) == 2 and victim not in now)


def _taken(daemon: Daemon, event_id: str) -> bool:
    try:
        with httpx.Client(trust_env=False, timeout=30) as client:
            answer = client.post(daemon.url + "/v1/events", json=page_view(event_id))
    except httpx.TransportError:
        return False
    return answer.status_code == 202


def test_rules_come_into_force_in_all_workers_or_in_none(house: House, tiktok: MockTikTok) -> None:
    rules = house.folder / "shop.rules"
    rules.write_text(STANDARD)
    daemon = house.start(tiktok.base_url, rules=["shop.rules"], more=WORKERS)

    def outcomes(name: str) -> set[str]:
        answers = [
            client.post("/v1/events", json=page_view(f"{name}-{number}")).json()["outcomes"]
            for number, client in enumerate(strangers(daemon, 12))
        ]
        return {outcome for each in answers for outcome, count in each.items() if count}

    assert outcomes("first") == {"send"}
    rules.write_text(DROPS)
    daemon.hang_up()
    assert outcomes("second") == {"drop"}
    rules.write_text("on nothing\n")
    daemon.hang_up()
    assert outcomes("third") == {"drop"}
    os.kill(workers(daemon)[0], signal.SIGKILL)
    until(lambda: daemon.metric("tagwright_worker_restarts_total") and len(workers(daemon)) == 2)
    assert outcomes("fourth") == {"drop"}, "a worker starts with the rules in force, not with the file"


def test_what_was_answered_before_the_stop_is_sent(daemon: Daemon, house: House, tiktok: MockTikTok) -> None:
    for number, client in enumerate(strangers(daemon, 6)):
        assert client.post("/v1/events", json=page_view(f"s-{number}")).status_code == 202
    children = workers(daemon)
    assert daemon.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert "worker_died" not in daemon.log()
    house.start(tiktok.base_url)
    until(lambda: all(counted(tiktok, f"s-{number}") for number in range(6)))


def test_workers_do_not_outlive_their_keeper(daemon: Daemon) -> None:
    children = workers(daemon)
    daemon.kill()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


def test_a_worker_that_hangs_does_not_outlive_its_keeper_and_keep_the_port(daemon: Daemon) -> None:
    children = workers(daemon)
    os.kill(children[0], signal.SIGSTOP)
    daemon.kill()
    until(lambda: {state(pid) for pid in children} == {"Z"})


def state(pid: int) -> str:
    """As the system calls it: T is stopped, Z has ended, whether or not somebody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def test_a_worker_that_hangs_holds_up_neither_questions_nor_new_rules(
    house: House, tiktok: MockTikTok
) -> None:
    rules = house.folder / "shop.rules"
    rules.write_text(STANDARD)
    daemon = house.start(tiktok.base_url, rules=["shop.rules"], more=WORKERS)
    victim = workers(daemon)[0]
    os.kill(victim, signal.SIGSTOP)
    assert daemon.metric("tagwright_workers") == 2
    assert daemon.status()["outcomes"] == {}
    rules.write_text(DROPS)
    assert state(victim) == "T"
    daemon.hang_up()
    until(lambda: len(now := workers(daemon)) == 2 and victim not in now)
    until(lambda: daemon.metric("tagwright_workers") == 2)
    for number, client in enumerate(strangers(daemon, 8)):
        answer = client.post("/v1/events", json=page_view(f"h-{number}"))
        assert answer.json()["outcomes"]["drop"] == 1


def test_no_worker_holds_the_token(daemon: Daemon) -> None:
    for pid in workers(daemon):
        assert b"TIKTOK_TOKEN" not in Path(f"/proc/{pid}/environ").read_bytes()


SETTINGS = """
[visitors]
remember = ["ttclid"]
[[write_keys]]
name = "shop"
env = "SHOP_KEY"
"""
KEY = "key-of-the-shop-1234567890"


def test_keys_visitors_and_a_shadow_work_as_in_one_process(house: House, tiktok: MockTikTok) -> None:
    (house.folder / "new.rules").write_text(DROPS)
    daemon = house.start(
        tiktok.base_url, {"SHOP_KEY": KEY}, settings=SETTINGS, more=[*WORKERS, "--shadow", "new.rules"]
    )
    for client in strangers(daemon, 4):
        assert client.post("/v1/events", json=page_view("x")).status_code == 401
    key = {"x-write-key": KEY}
    click = {"context": {"page": {"url": "https://shop.example/?ttclid=E.C.P.abc"}}}
    user = {"user": {"email": "ada@example.com"}}
    for number, client in enumerate(strangers(daemon, 8)):
        event = page_view(f"v-{number}", **user, **(click if number == 0 else {}))
        assert client.post("/v1/events", json=event, headers=key).status_code == 202
    assert until(lambda: daemon.status()["shadow"]["compared"] == 8)
    assert daemon.metric("tagwright_visitors_recalled_total") >= 1
    until(daemon.idle)
    sent = [each for request in tiktok.requests() for each in request["body"]["data"]]
    assert {each["user"].get("ttclid") for each in sent} == {"E.C.P.abc"}
