"""The prompt at a terminal: completion as editors have it, and a history that outlives the session."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from router.editor.completion import complete
from router.editor.ruleset import RuleSet
from router.prompt.session import COMMANDS, Session

HISTORY = "try_history"
_LEAD = "let it = "


def lines(session: Session) -> Iterator[str]:
    """What is typed, until Ctrl-D; Ctrl-C gives up a line."""
    prompt: PromptSession[str] = PromptSession(
        "> ", history=_history(state_folder()), completer=Names(session), complete_while_typing=False
    )
    while True:
        try:
            yield prompt.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


class Names(Completer):
    """Commands at the start of a line, else what the editor would offer."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor
        if text.startswith(".") and " " not in text:
            return [Completion(each, -len(text)) for each in COMMANDS if each.startswith(text)]
        if text.startswith(".") and not text.startswith(".set "):
            return []
        return self._names(text.removeprefix(".set "))

    def _names(self, text: str) -> list[Completion]:
        written = _LEAD + text
        program = self.session.program
        rules = RuleSet(program.files, program, (), {}, program.environment)
        found = complete(rules, written, len(written))
        return [
            Completion(each.text, each.start - len(written), display_meta=each.detail)
            for each in found
            if each.text.startswith(written[each.start :])
        ]


def state_folder() -> Path:
    """Where this user's programs keep what outlives them: XDG, or the local application data on Windows."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "tagwright"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "tagwright"


def _history(folder: Path) -> History:
    """For this user's eyes only, because lines can hold personal data; none where nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / HISTORY
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
