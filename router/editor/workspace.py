"""The files an author works on: open buffers before the disk, and which rule sets a file belongs to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from router.assets import asset
from router.editor.positions import plain
from router.editor.ruleset import RuleSet
from router.lang import tree as t
from router.lang.diagnostics import Diagnostic
from router.lang.environment import Environment
from router.lang.source import Source
from router.rulebook import ENVIRONMENT, MAX_FILES, Reading

MAX_ROOTS = 4
"""A file that many use is checked with at most this many of them."""

MAX_DEPTH = 5
MAX_FOLDERS = 2_000
"""How far below an editor's folders rule files are looked for."""

_USE = re.compile(r'^[ \t]*use[ \t]+"([^"\n\0]+)"', re.MULTILINE)
_SKIPPED = frozenset({"node_modules", "__pycache__"})
_Parsed = tuple[Source, t.File, list[Diagnostic]]


class Workspace:
    """Open buffers, folders, and the rule sets read from them. An unchanged file is not parsed again."""

    def __init__(self, folders: Iterable[Path] = (), environment: Environment = ENVIRONMENT) -> None:
        self.folders = [each.resolve() for each in folders]
        self.environment = environment
        self.buffers: dict[Path, str] = {}
        self._parsed: dict[Path, _Parsed] = {}
        self._sets: dict[Path, RuleSet] = {}
        self._listed: list[Path] | None = None
        self._uses: dict[Path, list[str]] = {}

    # -------------------------------------------------------------- what changes

    def put(self, path: Path, text: str) -> None:
        """A buffer was opened or changed."""
        path = path.resolve()
        if path not in self.buffers:
            self._listed = None
        self.buffers[path] = plain(text)
        self._sets.clear()

    def close(self, path: Path) -> None:
        """From now on the file on disk counts."""
        self.buffers.pop(path.resolve(), None)
        self.reread()

    def reread(self) -> None:
        """Something changed on disk."""
        self._sets.clear()
        self._uses.clear()
        self._listed = None

    # -------------------------------------------------------------- what there is

    def rule_set(self, path: Path) -> RuleSet:
        """The rule set of a file as its author most likely sees it: that of the first file that uses it."""
        return self.rule_sets(path)[0]

    def rule_sets(self, path: Path) -> list[RuleSet]:
        """A rule set for each topmost file that uses this one; its own when none does."""
        return [self._rule_set(root) for root in self._roots(path.resolve())[:MAX_ROOTS]]

    def _rule_set(self, root: Path) -> RuleSet:
        found = self._sets.get(root)
        if found is None:
            found = self._sets[root] = self._read(root)
        return found

    def _read(self, root: Path) -> RuleSet:
        reading = _Overlaid(self.buffers, self._parsed)
        with suppress(OSError):  # closed and deleted: nothing is known of it
            reading.root(root)
        book = reading.book(self.environment)
        return RuleSet(tuple(reading.files), book.program, book.problems, reading.sources, self.environment)

    # -------------------------------------------------------------- who uses whom

    def _roots(self, path: Path) -> list[Path]:
        users = self._users()
        seen, pending, roots = {path}, [path], list[Path]()
        while pending:
            each = pending.pop()
            above = users.get(each, set()) - {each}
            if not above:
                roots.append(each)
            pending += above - seen
            seen |= above
        return sorted(roots) or [path]

    def _users(self) -> dict[Path, set[Path]]:
        users: dict[Path, set[Path]] = {}
        for file in self.rule_files():
            for wanted in self._used_by(file):
                users.setdefault(Path(os.path.realpath(file.parent / wanted)), set()).add(file)
        return users

    def rule_files(self) -> list[Path]:
        """Rule files of the folders, and those that are open."""
        if self._listed is None:
            folders = self.folders or sorted({each.parent for each in self.buffers})
            depth = MAX_DEPTH if self.folders else 1
            found = dict.fromkeys(each for folder in folders for each in _rule_files(folder, depth))
            self._listed = list(dict.fromkeys([*list(found)[:MAX_FILES], *self.buffers]))
        return self._listed

    def _used_by(self, path: Path) -> list[str]:
        if path in self.buffers:
            return _USE.findall(self.buffers[path])
        if path not in self._uses:
            self._uses[path] = _USE.findall(_on_disk(path))
        return self._uses[path]

    def usable_from(self, path: Path) -> list[str]:
        """What `use "…"` could name in this file: rule files beside and below it, and the shipped ones."""
        folder, shipped = path.resolve().parent, asset("rules").resolve()
        own = [each for each in self.rule_files() if each.is_relative_to(folder) and each != path.resolve()]
        names = [each.relative_to(folder).as_posix() for each in own]
        return sorted({*names, *(each.relative_to(shipped).as_posix() for each in _rule_files(shipped))})


class _Overlaid(Reading):
    """Follows `use` like every command does, with open buffers in front of the disk and a memory of trees."""

    def __init__(self, buffers: dict[Path, str], trees: dict[Path, _Parsed]) -> None:
        super().__init__()
        self.buffers = buffers
        self.trees = trees
        self.sources: dict[Source, Path] = {}

    def text(self, path: Path) -> str:
        return self.buffers[path] if path in self.buffers else super().text(path)

    def parsed(self, path: Path, name: str, text: str) -> tuple[t.File, list[Diagnostic]]:
        """Trees are frozen and the checker keeps its facts beside them, so one tree serves many checks."""
        known = self.trees.get(path)
        if known is None or known[0].text != text:
            file, problems = super().parsed(path, str(path), text)
            known = self.trees[path] = (file.span.source, file, problems)
        self.sources[known[0]] = path
        return known[1], known[2]


def _on_disk(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _rule_files(folder: Path, depth: int = MAX_DEPTH) -> Iterator[Path]:
    """Rule files in a folder and those below it, hidden ones left out; never an author's whole home."""
    for place, folders, files in islice(os.walk(folder), MAX_FOLDERS):
        deep = len(Path(place).relative_to(folder).parts) >= depth
        folders[:] = [] if deep else sorted(each for each in folders if _searched(each))
        yield from (Path(place, each).resolve() for each in sorted(files) if each.endswith(".rules"))


def _searched(folder: str) -> bool:
    return not folder.startswith(".") and folder not in _SKIPPED
