"""Rule files from disk to a checked program: follows `use`, knows TikTok and the function library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from router.assets import asset
from router.functions import STANDARD
from router.lang import tree as t
from router.lang.check import check
from router.lang.diagnostics import Diagnostic, ordered
from router.lang.environment import Environment
from router.lang.kinds import Kind
from router.lang.messages import names as say_name
from router.lang.messages import syntax as say_syntax
from router.lang.parse import parse
from router.lang.program import Program
from router.lang.source import Source, Span
from router.lang.suggest import closest
from router.tiktok.catalogue import TARGET

MAX_FILES = 200

SETTINGS = {
    "event_names": Kind("text", options=("as_written", "current")),
    "missing_event_id": Kind("text", options=("derive", "omit")),
    "phone_country": Kind("text"),
}
"""What `settings { … }` takes besides the language's own `event_name` and `missing_values`."""

ENVIRONMENT = Environment(functions=STANDARD, target=TARGET, settings=SETTINGS)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What loading gave: the program (None when there are errors), all problems, all files read."""

    program: Program | None
    problems: tuple[Diagnostic, ...]
    paths: tuple[Path, ...]


def load(paths: Sequence[Path | str], environment: Environment = ENVIRONMENT) -> Rulebook:
    """Read the files and all they use as one rule set."""
    reading = _Reading()
    for path in paths:
        reading.root(Path(path))
    program, found = check(reading.files, environment)
    problems = ordered([*reading.problems, *found])
    broken = any(problem.severity == "error" for problem in problems)
    return Rulebook(None if broken else program, tuple(problems), tuple(reading.seen))


class _Reading:
    """Follows `use` from file to file, each file once."""

    def __init__(self) -> None:
        self.files: list[t.File] = []
        self.problems: list[Diagnostic] = []
        self.seen: dict[Path, None] = {}

    def root(self, path: Path) -> None:
        """A file named by the user; one that cannot be opened raises OSError for the caller to report."""
        self._read(path.resolve(), str(path), None)

    def _read(self, path: Path, name: str, use: t.Use | None) -> None:
        if path in self.seen or len(self.seen) >= MAX_FILES:
            return
        self.seen[path] = None
        text = self._text(path, name, use)
        if text is None:
            return
        file, problems = parse(Source(name, text), _grammar())
        self.files.append(file)
        self.problems += problems
        for declaration in file.declarations:
            if isinstance(declaration, t.Use):
                self._use(declaration, path, name)

    def _text(self, path: Path, name: str, use: t.Use | None) -> str | None:
        try:
            return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            empty = Source(name, "")
            self.problems.append(say_syntax.not_text(use.file.span if use else Span(empty, 0, 0)))
            return None

    def _use(self, use: t.Use, user: Path, user_name: str) -> None:
        """Beside the file that uses it first, then among the shipped ones."""
        wanted = use.file.text
        beside = user.parent / wanted
        shipped = asset("rules") / wanted
        found = next((each for each in (beside, shipped) if each.is_file()), None)
        if found is None:
            self.problems.append(_not_found(use, user.parent))
            return
        name = str(Path(user_name).parent / wanted) if found is beside else f"rules/{wanted}"
        self._read(found.resolve(), name, use)


def _not_found(use: t.Use, folder: Path) -> Diagnostic:
    known = {str(each.relative_to(base)) for base in (folder, asset("rules")) for each in _rule_files(base)}
    near = closest(use.file.text, known)
    return say_name.file_not_found(use.file.span, use.file.text, "no such file", near)


def _rule_files(base: Path) -> Iterable[Path]:
    return [*base.glob("*.rules"), *base.glob("*/*.rules")]


@lru_cache(maxsize=1)
def _grammar() -> str:
    return asset("grammar/rules.lark").read_text(encoding="utf-8")
