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
from router.lang.diagnostics import Diagnostic, has_errors, ordered
from router.lang.environment import Environment
from router.lang.grammar import keep_at
from router.lang.kinds import Kind
from router.lang.messages import names as say_name
from router.lang.messages import syntax as say_syntax
from router.lang.parse import parse
from router.lang.program import Program
from router.lang.source import Source, Span
from router.lang.suggest import closest
from router.parser_cache import parser_cache
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
    reading = Reading()
    for path in paths:
        reading.root(Path(path))
    return reading.book(environment)


class Reading:
    """Follows `use` from file to file, each file once. `text` and `parsed` are there to be replaced."""

    def __init__(self) -> None:
        self.files: list[t.File] = []
        self.problems: list[Diagnostic] = []
        self.seen: dict[Path, None] = {}
        self.incomplete = False

    def root(self, path: Path) -> None:
        """A file named by the user; one that cannot be opened raises OSError for the caller to report."""
        self._read(path.resolve(), _shown(path), None)

    def book(self, environment: Environment) -> Rulebook:
        """Everything read so far, checked as one rule set."""
        program, found = check(self.files, environment, incomplete=self.incomplete)
        problems = ordered([*self.problems, *found])
        return Rulebook(None if has_errors(problems) else program, tuple(problems), tuple(self.seen))

    def text(self, path: Path) -> str:
        """The text of a file. Raises OSError and UnicodeDecodeError."""
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")

    def parsed(self, path: Path, name: str, text: str) -> tuple[t.File, list[Diagnostic]]:
        """The tree of a file; `name` is how messages call it."""
        read = _shipped if path.is_relative_to(asset("rules")) else _tree
        file, problems = read(name, text)
        return file, list(problems)

    def _read(self, path: Path, name: str, use: t.Use | None) -> None:
        if path in self.seen:
            return
        if len(self.seen) >= MAX_FILES:
            self._unreadable(say_name.too_many_files(_place(use, name), MAX_FILES))
            return
        self.seen[path] = None
        text = self._text(path, name, use)
        if text is None:
            return
        file, problems = self.parsed(path, name, text)
        self.files.append(file)
        self.problems += problems
        for declaration in file.declarations:
            if isinstance(declaration, t.Use):
                self._use(declaration, path, name)

    def _text(self, path: Path, name: str, use: t.Use | None) -> str | None:
        try:
            return self.text(path)
        except UnicodeDecodeError:
            self._unreadable(say_syntax.not_text(_place(use, name)))
        except OSError as error:
            if use is None:
                raise
            why = (error.strerror or "cannot be opened").lower()
            self._unreadable(say_name.file_not_found(use.file.span, use.file.text, why, None))
        return None

    def _unreadable(self, problem: Diagnostic) -> None:
        self.problems.append(problem)
        self.incomplete = True

    def _use(self, use: t.Use, user: Path, user_name: str) -> None:
        """Beside the file that uses it first, then among the shipped ones."""
        wanted = use.file.text
        beside = user.parent / wanted
        shipped = asset("rules") / wanted
        found = next((each for each in (beside, shipped) if _is_file(each)), None)
        if found is None:
            self._unreadable(_not_found(use, user.parent))
            return
        name = str(Path(user_name).parent / wanted) if found is beside else f"rules/{wanted}"
        self._read(found.resolve(), name, use)


def _tree(name: str, text: str) -> tuple[t.File, tuple[Diagnostic, ...]]:
    file, problems = parse(Source(name, text), grammar_text())
    return file, tuple(problems)


# Nearly every rule set uses the schema of the standard format, and commands and reloads read several sets.
_shipped = lru_cache(maxsize=16)(_tree)


def _shown(path: Path) -> str:
    """A shipped file by its place among the shipped ones, wherever those were installed."""
    shipped = asset("rules")
    inside = path.is_absolute() and path.is_relative_to(shipped)
    return f"rules/{path.relative_to(shipped)}" if inside else str(path)


def _place(use: t.Use | None, name: str) -> Span:
    """The `use` that asks for a file, or the file itself."""
    return use.file.span if use else Span(Source(name, ""), 0, 0)


def _is_file(path: Path) -> bool:
    """A name that no file can have, such as one with a zero byte, is no file."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _not_found(use: t.Use, folder: Path) -> Diagnostic:
    known = {str(each.relative_to(base)) for base in (folder, asset("rules")) for each in _rule_files(base)}
    near = closest(use.file.text, known)
    why = "a folder; name the file in it" if _is_folder(folder / use.file.text) else "no such file"
    return say_name.file_not_found(use.file.span, use.file.text, why, near)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _rule_files(base: Path) -> Iterable[Path]:
    return [*base.glob("*.rules"), *base.glob("*/*.rules")]


@lru_cache(maxsize=1)
def grammar_text() -> str:
    """The shipped grammar; the parser built from it is kept between runs."""
    kept = parser_cache()
    if kept is not None:
        keep_at(str(kept))
    return asset("grammar/rules.lark").read_text(encoding="utf-8")
