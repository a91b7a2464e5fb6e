"""`tagwright send` as a process that is interrupted, killed, and fed more than it may hold."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from warehouses import Warehouse

import router
from router.tiktok.mock import Scripted
from tests.faults.processes import Talk, launcher

_MIB = 1 << 20


def start(warehouse: Warehouse, *arguments: str) -> Talk:
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(router.__file__).parents[1])}
    command = ["send", "--rules", "warehouse.rules", "--json", *arguments]
    return launcher().talk(command, bare | warehouse.environment, warehouse.folder)


def until(question: Callable[[], bool], talk: Talk) -> None:
    while not question():
        assert talk.process.poll() is None, talk.end()
        time.sleep(0.01)


def rows(number: int, more: str = "") -> str:
    now = int(time.time())
    lines = (f"view,e{each},{now},{more}\n" for each in range(number))
    return "event_name,event_id,event_time,email\n" + "".join(lines)


def test_killed_again_and_again_every_row_is_counted_once(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", rows(1500))
    tiktok, deaths = warehouse.tiktok, 0
    for goal in (100, 400, 800):
        talk = start(warehouse, path, "--rate", "1000", "--batch", "50")
        until(lambda goal=goal: tiktok.stats()["counted"] >= goal, talk)  # type: ignore[misc]  # mypy cannot type a default
        talk.process.kill()
        talk.end()
        deaths += 1
    report = warehouse.report(path)
    assert (report["ending"], report["waiting"], report["dead"]) == ("done", {}, {})
    # Entries and cursor are one transaction: no row is read a second time.
    assert report["duplicates"] == 0
    assert 0 < report["rows_of_earlier_runs"] == 1500 - report["rows"]
    assert Counter(each["event_id"] for each in tiktok.counted()) == {
        f"e{number}": 1 for number in range(1500)
    }
    # What was in flight came again under its id, and TikTok knew it.
    assert tiktok.stats()["merged"] <= deaths * 4 * 50


def test_ctrl_c_drains_and_says_how_to_go_on(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", rows(2000))
    talk = start(warehouse, path, "--rate", "200", "--batch", "20")
    until(lambda: warehouse.tiktok.stats()["counted"] >= 60, talk)
    talk.process.send_signal(signal.SIGINT)
    status, out, errors = talk.end()
    report = json.loads(out)
    assert (status, report["ending"], errors) == (1, "stopped", "")
    assert report["sent"] == warehouse.tiktok.stats()["counted"] < 2000
    assert report["sent"] + report["waiting"]["tiktok_web"] == report["rows"]
    assert warehouse.report(path)["clean"]
    assert (warehouse.tiktok.stats()["counted"], warehouse.tiktok.stats()["merged"]) == (2000, 0)


def test_ctrl_c_while_nothing_comes_in(warehouse: Warehouse) -> None:
    talk = start(warehouse, "-", "--as", "csv")
    talk.asks.write(rows(600))
    talk.asks.flush()
    until(lambda: warehouse.tiktok.stats()["counted"] == 500, talk)
    talk.process.send_signal(signal.SIGTERM)
    # Standard input stays open all the time.
    assert talk.process.wait(30) == 1
    _, out, errors = talk.end()
    assert (json.loads(out)["ending"], json.loads(out)["sent"], errors) == ("stopped", 500, "")


def test_an_answer_that_never_comes_is_not_waited_for_twice(warehouse: Warehouse) -> None:
    path = warehouse.file("rows.csv", rows(10))
    warehouse.tiktok.script(Scripted(hang=True, process=True))
    talk = start(warehouse, path)
    until(lambda: warehouse.tiktok.stats()["counted"] == 10, talk)
    talk.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    talk.process.send_signal(signal.SIGINT)
    assert talk.end()[0] == -signal.SIGINT
    assert warehouse.report(path)["sent"] == 10
    assert (warehouse.tiktok.stats()["counted"], warehouse.tiktok.stats()["merged"]) == (10, 10)


def test_memory_does_not_grow_with_the_file(warehouse: Warehouse) -> None:
    """Rows of 2 KiB: a file of 4 MiB and one of 32."""
    peaks = []
    for number in (2_000, 16_000):
        path = warehouse.file("rows.csv", rows(number, "x" * 2000).replace("view", "ping"))
        talk, peak = start(warehouse, path), 0
        while talk.process.poll() is None:
            peak = max(peak, _peak(talk.process.pid))
            time.sleep(0.02)
        assert json.loads(talk.end()[1])["skipped"] == {"not_for_source": number}
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 16 * _MIB
    assert peaks[1] < 160 * _MIB


def _peak(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0]) * 1024 if found else 0
