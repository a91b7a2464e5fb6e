"""The prompt itself: completion, a history that stays private, and the keys that leave."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from router.assets import asset
from router.prompt.session import Session
from router.prompt.terminal import HISTORY, Names, lines, state_folder
from router.rulebook import load


@pytest.fixture(scope="module")
def session() -> Session:
    program = load([asset("rules/standard.rules")]).program
    assert program is not None
    return Session(program, {}, 0)


def typed(session: Session, keys: str) -> list[str]:
    with create_pipe_input() as keyboard, create_app_session(keyboard, DummyOutput()):
        keyboard.send_text(keys)
        return list(lines(session))


def completed(session: Session, text: str) -> list[str]:
    found = Names(session).get_completions(Document(text), CompleteEvent(completion_requested=True))
    return [text[: len(text) + each.start_position] + each.text for each in found]


@pytest.mark.parametrize(
    ("text", "completion"),
    [
        ("event.user.em", "event.user.email"),
        ("hash_em", "hash_email"),
        ("lower(event.curr", "lower(event.currency"),
        (".exp", ".explain"),
        (".set event.val", ".set event.value"),
        ("event.value is mis", "event.value is missing"),
    ],
)
def test_names_complete(session: Session, text: str, completion: str) -> None:
    assert completed(session, text) == [completion]


def test_commands_without_names_offer_none(session: Session) -> None:
    assert completed(session, ".cookie ev") == []


def test_lines_are_kept_for_the_next_time_and_for_nobody_else(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALAPPDATA" if sys.platform == "win32" else "XDG_STATE_HOME", str(tmp_path))
    assert typed(session, "event.id\revent.value\r\x04") == ["event.id", "event.value"]
    kept = tmp_path / "tagwright" / HISTORY
    assert kept.parent == state_folder()
    assert "event.value" in kept.read_text("utf-8")
    if sys.platform != "win32":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert typed(session, "\x1b[A\r\x04") == ["event.value"]


def test_a_line_is_given_up_with_control_c(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert typed(session, "event.wrong\x03event.id\r\x04") == ["event.id"]


def test_no_history_where_nothing_can_be_written(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert typed(session, "event.id\r\x04") == ["event.id"]
