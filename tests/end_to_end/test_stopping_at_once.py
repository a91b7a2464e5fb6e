"""A second signal ends the daemon at once, a signal may come at any time, and nothing accepted is lost."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest
from daemons import _PROGRAM, House, counted, environment, page_view, until

from router.tiktok.mock import MockTikTok, Scripted


def test_a_second_signal_ends_at_once(house: House, tiktok: MockTikTok) -> None:
    tiktok.script(Scripted(hang=True))
    daemon = house.start(tiktok.base_url, settings="[delivery]\ndrain_seconds = 600\n")
    daemon.send(page_view("in-flight"), page_view("beside"))
    until(lambda: daemon.destination()["in_flight"] == 1)
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: daemon.http.get(daemon.admin + "/readyz").status_code == 503)
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.process.wait(10) == -signal.SIGINT
    daemon.close()
    tiktok.reset()
    again = house.start(tiktok.base_url)
    until(lambda: counted(tiktok, "in-flight") and counted(tiktok, "beside"))
    assert again.stop() == 0


def test_events_are_taken_until_the_delay_is_over(house: House, tiktok: MockTikTok) -> None:
    daemon = house.start(tiktok.base_url, settings="[delivery]\ndrain_delay_seconds = 600\n")
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: daemon.http.get(daemon.admin + "/readyz").status_code == 503)
    assert daemon.status()["state"] == "draining"
    assert daemon.send(page_view("late")).status_code == 202
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(10) == -signal.SIGTERM
    daemon.close()
    again = house.start(tiktok.base_url)
    until(lambda: counted(tiktok, "late"))
    assert again.stop() == 0


@pytest.mark.parametrize("after", [0.2, 0.6])
def test_a_signal_during_the_start_harms_nothing(house: House, tiktok: MockTikTok, after: float) -> None:
    """Wherever in the start it comes: the interpreter's, the rules', or the spool's recovery."""
    tiktok.script(Scripted(hang=True))
    first = house.start(tiktok.base_url)
    first.send(page_view("waits"))
    until(lambda: first.destination()["in_flight"] == 1)
    first.kill()
    env = environment({"TAGWRIGHT_TIKTOK_BASE_URL": tiktok.base_url})
    with subprocess.Popen(
        [*_PROGRAM, *house.command()],
        cwd=house.folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as starting:
        time.sleep(after)
        starting.send_signal(signal.SIGTERM)
        starting.communicate(timeout=30)
    assert starting.returncode in (0, -signal.SIGTERM)
    tiktok.reset()
    again = house.start(tiktok.base_url)
    until(lambda: counted(tiktok, "waits"))
    assert again.stop() == 0
