"""`tagwright demo` as a person starts it, watches it and interrupts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from router.assets import asset
from router.demo import Options, run_demo
from router.demo.child import CONFIG, LOG, Daemon, DaemonFailed, log_tail, running_daemon

DEMO = [sys.executable, "-m", "router.cli", "demo", "--events", "150"]


@contextmanager
def started(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process group of its own, with `folder` for its temporary files."""
    environment = {**os.environ, "TMPDIR": str(folder), "COLUMNS": "100"}
    process = subprocess.Popen(
        [*DEMO, *options], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        with process:
            yield process
    finally:
        if not is_gone(process):
            os.killpg(process.pid, signal.SIGKILL)


def is_gone(process: subprocess.Popen[str]) -> bool:
    """Whether nobody of its process group is left."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


def row(output: str, *cells: str) -> re.Match[str] | None:
    return re.search(r"\s+".join(map(re.escape, cells)) + r"\s+(\d+)", output)


def test_an_hour_of_which_every_event_is_accounted_for(tmp_path: Path) -> None:
    with started(tmp_path) as demo:
        output, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0, output
    assert "Every event is accounted for." in output
    assert "DIFFER" not in output
    for cells in (
        ("web", "CompletePayment"),
        ("app", "AddToCart"),
        ("offline", "CompletePayment"),
        ("crm", "Lead"),
        ("duplicate", "the same event again"),
        ("drop", "bot"),
        ("skip", "no advertising consent"),
        ("skip", "missing_required"),
        ("event rejected", "missing_event_name"),
        ("event rejected", "lone_surrogate"),
        ("event rejected", "unusable_number"),
        ("body refused", "not_json (400)"),
        ("property", "event.partners.tiktok.ttclid", "standard.rules:123"),
        ("cookie", 'cookie("ttclid")', "standard.rules:123"),
        ("page URL", 'query(event.context.page.url, "ttclid")', "standard.rules:123"),
        ("40100", "too many requests: pause"),
        ("50000", "TikTok's own failure: again"),
    ):
        found = row(output, *cells)
        assert found is not None, (cells, output)
        assert int(found[1]) > 0, cells
    assert "tiktok_web: send CompletePayment" in output
    assert is_gone(demo)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_hour_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline().startswith("TikTok's stand-in on http://127.0.0.1:")
        assert "events in" in demo.stdout.readline()
        demo.send_signal(number)
        rest, _ = demo.communicate(timeout=30)
    assert demo.returncode == 1, rest
    assert "Traceback" not in rest
    assert is_gone(demo)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_while_classes_are_made_ends_with_our_status(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Modules are imported until the first post: dataclasses are texts that the interpreter executes."""
    (tmp_path / "interrupted.py").write_text(
        "import signal, sys\n"
        "from router.demo.interrupting import signals_like_ctrl_c\n"
        "try:\n"
        "    with signals_like_ctrl_c():\n"
        f"        exec('signal.raise_signal({number:d})')\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(1)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    ended = subprocess.run([sys.executable, "-m", "interrupted"], env=environment, timeout=30, check=False)
    assert ended.returncode == 1


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "tagwright.toml"
    mine.write_text("# mine")
    with started(tmp_path, "--keep", str(tmp_path)) as demo:
        output, _ = demo.communicate(timeout=30)
    assert (demo.returncode, output) == (2, f"error: {tmp_path}: is not empty; name a new folder\n")
    assert mine.read_text() == "# mine"


def test_a_daemon_that_does_not_start_says_why_in_its_log(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("")
    with (
        pytest.raises(DaemonFailed, match="ended with status 2"),
        running_daemon(tmp_path, asset("rules/standard.rules"), {}),
    ):
        pass
    assert any("no destination is active" in line for line in log_tail(tmp_path / LOG))


def test_a_daemon_that_dies_is_told_with_the_end_of_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def dying(home: Path, rules: Path, variables: Mapping[str, str]) -> Iterator[Daemon]:
        with running_daemon(home, rules, variables) as daemon:
            daemon.process.kill()
            daemon.process.wait()
            yield daemon

    monkeypatch.setattr("router.demo.run.running_daemon", dying)
    out = StringIO()
    assert run_demo(Options(100, 1, None), Console(file=out)) == 2
    assert "error: the daemon ended with status -9" in out.getvalue()
    assert "sending to tiktok_web, tiktok_app, tiktok_offline, tiktok_crm" in out.getvalue()


def test_there_is_no_log_to_show(tmp_path: Path) -> None:
    assert log_tail(tmp_path / LOG) == []
