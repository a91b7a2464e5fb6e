"""Rule files read once, so that the rules that are tested are the very rules that come into force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from router.assets import asset
from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.rulebook import ENVIRONMENT, Reading, Rulebook

Marks: TypeAlias = Mapping[str, str]
"""Files by path, each with what changes whenever the file does."""

_NO_TEXT: Final = "none"


class Snapshot:
    """Loads rule sets; a file that several of them use has the same text in all.

    `texts` are not read again.
    """

    def __init__(self, texts: Mapping[Path, str] = MappingProxyType({})) -> None:
        self._texts: dict[Path, str | OSError | UnicodeDecodeError] = {**texts}
        self._asked: dict[str, None] = {}
        self._books: dict[tuple[Path, ...], Rulebook] = {}

    def load(self, paths: Sequence[Path]) -> Rulebook:
        """The files and all they use as one rule set. Raises OSError for one of `paths`."""
        named = tuple(paths)
        if named not in self._books:
            self._asked.update(dict.fromkeys(map(str, named)))
            reading = _Remembered(self)
            for path in named:
                reading.root(path)
            self._books[named] = reading.book(ENVIRONMENT)
        return self._books[named]

    def text(self, path: Path, reading: Reading) -> str:
        """The text as it was when first asked for; raises what `Reading.text` raised then."""
        if path not in self._texts:
            try:
                self._texts[path] = Reading.text(reading, path)
            except (OSError, UnicodeDecodeError) as problem:
                self._texts[path] = problem
        found = self._texts[path]
        if isinstance(found, str):
            return found
        raise found

    def texts(self) -> dict[Path, str]:
        """The text of each file that could be read."""
        return {path: text for path, text in self._texts.items() if isinstance(text, str)}

    def uses(self, user: Path, wanted: Iterable[str]) -> None:
        """Files that a file asks for beside itself: one that is not there yet may come.

        What shipped files use comes with another version of the program, and is that program's.
        """
        if not user.is_relative_to(asset("rules")):
            self._asked.update(dict.fromkeys(f"{user.parent}/{name}" for name in wanted))

    def marks(self) -> dict[str, str]:
        """Every file asked for, as it was read."""
        return {path: self._mark(path) for path in self._asked}

    def _mark(self, path: str) -> str:
        place = _place(path)
        text = self._texts.get(place) if place else None
        return _mark(place, text if isinstance(text, str) else None)


class _Remembered(Reading):
    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self._snapshot = snapshot

    def text(self, path: Path) -> str:
        return self._snapshot.text(path, self)

    def parsed(self, path: Path, name: str, text: str) -> tuple[t.File, list[Diagnostic]]:
        file, problems = super().parsed(path, name, text)
        self._snapshot.uses(path, (each.file.text for each in file.declarations if isinstance(each, t.Use)))
        return file, problems


def rule_mark(path: str) -> str:
    """The mark that loading the rule file would give now."""
    place = _place(path)
    try:
        return _mark(place, Reading().text(place) if place and place.is_file() else None)
    except (OSError, UnicodeDecodeError):
        return _mark(place, None)


def _place(path: str) -> Path | None:
    """Where the file really stands: a link that leads elsewhere is a change, whatever stands there."""
    try:
        return Path(path).resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def _mark(place: Path | None, text: str | None) -> str:
    return f"{place} {_NO_TEXT if text is None else sha256(text.encode()).hexdigest()}"
